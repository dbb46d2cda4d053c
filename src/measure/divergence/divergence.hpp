// Divergence: how unlike honest traffic the points of a window are, one by one and as a sample.
//
// What each point looks like beside the benign reference (density of its chart, distance to its k-th neighbour, mean
// kernel) comes from the atlas; here it is only put together. nullopt as well whenever an input is not finite.
// Threads: pure functions. Cost: linear in the points, but mmd() one exp for each pair.
// Page: docs/measures/divergence.md.
#pragma once

#include <optional>
#include <span>

#include "types/distances.hpp"

namespace cms::divergence {

// Mean of the points' chart log densities under honest traffic, nats. nullopt without points.
std::optional<double> mean_log_density(std::span<const float> log_densities);

// Chord distances from the points to their k-th nearest benign reference points.
struct Neighbours {
  double mean = 0;
  double tail = 0;  // mean of the greatest tenth of them, ceil(n / 10) values
};
// nullopt without points.
std::optional<Neighbours> neighbours(std::span<const float> distances);

// The benign reference as a kernel statistic sees it.
struct Reference {
  double bandwidth = 0;    // h of the kernel k = exp(-d^2 / (2 h^2)), chord units, > 0
  double self_kernel = 0;  // unbiased mean kernel of the reference with itself, its diagonal left out
};
// Unbiased squared maximum mean discrepancy between window and reference (Gretton et al. 2012, eq. 3): about 0 for
// windows of the reference's law, and then negative about half of the time. kernel_to_reference[i] is the weighted
// mean kernel of point i to the reference, for the same h. nullopt for fewer than 2 points, when the lengths differ
// or when h is not positive.
std::optional<double> mmd(const Distances& window, std::span<const float> kernel_to_reference,
                          const Reference& reference);

}  // namespace cms::divergence
