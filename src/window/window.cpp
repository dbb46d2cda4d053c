#include "window/window.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/directions.hpp"
#include "base/kernels.hpp"
#include "base/lanes.hpp"

namespace cms::window {
namespace {

void set_bit(std::span<std::uint8_t> bits, std::size_t bit, bool value) {
  const auto mask = static_cast<std::uint8_t>(1U << bit % 8);
  bits[bit / 8] = static_cast<std::uint8_t>(value ? bits[bit / 8] | mask : bits[bit / 8] & ~mask);
}

std::uint32_t padded(std::uint32_t length) { return (length + kLanes - 1) / kLanes * kLanes; }

// Chord distances of `point`, whose 1 / length is `inverse`, to every slot; entries beyond `count` become 0.
void row_of(std::span<const std::int8_t> lanes, std::span<const std::int8_t> point, double inverse,
            std::span<const double> inverse_lengths, std::uint32_t count, Matrix& matrix, std::span<float> out) {
  products(lanes, point, matrix.products);
  chords(matrix.products, inverse_lengths, inverse, out);
  std::fill(out.begin() + count, out.end(), 0.0F);
}

float least(std::span<const float> row) {
  float least = std::numeric_limits<float>::max();
  for (const float value : row) least = std::min(least, value);
  return least;
}

// The slot whose point is the same, or the number of slots. Rounded points have 127 as their greatest magnitude, so
// parallel ones are equal, and others are never at chord 0 (kRankMax); the zero vector is known by its length.
std::uint32_t equal_slot(std::span<const float> row, bool zero, std::span<const double> inverse_lengths) {
  const auto found = zero ? std::find(inverse_lengths.begin(), inverse_lengths.begin() + row.size(), 0.0) -
                                inverse_lengths.begin()
                          : std::find(row.begin(), row.end(), 0.0F) - row.begin();
  return static_cast<std::uint32_t>(found);
}

bool seen(std::span<const std::uint16_t> charts, std::uint16_t chart) {
  // Every entry is looked at: without an early end the compiler compares many at once.
  std::uint16_t found = 0;
  for (const std::uint16_t other : charts) found = static_cast<std::uint16_t>(found | (other == chart));
  return found != 0;
}

// Shares in [0, 1], in whole units of 2^-32 and of 1 / 65,535; what is no number counts as 0.
std::uint32_t round_kernel(float kernel) {
  if (!(kernel > 0)) return 0;
  return static_cast<std::uint32_t>(std::min(std::nearbyint(double{kernel} * 0x1p32), 0x1p32 - 1));
}

std::uint16_t round_share(float share) {
  if (!(share > 0)) return 0;
  return static_cast<std::uint16_t>(std::nearbyint(std::min(share, 1.0F) * 65535.0F));
}

// Everything of a new point but its distances.
void keep(State& state, const Parts& kept, std::uint32_t slot, const Projected& point, float nearest, float raw) {
  const auto entry = static_cast<std::uint32_t>(state.distinct % state.options.horizon);
  const bool alone = state.distinct == 0;
  const bool fresh = !seen(kept.horizon_charts.first(state.horizon_count()), point.chart);
  put_row(kept.points, slot, point.point);
  put_row(kept.sketches, slot, point.sketch);
  kept.tangent_residuals[slot] = round_share(point.tangent_residual);
  kept.benign_knn[slot] = round_chord(point.benign_knn);
  kept.benign_kernels[slot] = round_kernel(point.benign_kernel);
  kept.multiplicities[slot] = 1;
  set_bit(kept.new_charts, slot, fresh);
  kept.horizon_charts[entry] = point.chart;
  kept.nearest_atlas[entry] = alone ? kNoChord : round_chord(nearest);
  kept.nearest_raw[entry] = alone ? kNoChord : round_chord(raw);
  set_bit(kept.visited, point.chart, true);
  ++state.distinct;
}

// Puts the row `after` into the matrix, both ways, and keeps the one that was there.
RowChange replace_row(Matrix& matrix, std::uint32_t slot) {
  const bool grows = slot == matrix.count;
  if (grows) ++matrix.count;
  matrix.after[slot] = 0;
  float* row = matrix.values.data() + std::size_t{slot} * matrix.stride;
  std::copy_n(row, matrix.stride, matrix.before.begin());
  std::copy_n(matrix.after.begin(), matrix.stride, row);
  for (std::uint32_t other = 0; other < matrix.count; ++other) {
    matrix.values[std::size_t{other} * matrix.stride + slot] = matrix.after[other];
  }
  return {slot, matrix.count, {matrix.before.data(), grows ? 0 : matrix.count}, {matrix.after.data(), matrix.count}};
}

std::size_t bits(std::size_t count) { return (count + 7) / 8; }

// Hands out part after part of a state's memory; sizes fall so that every part is aligned.
template <template <typename> typename Qualified>
class Cutter {
 public:
  explicit Cutter(Qualified<std::uint8_t>* memory) : memory_(memory) {}

