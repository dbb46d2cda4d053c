#include <algorithm>

#include "base/directions.hpp"
#include "window/window.hpp"

namespace cms::window {
namespace {

bool charts_in_range(std::span<const std::uint16_t> charts, std::uint32_t chart_count) {
  return std::all_of(charts.begin(), charts.end(), [&](auto chart) { return chart < chart_count; });
}

// Values that push() can have written.
bool valid(const State& state) {
  const ConstParts kept = parts(state);
  const auto used = kept.multiplicities.first(state.count());
  return state.distinct <= state.requests && charts_in_range(kept.charts, state.options.chart_count) &&
         charts_in_range(kept.horizon_charts, state.options.chart_count) &&
         std::all_of(used.begin(), used.end(), [](auto times) { return times >= 1 && times <= kMultiplicityMax; }) &&
         std::none_of(kept.benign_knn.begin(), kept.benign_knn.end(), [](auto knn) { return knn == kNoChord; });
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
  out.put_array<std::uint8_t>(state.memory);
}

Result<State> decode(ByteReader& in, const Options& expected) {
  Options options;
  options.length = in.get<std::uint32_t>();
  options.horizon = in.get<std::uint32_t>();
  options.rank = in.get<std::uint32_t>();
  options.sketch_dimension = in.get<std::uint32_t>();
  options.chart_count = in.get<std::uint32_t>();
  if (in.failed()) return fail(ErrorCode::bad_input, "window state: ends early");
  if (!(options == expected)) return fail(ErrorCode::refused, "window state: made for another atlas or window");
  CMS_TRY(state, make(expected));
  state.requests = in.get<std::uint64_t>();
  state.distinct = in.get<std::uint64_t>();
  auto memory = in.get_array<std::uint8_t>();
  if (in.failed() || memory.size() != state.memory.size()) {
    return fail(ErrorCode::bad_input, "window state: damaged");
  }
  state.memory = std::move(memory);
  if (!valid(state)) return fail(ErrorCode::bad_input, "window state: damaged");
  return std::move(state);
}

}  // namespace cms::window
