// Mixture: whether an account's nearest-neighbour distances look like one population or several.
//
// PRADA's statistic (Juuti et al. 2019): distances beyond 3 standard deviations are left out, and the rest
// is compared with a normal law by the W of Shapiro and Wilk. W is computed after Royston (1995, AS R94), whose
// coefficients depend on the number of values only and are kept in the Workspace.
// Threads: a Workspace belongs to one thread at a time. Cost: n log n to sort; the first call for a given n also
// computes n / 2 normal quantiles. Page: docs/measures/mixture.md.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace cms::mixture {

inline constexpr std::size_t kCountMin = 16;    // values left that normality() needs
inline constexpr std::size_t kCountMax = 5000;  // for which AS R94 was made

// What depends on no input but its length, and room to work in. Grows to 4 n bytes for each length n it has met: at
// most 2 MB when no input has more than 1,000 values.
struct Workspace {
  std::vector<std::vector<double>> coefficients;  // [n]: the positive half of the coefficients for n values
  std::vector<double> sorted;
};

// 1 - W, in [0, 1], of finite values in rising order; 0 = perfectly normal. nullopt unless 3 <= n <= kCountMax and
// first < last.
std::optional<double> shapiro_wilk_complement(std::span<const double> rising, Workspace& workspace);

// log(1 - W) of the distances that lie within 3 standard deviations of their mean; at least log(1e-12). The higher,
// the less normal. nullopt when fewer than kCountMin or more than kCountMax are left, when those are all equal, or
// when any distance is not finite.
std::optional<double> normality(std::span<const float> distances, Workspace& workspace);

}  // namespace cms::mixture