  template <typename T>
  std::span<Qualified<T>> cut(std::size_t count) {
    auto* first = memory_ == nullptr ? nullptr : reinterpret_cast<Qualified<T>*>(memory_ + used_);
    used_ += count * sizeof(T);
    return {first, count};
  }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  Qualified<std::uint8_t>* memory_;
  std::size_t used_ = 0;
};

template <template <typename> typename Qualified>
PartsOf<Qualified> cut_parts(const Options& options, Cutter<Qualified>& cutter) {
  const std::size_t w = options.length;
  const std::size_t h = options.horizon;
  PartsOf<Qualified> parts;
  parts.benign_kernels = cutter.template cut<std::uint32_t>(w);
  for (auto* part : {&parts.tangent_residuals, &parts.benign_knn, &parts.multiplicities}) {
    *part = cutter.template cut<std::uint16_t>(w);
  }
  for (auto* part : {&parts.horizon_charts, &parts.nearest_atlas, &parts.nearest_raw}) {
    *part = cutter.template cut<std::uint16_t>(h);
  }
  parts.points = cutter.template cut<std::int8_t>(lane_bytes(w, options.rank));
  parts.sketches = cutter.template cut<std::int8_t>(lane_bytes(w, options.sketch_dimension));
  parts.near_duplicates = cutter.template cut<std::uint8_t>(bits(w));
  parts.new_charts = cutter.template cut<std::uint8_t>(bits(w));
  parts.visited = cutter.template cut<std::uint8_t>(bits(options.chart_count));
  return parts;
}

}  // namespace

Parts parts(State& state) {
  Cutter<Mutable> cutter(state.memory.data());
  return cut_parts(state.options, cutter);
}

ConstParts parts(const State& state) {
  Cutter<Constant> cutter(state.memory.data());
  return cut_parts(state.options, cutter);
}

std::uint32_t count_bits(std::span<const std::uint8_t> bits, std::size_t count) {
  std::uint32_t set = 0;
  for (std::size_t byte = 0; byte < count / 8; ++byte) set += static_cast<std::uint32_t>(std::popcount(bits[byte]));
  for (std::size_t bit = count / 8 * 8; bit < count; ++bit) set += has_bit(bits, bit) ? 1 : 0;
  return set;
}

std::uint32_t State::visited_count() const { return count_bits(parts(*this).visited, options.chart_count); }

Result<State> make(const Options& options) {
  if (options.length < 2 || options.length > kLengthMax) {
    return fail(ErrorCode::usage, fmt::format("window length {} (allowed: 2..{})", options.length, kLengthMax));
  }
  if (options.horizon < options.length || options.horizon > kHorizonMax) {
    return fail(ErrorCode::usage,
                fmt::format("horizon {} (allowed: {}..{})", options.horizon, options.length, kHorizonMax));
  }
  if (options.rank == 0 || options.sketch_dimension == 0 || options.chart_count == 0 || options.chart_count > 65536) {
    return fail(ErrorCode::usage, "window: rank, sketch dimension and chart count come from the atlas and must be > 0");
  }
  if (options.rank > kRankMax || options.sketch_dimension > kRankMax) {
    return fail(ErrorCode::usage, fmt::format("window: rank {} and sketch dimension {} (allowed: up to {})",
                                              options.rank, options.sketch_dimension, kRankMax));
  }
  State state;
  state.options = options;
  Cutter<Mutable> measure(nullptr);
  cut_parts(options, measure);
  state.memory.resize(measure.used());
  return state;
}

Change push(State& state, Matrix& matrix, const Projected& point) {
  const Parts kept = parts(state);
  const std::uint32_t count = state.count();
  const double inverse = inverse_length(dot(point.point, point.point));
  row_of(kept.points, point.point, inverse, matrix.inverse_points, count, matrix, matrix.after);
  const std::span<const float> row(matrix.after.data(), count);
  const float nearest = least(row);
  const std::uint32_t said = equal_slot(row, inverse == 0, matrix.inverse_points);
  set_bit(kept.near_duplicates, state.requests % state.options.length, said < count || nearest < kNearDuplicateChord);
  ++state.requests;
  if (const std::uint32_t slot = said; slot < count) {
    auto& multiplicity = kept.multiplicities[slot];
    const std::uint16_t before = multiplicity;
    multiplicity = std::min(static_cast<std::uint16_t>(before + 1), kMultiplicityMax);
    return {true, slot, before, {}};
  }

  const auto slot = static_cast<std::uint32_t>(state.distinct % state.options.length);
  const std::uint16_t before = slot < count ? kept.multiplicities[slot] : std::uint16_t{0};
  const double inverse_sketch = inverse_length(dot(point.sketch, point.sketch));
  row_of(kept.sketches, point.sketch, inverse_sketch, matrix.inverse_sketches, count, matrix, matrix.before);
  keep(state, kept, slot, point, nearest, least({matrix.before.data(), count}));
  matrix.inverse_points[slot] = inverse;
  matrix.inverse_sketches[slot] = inverse_sketch;
  return {false, slot, before, replace_row(matrix, slot)};
}

void load(const State& state, Matrix& matrix) {
  const auto& options = state.options;
  const ConstParts kept = parts(state);
  const std::uint32_t stride = padded(options.length);
  matrix.count = state.count();
  matrix.stride = stride;
  matrix.values.resize(std::size_t{options.length} * stride);
  for (auto* lanes : {&matrix.inverse_points, &matrix.inverse_sketches}) lanes->resize(stride);
  for (auto* lanes : {&matrix.before, &matrix.after}) lanes->resize(stride);
  matrix.products.resize(stride);
  matrix.wide.resize(lane_bytes(options.length, options.rank));
  inverse_lengths(kept.points, options.rank, options.length, std::span(matrix.inverse_points).first(options.length));
  inverse_lengths(kept.sketches, options.sketch_dimension, options.length,
                  std::span(matrix.inverse_sketches).first(options.length));
  all_chords(kept.points, options.rank, matrix.count, matrix.inverse_points, matrix.values, stride, matrix.wide);
}

void path(const State& state, std::vector<std::uint32_t>& slots) {
  const std::uint32_t count = state.count();
  const auto oldest = static_cast<std::uint32_t>((state.distinct - count) % state.options.length);
  slots.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) slots[i] = (oldest + i) % state.options.length;
}

void charts(const State& state, std::vector<std::uint16_t>& by_slot) {
  const std::uint32_t count = state.count();
  const std::span<const std::uint16_t> ring = parts(state).horizon_charts;
  auto slot = static_cast<std::uint32_t>((state.distinct - count) % state.options.length);
  auto entry = static_cast<std::uint32_t>((state.distinct - count) % state.options.horizon);
  by_slot.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    by_slot[slot] = ring[entry];
    slot = slot + 1 == count ? 0 : slot + 1;
    entry = entry + 1 == ring.size() ? 0 : entry + 1;
  }
}

}  // namespace cms::window
