#include <algorithm>
#include <cmath>

#include "window/window.hpp"

namespace cms::window {
namespace {

bool all_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

bool charts_in_range(const std::vector<std::uint16_t>& charts, std::uint32_t chart_count) {
  return std::all_of(charts.begin(), charts.end(), [&](auto chart) { return chart < chart_count; });
}

// Sizes as make() gives them, values that push() can have written.
bool valid(const State& state, const State& empty) {
  return state.distinct <= state.requests && state.points.size() == empty.points.size() &&
         state.sketches.size() == empty.sketches.size() && state.charts.size() == empty.charts.size() &&
         state.tangent_residuals.size() == empty.tangent_residuals.size() &&
         state.benign_knn.size() == empty.benign_knn.size() &&
         state.benign_kernel.size() == empty.benign_kernel.size() &&
         state.multiplicities.size() == empty.multiplicities.size() &&
         state.new_charts.size() == empty.new_charts.size() &&
         state.near_duplicates.size() == empty.near_duplicates.size() &&
         state.horizon_charts.size() == empty.horizon_charts.size() &&
         state.nearest_atlas.size() == empty.nearest_atlas.size() &&
         state.nearest_raw.size() == empty.nearest_raw.size() && state.visited.size() == empty.visited.size() &&
         charts_in_range(state.charts, state.options.chart_count) &&
         charts_in_range(state.horizon_charts, state.options.chart_count) && all_finite(state.tangent_residuals) &&
         all_finite(state.benign_knn) && all_finite(state.benign_kernel) && all_finite(state.nearest_atlas) &&
         all_finite(state.nearest_raw);
}

}  // namespace

void encode(const State& state, ByteWriter& out) {
  out.put(state.options.length);
  out.put(state.options.horizon);
  out.put(state.options.rank);
  out.put(state.options.sketch_dimension);
  out.put(state.options.chart_count);
  out.put(state.requests);
  out.put(state.distinct);
  out.put_array<std::int8_t>(state.points);
  out.put_array<std::int8_t>(state.sketches);
  out.put_array<std::uint16_t>(state.charts);
  out.put_array<float>(state.tangent_residuals);
  out.put_array<float>(state.benign_knn);
  out.put_array<float>(state.benign_kernel);
  out.put_array<std::uint32_t>(state.multiplicities);
  out.put_array<std::uint8_t>(state.new_charts);
  out.put_array<std::uint8_t>(state.near_duplicates);
  out.put_array<std::uint16_t>(state.horizon_charts);
  out.put_array<float>(state.nearest_atlas);
  out.put_array<float>(state.nearest_raw);
  out.put_array<std::uint8_t>(state.visited);
}

Result<State> decode(ByteReader& in, const Options& expected) {
  State state;
  state.options.length = in.get<std::uint32_t>();
  state.options.horizon = in.get<std::uint32_t>();
  state.options.rank = in.get<std::uint32_t>();
  state.options.sketch_dimension = in.get<std::uint32_t>();
  state.options.chart_count = in.get<std::uint32_t>();
  if (in.failed()) return fail(ErrorCode::bad_input, "window state: ends early");
  if (!(state.options == expected)) return fail(ErrorCode::refused, "window state: made for another atlas or window");
  CMS_TRY(empty, make(expected));
  state.requests = in.get<std::uint64_t>();
  state.distinct = in.get<std::uint64_t>();
  state.points = in.get_array<std::int8_t>();
  state.sketches = in.get_array<std::int8_t>();
  state.charts = in.get_array<std::uint16_t>();
  state.tangent_residuals = in.get_array<float>();
  state.benign_knn = in.get_array<float>();
  state.benign_kernel = in.get_array<float>();
  state.multiplicities = in.get_array<std::uint32_t>();
  state.new_charts = in.get_array<std::uint8_t>();
  state.near_duplicates = in.get_array<std::uint8_t>();
  state.horizon_charts = in.get_array<std::uint16_t>();
  state.nearest_atlas = in.get_array<float>();
  state.nearest_raw = in.get_array<float>();
  state.visited = in.get_array<std::uint8_t>();
  if (in.failed() || !valid(state, empty)) return fail(ErrorCode::bad_input, "window state: damaged");
  return state;
}

}  // namespace cms::window
