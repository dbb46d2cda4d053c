// MMD per event for bench/peers: what one request costs in products, chords and kernels, composed as the pipeline does.
#include "measure/divergence/divergence.hpp"

#include <cstring>
#include <limits>
#include <span>

#include "base/aligned.hpp"
#include "base/directions.hpp"
#include "base/kernels.hpp"
#include "base/lanes.hpp"
#include "base/quads.hpp"
#include "peers_clock.hpp"
#include "peers_library.hpp"

using namespace cms;

struct CmsMmd {
  std::uint32_t rank = 0;
  std::uint32_t length = 0;
  std::uint64_t points = 0;  // taken in so far

  // The reference.
  Quads reference;
  std::vector<double> reference_lengths;  // inverse
  AlignedVector<float> weights;
  divergence::Reference constants;
  AlignedVector<std::int32_t> reference_products;
  AlignedVector<float> squares;

  // The window, one entry a slot.
  AlignedVector<std::int8_t> lanes;
  std::vector<double> lengths;  // inverse
  std::vector<float> to_reference;
  divergence::State state;
  divergence::Scratch scratch;
  AlignedVector<std::int32_t> window_products;
  std::vector<float> before, after;
  std::vector<std::int8_t> old_point;
};

namespace {

std::span<const std::int8_t> self(const std::vector<std::int8_t>& values) { return values; }

float kernel_to_reference(CmsMmd& mmd, std::span<const std::int8_t> point) {
  const std::size_t rows = mmd.weights.size();
  products(mmd.reference, point, mmd.reference_products);
  squared_chords(std::span<const std::int32_t>(mmd.reference_products).first(rows), mmd.reference_lengths,
                 inverse_length(dot(point, point)), mmd.squares);
  return weighted_gaussian_sum(mmd.squares, mmd.weights, mmd.constants.scale());
}

// Chords of `point` to the first `count` slots, that of `slot` itself 0.
void row_of(CmsMmd& mmd, std::span<const std::int8_t> point, std::uint32_t slot, std::uint32_t count,
            std::vector<float>& row) {
  products(mmd.lanes, point, mmd.window_products);
  row.resize(count);
  chords(std::span<const std::int32_t>(mmd.window_products).first(count), std::span(mmd.lengths).first(count),
         inverse_length(dot(point, point)), row);
  row[slot] = 0;
}

double push_point(CmsMmd& mmd, std::span<const std::int8_t> point) {
  const auto slot = static_cast<std::uint32_t>(mmd.points % mmd.length);
  const bool full = mmd.points >= mmd.length;
  const std::uint32_t count = full ? mmd.length : slot + 1;
  mmd.before.clear();
  if (full) {
    get_row(mmd.lanes, slot, mmd.old_point);
    row_of(mmd, self(mmd.old_point), slot, count, mmd.before);
  }
  put_row(mmd.lanes, slot, point);
  mmd.lengths[slot] = inverse_length(dot(point, point));
  row_of(mmd, point, slot, count, mmd.after);
  divergence::update(mmd.state, {slot, count, mmd.before, mmd.after}, mmd.constants.scale(), mmd.scratch);
  mmd.to_reference[slot] = kernel_to_reference(mmd, point);
  ++mmd.points;
  return divergence::mmd(mmd.state, count, std::span(mmd.to_reference).first(count), mmd.constants)
      .value_or(std::numeric_limits<double>::quiet_NaN());
}

}  // namespace

CmsMmd* cms_peers_mmd_open(const std::int8_t* reference, std::uint32_t rows, std::uint32_t rank, const float* weights,
                           double bandwidth, double self_kernel, std::uint32_t length) {
  if (rows == 0 || rank == 0 || rank > kWidthMax || length < 2) return nullptr;
  auto* mmd = new CmsMmd;
  mmd->rank = rank;
  mmd->length = length;
  mmd->reference = make_quads({reference, std::size_t{rows} * rank}, rank);
  for (std::uint32_t i = 0; i < rows; ++i) {
    const std::span<const std::int8_t> row(reference + std::size_t{i} * rank, rank);
    mmd->reference_lengths.push_back(inverse_length(dot(row, row)));
  }
  mmd->weights.assign(weights, weights + rows);
  mmd->constants = {bandwidth, self_kernel};
  mmd->reference_products.resize(mmd->reference.padded);
  mmd->squares.resize(rows);
  mmd->lanes.resize(lane_bytes(length, rank));
  mmd->lengths.resize(length);
  mmd->to_reference.resize(length);
  mmd->window_products.resize((length + kLanes - 1) / kLanes * kLanes);
  mmd->old_point.resize(rank);
  return mmd;
}

void cms_peers_mmd_close(CmsMmd* mmd) { delete mmd; }

std::int64_t cms_peers_mmd_push(CmsMmd* mmd, const std::int8_t* point, double* value) {
  return peers::nanoseconds([&] { *value = push_point(*mmd, {point, mmd->rank}); });
}
