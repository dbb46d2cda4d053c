// Coherence: what the order of an account's requests says beyond the set of them.
//
// The path visits slots of the window's distance matrix, oldest first; every entry of it is below distances.count.
// Both functions see distances only, so they hold for any dimension of the points.
// Threads: pure functions. Cost: linear in the path. Page: docs/measures/coherence.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "types/distances.hpp"

namespace cms::coherence {

// Mean cosine of consecutive points minus `mean_cosine`, the mean over all pairs of the same points (as dispersion
// gives it); in [-2, 2]. Its mean over all orders of a path through distinct slots is exactly 0. nullopt for fewer
// than 3 points, where the order can say nothing.
std::optional<double> above_mean(const Distances& distances, std::span<const std::uint32_t> path, double mean_cosine);

// Mean angle in radians, in [0, pi], between one step of the path (a chord b - a) and the next (c - b). Steps of
// length zero are left out. nullopt when fewer than two steps are left.
std::optional<double> turning_angle(const Distances& distances, std::span<const std::uint32_t> path);

}  // namespace cms::coherence
