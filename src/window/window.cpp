#include "window/window.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/directions.hpp"
#include "base/kernels.hpp"

namespace cms::window {
namespace {

std::span<const std::int8_t> slot_of(const std::vector<std::int8_t>& values, std::uint32_t slot, std::uint32_t width) {
  return std::span<const std::int8_t>(values).subspan(std::size_t{slot} * width, width);
}

// Least chord distance from `point` to the points in use; -1 when there is none. `equal_slot` is set to a slot whose
// bytes are the same, if any.
struct Nearest {
  float chord = -1;
  std::int64_t equal_slot = -1;
};

Nearest nearest(const std::vector<std::int8_t>& values, std::uint32_t count, std::span<const std::int8_t> point) {
  Nearest result;
  const auto width = static_cast<std::uint32_t>(point.size());
  const std::int32_t norm = dot(point, point);
  for (std::uint32_t slot = 0; slot < count; ++slot) {
    const auto other = slot_of(values, slot, width);
    const float distance = chord(dot(point, other), inverse_length(norm), inverse_length(dot(other, other)));
    if (result.chord < 0 || distance < result.chord) result.chord = distance;
    if (distance == 0 && std::equal(point.begin(), point.end(), other.begin())) result.equal_slot = slot;
  }
  return result;
}

bool seen_in_horizon(const State& state, std::uint16_t chart) {
  const auto end = state.horizon_charts.begin() + state.horizon_count();
  return std::find(state.horizon_charts.begin(), end, chart) != end;
}

}  // namespace

std::uint32_t State::visited_count() const {
  std::uint32_t count = 0;
  for (const auto byte : visited) count += static_cast<std::uint32_t>(std::popcount(byte));
  return count;
}

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
  State state;
  state.options = options;
  state.points.resize(std::size_t{options.length} * options.rank);
  state.sketches.resize(std::size_t{options.length} * options.sketch_dimension);
  state.charts.resize(options.length);
  state.tangent_residuals.resize(options.length);
  state.benign_knn.resize(options.length);
  state.benign_kernel.resize(options.length);
  state.multiplicities.resize(options.length);
  state.new_charts.resize(options.length);
  state.near_duplicates.resize(options.length);
  state.horizon_charts.resize(options.horizon);
  state.nearest_atlas.resize(options.horizon);
  state.nearest_raw.resize(options.horizon);
  state.visited.resize((options.chart_count + 7) / 8);
  return state;
}

Change push(State& state, const Projected& point) {
  const auto& options = state.options;
  const auto in_atlas = nearest(state.points, state.count(), point.point);
  const auto in_raw = nearest(state.sketches, state.count(), point.sketch);
  const bool near_duplicate = in_atlas.chord >= 0 && in_atlas.chord < kNearDuplicateChord;
  state.near_duplicates[state.requests % options.length] = near_duplicate ? 1 : 0;
  ++state.requests;
  if (in_atlas.equal_slot >= 0) {
    const auto slot = static_cast<std::uint32_t>(in_atlas.equal_slot);
    ++state.multiplicities[slot];
    return {true, slot};
  }

  const auto slot = static_cast<std::uint32_t>(state.distinct % options.length);
  const auto entry = static_cast<std::uint32_t>(state.distinct % options.horizon);
  std::copy(point.point.begin(), point.point.end(), state.points.begin() + std::size_t{slot} * options.rank);
  std::copy(point.sketch.begin(), point.sketch.end(),
            state.sketches.begin() + std::size_t{slot} * options.sketch_dimension);
  state.charts[slot] = point.chart;
  state.tangent_residuals[slot] = point.tangent_residual;
  state.benign_knn[slot] = point.benign_knn;
  state.benign_kernel[slot] = point.benign_kernel;
  state.multiplicities[slot] = 1;
  state.new_charts[slot] = seen_in_horizon(state, point.chart) ? 0 : 1;
  state.horizon_charts[entry] = point.chart;
  state.nearest_atlas[entry] = in_atlas.chord;
  state.nearest_raw[entry] = in_raw.chord;
  state.visited[point.chart / 8] |= static_cast<std::uint8_t>(1U << (point.chart % 8));
  ++state.distinct;
  return {false, slot};
}

void path(const State& state, std::vector<std::uint32_t>& slots) {
  const std::uint32_t count = state.count();
  const auto oldest = static_cast<std::uint32_t>((state.distinct - count) % state.options.length);
  slots.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) slots[i] = (oldest + i) % state.options.length;
}

Distances distances(const State& state, std::vector<float>& values) {
  const std::uint32_t count = state.count();
  const std::uint32_t rank = state.options.rank;
  values.assign(std::size_t{count} * count, 0.0F);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto a = slot_of(state.points, i, rank);
    const std::int32_t norm = dot(a, a);
    for (std::uint32_t j = 0; j < i; ++j) {
      const auto b = slot_of(state.points, j, rank);
      const float distance = chord(dot(a, b), inverse_length(norm), inverse_length(dot(b, b)));
      values[std::size_t{i} * count + j] = distance;
      values[std::size_t{j} * count + i] = distance;
    }
  }
  return {values, count, count};
}

}  // namespace cms::window
