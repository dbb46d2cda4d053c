// Dispersion: how far apart the points of a window lie, as their mean pairwise cosine.
//
// The state is an exact sum of integers: updated from the two rows of a change it equals the sum over the whole
// matrix bit for bit, after any number of changes. Page: docs/measures/dispersion.md.
// Threads: pure functions. Cost: update() one pass over two rows, sum() one over the n (n - 1) / 2 distances.
#pragma once

#include <cstdint>
#include <optional>

#include "types/distances.hpp"
#include "types/row_change.hpp"

namespace cms::dispersion {

// Sum of d^2 over the pairs of the window, each rounded half to even to units of 2^-30. At most 2^47 for 256 points.
struct State {
  std::int64_t squares = 0;

  bool operator==(const State&) const = default;
};

// Takes one change into account. Cost: O(count).
void update(State& state, const RowChange& change);

// The same from scratch.
State sum(const Distances& distances);

// Mean of cos = 1 - d^2 / 2 over all pairs of `count` points, in [-1 / (n - 1), 1] up to rounding of the distances:
// 1 = all one direction, 0 = orthogonal on average. Error against the exact mean: below 3e-10. nullopt for fewer than
// 2 points.
std::optional<double> mean_cosine(const State& state, std::uint32_t count);
std::optional<double> mean_cosine(const Distances& distances);

}  // namespace cms::dispersion
