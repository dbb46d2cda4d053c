#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/directions.hpp"
#include "base/lanes.hpp"
#include "window/window.hpp"

namespace cms::window {
namespace {

template <typename T>
bool zero_from(std::span<const T> values, std::size_t first) {
  const auto rest = values.subspan(first);
  return std::all_of(rest.begin(), rest.end(), [](T value) { return value == 0; });
}

bool zero_bits_from(std::span<const std::uint8_t> bits, std::size_t first) {
  return count_bits(bits, bits.size() * 8) == count_bits(bits, std::min(first, bits.size() * 8));
}

// Rows of rounded directions: greatest magnitude 127, or a zero vector; nothing where no row or no element is.
bool directions(std::span<const std::int8_t> lanes, std::size_t width, std::size_t count) {
  const std::size_t padded = (width + 1) / 2 * 2;
  const std::size_t rows = lanes.size() / padded;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::int8_t* values = lanes.data() + lane_offset(row, width);
    int largest = 0;
    for (std::size_t e = 0; e < padded; ++e) {
      const int magnitude = std::abs(int{values[e / 2 * 2 * kLanes + e % 2]});
      if (magnitude > 0 && (row >= count || e >= width)) return false;
      largest = std::max(largest, magnitude);
    }
    if (largest != 0 && largest != 127) return false;
  }
  return true;
}

// Rounded chords to the nearest point before; the very first point had none.
bool nearest_ring(const State& state, std::span<const std::uint16_t> ring) {
  const bool first_is_there = state.distinct > 0 && state.distinct <= state.options.horizon;
  for (std::size_t entry = 0; entry < state.horizon_count(); ++entry) {
    if ((ring[entry] == kNoChord) != (first_is_there && entry == 0)) return false;
  }
  return zero_from(ring, state.horizon_count());
}

bool multiplicities(const State& state, std::span<const std::uint16_t> times) {
  const auto used = times.first(state.count());
  return zero_from(times, state.count()) &&
         std::all_of(used.begin(), used.end(), [](auto one) { return one >= 1 && one <= kMultiplicityMax; });
}

bool horizon_charts(const State& state, const ConstParts& kept) {
  const auto used = kept.horizon_charts.first(state.horizon_count());
  return zero_from(kept.horizon_charts, used.size()) && std::all_of(used.begin(), used.end(), [&](auto chart) {
           return chart < state.options.chart_count && has_bit(kept.visited, chart);
         });
}

// The first part that holds what push() never writes; nullptr when there is none.
const char* wrong_part(const State& state) {
  const ConstParts kept = parts(state);
  const Options& sizes = state.options;
  const std::size_t count = state.count();
  const auto knn_known = [](auto knn) { return knn != kNoChord; };
  const std::pair<const char*, bool> checks[] = {
      {"requests", state.requests <= kRequestsMax && state.distinct <= state.requests &&
                       (state.distinct > 0 || state.requests == 0)},
      {"benign kernels", zero_from(kept.benign_kernels, count)},
      {"tangent residuals", zero_from(kept.tangent_residuals, count)},
      {"benign distances", zero_from(kept.benign_knn, count) &&
                               std::all_of(kept.benign_knn.begin(), kept.benign_knn.end(), knn_known)},
      {"multiplicities", multiplicities(state, kept.multiplicities)},
      {"visited", zero_bits_from(kept.visited, sizes.chart_count) && state.visited_count() <= state.distinct},
      {"charts", horizon_charts(state, kept)},
      {"nearest in the atlas", nearest_ring(state, kept.nearest_atlas)},
      {"nearest in the sketch", nearest_ring(state, kept.nearest_raw)},
      {"points", directions(kept.points, sizes.rank, count)},
      {"sketches", directions(kept.sketches, sizes.sketch_dimension, count)},
      {"near-duplicates", zero_bits_from(kept.near_duplicates, std::min<std::uint64_t>(state.requests, sizes.length))},
      {"new charts", zero_bits_from(kept.new_charts, count)},
  };
  for (const auto& [part, right] : checks) {
    if (!right) return part;
  }
  return nullptr;
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

Result<State> decode(ByteReader& in) {
  Options options;
  options.length = in.get<std::uint32_t>();
  options.horizon = in.get<std::uint32_t>();
  options.rank = in.get<std::uint32_t>();
  options.sketch_dimension = in.get<std::uint32_t>();
  options.chart_count = in.get<std::uint32_t>();
  const auto requests = in.get<std::uint64_t>();
  const auto distinct = in.get<std::uint64_t>();
  auto memory = in.get_array<std::uint8_t>();
  if (in.failed()) return fail(ErrorCode::bad_input, "window state: ends early");
  auto state = make(options);
  if (!state) return fail(ErrorCode::bad_input, "window state: " + state.error().message);
  if (memory.size() != state->memory.size()) {
    return fail(ErrorCode::bad_input, fmt::format("window state: {} bytes, and its sizes make {}", memory.size(),
                                                  state->memory.size()));
  }
  state->requests = requests;
  state->distinct = distinct;
  state->memory = std::move(memory);
  if (const char* part = wrong_part(*state)) {
    return fail(ErrorCode::bad_input, fmt::format("window state: damaged in its {}", part));
  }
  return state;
}

}  // namespace cms::window
