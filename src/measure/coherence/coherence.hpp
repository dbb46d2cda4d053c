// Coherence: what the order of an account's requests says beyond the set of them.
//
// A path visits slots of the window's distance matrix, oldest first. In a window it is a ring: slots fill up in order,
// then the oldest is replaced. Distances are all that is seen, so this holds for any dimension of the points.
// The state is an exact sum of integers: updated from the two rows of a change it equals the sum along the whole path
// bit for bit, after any number of changes. Page: docs/measures/coherence.md.
// Threads: pure functions. Cost: update() four distances and two arc cosines; sum() one of each a step.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "types/distances.hpp"
#include "types/row_change.hpp"

namespace cms::coherence {

// Sums along the path, each term rounded half to even to units of 2^-30.
struct State {
  std::int64_t squares = 0;  // d^2 of consecutive points
  std::int64_t angles = 0;   // radians; turning angles of consecutive triples whose steps are both longer than 0
  std::int64_t turns = 0;    // number of such triples

  bool operator==(const State&) const = default;
};

// Takes one change of a ring into account. A change that replaces a point replaces the oldest: with slot p of W the
// path was p, p + 1, .., p - 1 (mod W) and becomes p + 1, .., p - 1, p. A change that adds one adds slot count - 1 to
// the path 0, .., count - 2. `after` is the matrix with the new row in place.
void update(State& state, const Distances& after, const RowChange& change);

// The same from scratch, along any path; every entry of it is below distances.count.
State sum(const Distances& distances, std::span<const std::uint32_t> path);

// Mean cosine of consecutive points of a path of `points` minus `mean_cosine`, the mean over all pairs of the same
// points (as dispersion gives it); in [-2, 2]. Its mean over all orders of a path through distinct slots is 0 up to
// the units. nullopt for fewer than 3 points, where the order can say nothing.
std::optional<double> above_mean(const State& state, std::uint32_t points, double mean_cosine);

// Mean angle in radians, in [0, pi], between one step of the path (a chord b - a) and the next (c - b). Steps of
// length zero, which a window of distinct points has none of, have no direction: they make no turn, neither with the
// step before them nor with the one after. nullopt when there are no turns.
std::optional<double> turning_angle(const State& state);

}  // namespace cms::coherence
