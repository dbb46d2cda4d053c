// Seeded chance that is the same on every machine and library: chance is an argument, never a global.
//
// xoshiro256** seeded by splitmix64 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021).
// The distributions are written here because those of <random> differ between standard libraries.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace cms {

class Random {
 public:
  explicit Random(std::uint64_t seed);

  // 64 random bits.
  std::uint64_t bits();
  // Uniform in [0, 1), 53 bits.
  double uniform();
  // Uniform in [0, bound); `bound` > 0. Unbiased (Lemire 2019).
  std::uint64_t below(std::uint64_t bound);
  // Standard normal (polar method).
  double normal();
  // Gamma with `shape` > 0 and scale 1 (Marsaglia and Tsang 2000).
  double gamma(double shape);
  // Number of failures before the first success of probability `p` in (0, 1].
  std::uint32_t geometric(double p);
  // Dirichlet weights, all of concentration `alpha`.
  std::vector<double> dirichlet(std::size_t count, double alpha);
  // Index drawn with the given weights (>= 0, not all 0).
  std::size_t weighted(std::span<const double> weights);

  // Fisher-Yates.
  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace cms
