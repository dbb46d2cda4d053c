#include "measure/homology/homology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "measure/homology/walk.hpp"

namespace cms::homology {
namespace {

Work walk(const Distances& distances, const RowChange* change, const Options& options, State& state, Scratch& scratch,
          Diagrams& out) {
  out.h0.clear();
  out.h1.clear();
  out.truncated = false;
  scratch.births.clear();
  scratch.deaths.clear();
  scratch.open_births.clear();
  state.count = distances.count;
  if (distances.count < 2) return {};
  return walk_kept(distances, change, options, state, scratch, out);
}

}  // namespace

Work start(const Distances& distances, std::uint32_t length, const Options& options, State& state, Scratch& scratch,
           Diagrams& out) {
  assert(distances.count <= length && length <= kPointsMax);
  state.length = length;
  keep_order(distances, state, scratch);
  return walk(distances, nullptr, options, state, scratch, out);
}

Work replace(const Distances& distances, const RowChange& change, const Options& options, State& state,
             Scratch& scratch, Diagrams& out) {
  assert(distances.count == change.count && change.count <= state.length);
  assert(state.count == change.count - (change.before.empty() ? 1 : 0));
  return walk(distances, &change, options, state, scratch, out);
}

Work diagrams(const Distances& distances, const Options& options, Scratch& scratch, Diagrams& out) {
  return start(distances, distances.count, options, scratch.state, scratch, out);
}

namespace {

template <typename Packed>
void nearest(const std::vector<Packed>& edges, const Distances& distances, Neighbours& out) {
  std::array<std::uint32_t, kPointsMax> found{};
  const std::uint32_t wanted = out.count * out.k;
  std::uint32_t left = wanted;
  // What a point has enough of goes into one entry too many: a store costs less than a branch that cannot be guessed.
  const auto add = [&](std::uint32_t from, std::uint32_t to, float length) {
    const bool open = found[from] < out.k;
    const std::uint32_t entry = open ? from * out.k + found[from] : wanted;
    out.slots[entry] = static_cast<std::uint8_t>(to);
    out.lengths[entry] = length;
    found[from] += open;
    left -= open;
  };
  for (std::size_t e = 0; left > 0; ++e) {
    const std::uint32_t i = edges[e].first();
    const std::uint32_t j = edges[e].second();
    const float length = distances(i, j);
    add(i, j, length);
    add(j, i, length);
  }
}

}  // namespace

void nearest(const State& state, const Distances& distances, std::uint32_t k, Neighbours& out) {
  out.count = state.count;
  out.k = state.count == 0 ? 0 : std::min(k, state.count - 1);
  out.slots.resize(std::size_t{out.count} * out.k + 1);
  out.lengths.resize(std::size_t{out.count} * out.k + 1);
  state.length <= kNarrowMax ? nearest(state.order.narrow, distances, out)
                             : nearest(state.order.wide, distances, out);
  out.slots.pop_back();
  out.lengths.pop_back();
}

Result<void> check(const Distances& distances) {
  const std::uint32_t count = distances.count;
  if (count > kPointsMax) {
    return fail(ErrorCode::bad_input, fmt::format("{} points; a window has at most {}", count, kPointsMax));
  }
  if (count == 0) return {};
  const std::size_t needed = std::size_t{count - 1} * distances.stride + count;
  if (distances.stride < count || distances.values.size() < needed) {
    return fail(ErrorCode::bad_input, fmt::format("{} distances in rows of {} do not hold {} points",
                                                  distances.values.size(), distances.stride, count));
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = 0; j <= i; ++j) {
      const float there = distances(i, j);
      const float back = distances(j, i);
      if (!std::isfinite(there) || there < 0 || there != back || (i == j && there != 0)) {
        return fail(ErrorCode::bad_input,
                    fmt::format("distance ({}, {}) is {} and back {}; it must be finite, >= 0, equal both ways and 0 "
                                "on the diagonal", i, j, there, back));
      }
    }
  }
  return {};
}

}  // namespace cms::homology
