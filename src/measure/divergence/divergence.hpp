// Divergence: how unlike honest traffic the points of a window are, one by one and as a sample.
//
// What each point looks like beside the benign reference (density of its chart, distance to its k-th neighbour, mean
// kernel) comes from the atlas; here it is only put together. nullopt as well whenever an input is not finite.
// The state is an exact sum of integers: updated from the two rows of a change it equals the sum over the whole
// matrix bit for bit, after any number of changes. Sums over points, but for mean_log_density(), are integers too,
// so the slots they lie in change no bit.
// Threads: pure functions; a Scratch belongs to one thread at a time and grows to the longest input.
// Cost: linear in the points; update() one kernel for each entry of two rows, sum() one for each pair.
// Page: docs/measures/divergence.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "types/distances.hpp"
#include "types/row_change.hpp"

namespace cms::divergence {

// Room to work in; holds nothing that a result depends on.
struct Scratch {
  std::vector<float> kernels;
  std::vector<std::int64_t> values;
};

// Mean of the points' chart log densities under honest traffic, nats. nullopt without points.
std::optional<double> mean_log_density(std::span<const float> log_densities);

// Chord distances from the points to their k-th nearest benign reference points.
struct Neighbours {
  double mean = 0;
  double tail = 0;  // mean of the greatest tenth of them, ceil(n / 10) values
};
// Each distance counts in units of 2^-40. nullopt without points, or with one beyond 1,024 in magnitude.
std::optional<Neighbours> neighbours(std::span<const float> distances, Scratch& scratch);

// The benign reference as a kernel statistic sees it.
struct Reference {
  double bandwidth = 0;    // h of the kernel k = exp(-d^2 / (2 h^2)), chord units, > 0
  double self_kernel = 0;  // unbiased mean kernel of the reference with itself, its diagonal left out

  // 1 / (2 h^2) as gaussian() takes it: finite and >= 0 for every h; 0 when h is not positive.
  [[nodiscard]] float scale() const;
};

// Sum of gaussian(d, scale) over the pairs of the window, each rounded half to even to units of 2^-32. At most 2^47
// for 256 points.
struct State {
  std::int64_t kernels = 0;

  bool operator==(const State&) const = default;
};

// Takes one change into account; `scale` as in all calls for the same state.
void update(State& state, const RowChange& change, float scale, Scratch& scratch);

// The same from scratch.
State sum(const Distances& distances, float scale, Scratch& scratch);

// Unbiased squared maximum mean discrepancy between window and reference (Gretton et al. 2012, eq. 3): about 0 for
// windows of the reference's law, and then negative about half of the time. kernel_to_reference[i] in [0, 1] is the
// weighted mean kernel of point i to the reference, for the same h; it counts in units of 2^-40. Error against
// kernels in double: below 2e-6, the relative error of gaussian(). nullopt for fewer than 2 points, when the lengths
// differ or when h is not positive.
std::optional<double> mmd(const State& state, std::uint32_t count, std::span<const float> kernel_to_reference,
                          const Reference& reference);

}  // namespace cms::divergence
