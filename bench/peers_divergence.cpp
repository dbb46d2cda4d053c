// MMD per event for bench/peers: what one request costs in products, chords and kernels, composed as the pipeline does:
// distances and inverse lengths are kept, a row is computed once, when its point comes in.
#include "measure/divergence/divergence.hpp"

#include <algorithm>
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
  std::uint32_t stride = 0;  // length rounded up to kLanes
  std::uint64_t points = 0;  // taken in so far

  // The reference, as an atlas lays it out.
  Quads reference;
  AlignedVector<double> reference_lengths;  // inverse
  AlignedVector<float> weights;
  AlignedVector<std::int32_t> reference_products;
  AlignedVector<float> squares;
  divergence::Reference constants;

  // The window, one entry a slot, and its distances, as window::Matrix keeps them.
  AlignedVector<std::int8_t> lanes;
  AlignedVector<double> lengths;  // inverse
  AlignedVector<float> distances;
  AlignedVector<float> before, after;
  AlignedVector<std::int32_t> products;
  std::vector<float> to_reference;
  divergence::State state;
  divergence::Scratch scratch;
};

namespace {

// Puts a point into its slot: its row of chords, both ways, and the row that was there.
RowChange replace_point(CmsMmd& mmd, std::span<const std::int8_t> point, double inverse) {
  const auto slot = static_cast<std::uint32_t>(mmd.points % mmd.length);
  const bool grows = mmd.points < mmd.length;
  const std::uint32_t count = grows ? slot + 1 : mmd.length;
  products(mmd.lanes, point, mmd.products);
  chords(mmd.products, mmd.lengths, inverse, mmd.after);
  mmd.after[slot] = 0;
  put_row(mmd.lanes, slot, point);
  mmd.lengths[slot] = inverse;
  float* row = mmd.distances.data() + std::size_t{slot} * mmd.stride;
  std::copy_n(row, mmd.stride, mmd.before.begin());
  std::copy_n(mmd.after.begin(), mmd.stride, row);
  for (std::uint32_t other = 0; other < count; ++other) {
    mmd.distances[std::size_t{other} * mmd.stride + slot] = mmd.after[other];
  }
  return {slot, count, {mmd.before.data(), grows ? 0 : count}, {mmd.after.data(), count}};
}

double push_point(CmsMmd& mmd, std::span<const std::int8_t> point) {
  const double inverse = inverse_length(dot(point, point));
  const float scale = mmd.constants.scale();
  const RowChange change = replace_point(mmd, point, inverse);
  divergence::update(mmd.state, change, scale, mmd.scratch);
  products(mmd.reference, point, mmd.reference_products);
  squared_chords(mmd.reference_products, mmd.reference_lengths, inverse, mmd.squares);
  mmd.to_reference[change.slot] = weighted_gaussian_sum(mmd.squares, mmd.weights, scale);
  ++mmd.points;
  return divergence::mmd(mmd.state, change.count, std::span(mmd.to_reference).first(change.count), mmd.constants)
      .value_or(std::numeric_limits<double>::quiet_NaN());
}

}  // namespace

CmsMmd* cms_peers_mmd_open(const std::int8_t* reference, std::uint32_t rows, std::uint32_t rank, const float* weights,
                           double bandwidth, double self_kernel, std::uint32_t length) {
  if (rows == 0 || rank == 0 || rank > kWidthMax || length < 2) return nullptr;
  auto* mmd = new CmsMmd;
  mmd->rank = rank;
  mmd->length = length;
  mmd->stride = static_cast<std::uint32_t>((length + kLanes - 1) / kLanes * kLanes);
  mmd->reference = make_quads({reference, std::size_t{rows} * rank}, rank);
  mmd->reference_lengths.resize(mmd->reference.padded);
  for (std::uint32_t i = 0; i < rows; ++i) {
    const std::span<const std::int8_t> row(reference + std::size_t{i} * rank, rank);
    mmd->reference_lengths[i] = inverse_length(dot(row, row));
  }
  mmd->weights.assign(weights, weights + rows);
  mmd->weights.resize(mmd->reference.padded);
  mmd->reference_products.resize(mmd->reference.padded);
  mmd->squares.resize(mmd->reference.padded);
  mmd->constants = {bandwidth, self_kernel};
  mmd->lanes.resize(lane_bytes(length, rank));
  mmd->distances.resize(std::size_t{length} * mmd->stride);
  mmd->lengths.resize(mmd->stride);
  for (auto* row : {&mmd->before, &mmd->after}) row->resize(mmd->stride);
  mmd->products.resize(mmd->stride);
  mmd->to_reference.resize(length);
  return mmd;
}

void cms_peers_mmd_close(CmsMmd* mmd) { delete mmd; }

std::int64_t cms_peers_mmd_push(CmsMmd* mmd, const std::int8_t* point, double* value) {
  return peers::nanoseconds([&] { *value = push_point(*mmd, {point, mmd->rank}); });
}
