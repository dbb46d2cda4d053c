// Mixture: whether an account's nearest-neighbour distances look like one population or several.
//
// PRADA's statistic (Juuti et al. 2019): distances beyond 3 standard deviations are left out, and the rest
// is compared with a normal law by the W of Shapiro and Wilk. W is computed after Royston (1995, AS R94), whose
// coefficients depend on the number of values only and are kept in the Workspace.
// Threads: a Workspace belongs to one thread at a time. Cost: linear in n (two rounds of counting sort); a call for an
// n that the Workspace does not hold also computes n / 2 normal quantiles. Page: docs/measures/mixture.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cms::mixture {

inline constexpr std::size_t kCountMin = 16;    // values left that normality() needs
inline constexpr std::size_t kCountMax = 5000;  // for which AS R94 was made

// What depends on no input but its length, and room to work in. Coefficients for n values lie in place n mod kPlaces
// until another n of the same place is asked for: never more than kPlaces n / 2 numbers for the greatest n, 300 kB when
// no input has more than 300 values, 5 MB in all. Nothing is allocated for an n that is held, nor for a smaller one in
// its place.
struct Workspace {
  static constexpr std::size_t kPlaces = 256;
  struct Coefficients {
    std::size_t n = 0;
    std::vector<double> values;
  };
  std::vector<Coefficients> places;
  std::vector<std::uint16_t> kept;
  std::vector<std::uint16_t> halfway;
  std::size_t reserved = 0;
};

// Room for up to `count` values: from then on no call with so many allocates, whatever n is left of them.
void reserve(std::size_t count, Workspace& workspace);

// Coefficients a_i > 0 of x_(n+1-i) - x_(i), greatest first, floor(n / 2) of them; 2 * sum a_i^2 = 1. Requires
// 3 <= n <= kCountMax. Valid until the next call with the same Workspace.
std::span<const double> shapiro_wilk_coefficients(std::size_t n, Workspace& workspace);

// 1 - W, in [0, 1], of finite values in rising order; 0 = perfectly normal. nullopt unless 3 <= n <= kCountMax and
// first < last.
std::optional<double> shapiro_wilk_complement(std::span<const double> rising, Workspace& workspace);

// log(1 - W) of the distances that lie within 3 standard deviations of their mean; at least log(1e-12). The higher,
// the less normal. Distances as round_chord() gives them; those that are kNoChord are no distances. Mean and deviation
// come from whole sums, so the order of the distances changes no bit. nullopt when fewer than kCountMin or more than
// kCountMax are left, or when those are all equal.
std::optional<double> normality(std::span<const std::uint16_t> distances, Workspace& workspace);

}  // namespace cms::mixture
