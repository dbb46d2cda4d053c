// Dispersion: how far apart the points of a window lie, as their mean pairwise cosine.
//
// Threads: pure function. Cost: one pass over the n (n - 1) / 2 distances. Page: docs/measures/dispersion.md.
#pragma once

#include <optional>

#include "types/distances.hpp"

namespace cms::dispersion {

// Mean of cos = 1 - d^2 / 2 over all pairs, in [-1 / (n - 1), 1] up to rounding of the distances: 1 = all one
// direction, 0 = orthogonal on average. nullopt for fewer than 2 points.
std::optional<double> mean_cosine(const Distances& distances);

}  // namespace cms::dispersion
