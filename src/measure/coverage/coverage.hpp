// Coverage: how many charts of the atlas a window visits, and how many more its tail of rare charts announces.
//
// A window is a sample of points over charts, so the estimators of species richness apply: a chart is a species.
// All of them depend on the frequency counts f_k (number of charts that hold exactly k points) alone.
// Invariants
//  1. The order of the points and the numbering of the charts change no bit of any result.
//  2. An estimator says nothing (nullopt) of fewer than 2 points; what it gives is finite.
// Threads: pure functions; a Scratch belongs to one thread at a time. Cost: count() and distinct() are linear in the
// points, nothing is sorted; then one step per estimator for each different number of points a chart holds.
// Definitions, edge cases and references: docs/measures/coverage.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cms::coverage {

// Frequency counts of a sample of points over charts.
struct Counts {
  std::uint32_t points = 0;
  std::uint32_t charts = 0;                // distinct ones
  std::vector<std::uint32_t> frequencies;  // frequencies[k] = charts that hold exactly k points, k >= 1

  [[nodiscard]] std::uint32_t singletons() const { return frequency(1); }
  [[nodiscard]] std::uint32_t doubletons() const { return frequency(2); }
  [[nodiscard]] std::uint32_t frequency(std::size_t k) const { return k < frequencies.size() ? frequencies[k] : 0; }
};

// One counter for each chart number seen yet, all 0 between calls: at most 256 kB. Grows with the greatest chart number
// and never after that.
struct Scratch {
  std::vector<std::uint32_t> counters;

  // Room for chart numbers below `charts`: from then on none of them makes it grow.
  void reserve(std::size_t charts) { counters.reserve(charts); }
};

// Counts charts[i], the chart of the window's i-th distinct point. Any length below 2^32, any chart numbers. `counts`
// is overwritten; it allocates only when no earlier input was as long.
void count(std::span<const std::uint16_t> charts, Scratch& scratch, Counts& counts);

// counts.charts alone.
std::uint32_t distinct(std::span<const std::uint16_t> charts, Scratch& scratch);

// Good-Turing sample coverage with doubletons, in [0, 1]: estimated share of the account's own requests that fall in
// charts it has already visited (Chao and Jost 2012, eq. 4a).
std::optional<double> sample_coverage(const Counts& counts);

// Chao1: lower bound for the number of charts the account would visit in the end, >= counts.charts (Chao 1984, with
// the factor (n - 1) / n; bias-corrected form when there are no doubletons).
std::optional<double> chao1(const Counts& counts);

// Entropy of the account's distribution over charts in nats, unseen charts estimated (Chao and Shen 2003).
std::optional<double> chao_shen_entropy(const Counts& counts);

// Hill numbers of the sample as it is, in [1, counts.charts]: exp of Shannon entropy (q = 1), inverse Simpson (q = 2).
std::optional<double> hill_1(const Counts& counts);
std::optional<double> hill_2(const Counts& counts);

}  // namespace cms::coverage
