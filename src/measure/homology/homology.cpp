#include "measure/homology/homology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "measure/homology/walk.hpp"

namespace cms::homology {
namespace {

constexpr std::size_t edges_of(std::size_t points) { return points * (points - 1) / 2; }

// Most classes of H1 that `points` points can have: edges with an empty lune make no triangle, since the last edge of
// one has the third point in its lune, and by Mantel's theorem such a graph has at most points^2 / 4 edges.
constexpr std::size_t classes_max(std::size_t points) { return points * points / 4; }

// Every bound holds for all windows whose work ends at work_budget(). A unit pays for each word of a vector. A plane
// has room for twice the vectors there are at most, or for those it starts with, which need no more than room / 32
// planes.
void reserve(std::uint32_t length, Scratch& scratch) {
  if (length <= scratch.reserved) return;
  scratch.reserved = length <= 64 ? 64 : length <= kNarrowMax ? kNarrowMax : kPointsMax;
  const std::size_t points = scratch.reserved, edges = edges_of(points), classes = classes_max(points);
  scratch.edges.reserve(edges);
  scratch.spare.reserve(edges);
  scratch.births.reserve(classes);
  scratch.deaths.reserve(classes);
  scratch.open_births.reserve(classes);
  scratch.arriving.reserve(points);
  scratch.positions.reserve(points);
  auto& annotations = scratch.annotations;
  const std::size_t words = 2 * (classes / 64 + 1);
  const std::size_t room = Annotations::room(points);
  annotations.codes.reserve(points * points);
  annotations.planes.reserve(2 * work_budget(scratch.reserved) + room * (room / 32 + 1) + 8 * words);
  annotations.free.reserve(words);
  annotations.classes.reserve(64 * words);
  annotations.sum.reserve(words);
  annotations.filled.reserve(words);
  annotations.pending.reserve(edges);
}

// Orders get exactly this length's room, both of them: the walk swaps them.
void make_room(State& state, Scratch& scratch) {
  reserve(state.length, scratch);
  for (auto* order : {&state.order, &scratch.order}) order->reserve(state.length);
}

Work walk(const Distances& distances, const RowChange* change, const Options& options, State& state, Scratch& scratch,
          Diagrams& out) {
  assert(options.dimension_max <= 1);
  out.h0.clear();
  out.h1.clear();
  out.truncated = false;
  out.h0.reserve(state.length);
  out.h1.reserve(classes_max(state.length));
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
  make_room(state, scratch);
  keep_order(distances, state, scratch);
  return walk(distances, nullptr, options, state, scratch, out);
}

Work replace(const Distances& distances, const RowChange& change, const Options& options, State& state,
             Scratch& scratch, Diagrams& out) {
  assert(distances.count == change.count && change.count <= state.length);
  make_room(state, scratch);
  assert(state.count == change.count - (change.before.empty() ? 1 : 0));
  return walk(distances, &change, options, state, scratch, out);
}

Work diagrams(const Distances& distances, const Options& options, Scratch& scratch, Diagrams& out) {
  return start(distances, distances.count, options, scratch.state, scratch, out);
}

namespace {

// Everybody's list grows until all have enough, looked at after each block of edges: a list that is longer than needed
// costs less than a branch that cannot be guessed.
template <typename Packed>
void nearest(const std::vector<Packed>& edges, const Distances& distances, Neighbours& out) {
  constexpr std::size_t kBlock = 64;
  std::array<std::uint8_t, std::size_t{kPointsMax} * kPointsMax> lists;  // kPointsMax entries a point
  std::array<std::uint8_t, kPointsMax> found{};
  const auto least = [&] {
    std::uint8_t fewest = kPointsMax - 1;
    for (std::uint32_t i = 0; i < out.count; ++i) fewest = std::min(fewest, found[i]);
    return fewest;
  };
  for (std::size_t e = 0; least() < out.k && e < edges.size();) {
    for (const std::size_t end = std::min(e + kBlock, edges.size()); e < end; ++e) {
      const std::uint32_t i = edges[e].first();
      const std::uint32_t j = edges[e].second();
      lists[i * kPointsMax + found[i]++] = static_cast<std::uint8_t>(j);
      lists[j * kPointsMax + found[j]++] = static_cast<std::uint8_t>(i);
    }
  }
  std::uint8_t* slot = out.slots.data();
  float* length = out.lengths.data();
  for (std::uint32_t i = 0, k = out.k, count = out.count; i < count; ++i) {
    const float* row = distances.row(i);
    for (std::uint32_t rank = 0; rank < k; ++rank) {
      *slot = lists[i * kPointsMax + rank];
      *length++ = row[*slot++];
    }
  }
}

}  // namespace

void nearest(const State& state, const Distances& distances, std::uint32_t k, Neighbours& out) {
  out.count = state.count;
  out.k = state.count == 0 ? 0 : std::min(k, state.count - 1);
  out.slots.resize(std::size_t{out.count} * out.k);
  out.lengths.resize(std::size_t{out.count} * out.k);
  state.length <= kNarrowMax ? nearest(state.order.narrow, distances, out)
                             : nearest(state.order.wide, distances, out);
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
