#include "measure/coverage/coverage.hpp"

#include <algorithm>
#include <cmath>

namespace cms::coverage {
namespace {

constexpr std::uint32_t kPointsMin = 2;

// Estimated number of charts not visited yet (f0 of the papers).
double unseen(const Counts& counts) {
  const double n = counts.points;
  const double f1 = counts.singletons();
  const double f2 = counts.doubletons();
  const double pairs = f2 > 0 ? f1 * f1 / (2 * f2) : f1 * (f1 - 1) / 2;
  return (n - 1) / n * pairs;
}

}  // namespace

Counts count(std::span<const std::uint16_t> charts) {
  std::vector<std::uint16_t> sorted(charts.begin(), charts.end());
  std::sort(sorted.begin(), sorted.end());
  Counts counts;
  counts.points = static_cast<std::uint32_t>(sorted.size());
  for (std::size_t first = 0, last = 0; first < sorted.size(); first = last) {
    while (last < sorted.size() && sorted[last] == sorted[first]) ++last;
    const std::size_t k = last - first;
    if (counts.frequencies.size() <= k) counts.frequencies.resize(k + 1);
    ++counts.frequencies[k];
    ++counts.charts;
  }
  return counts;
}

std::optional<double> sample_coverage(const Counts& counts) {
  if (counts.points < kPointsMin) return std::nullopt;
  const double f1 = counts.singletons();
  if (f1 == 0) return 1.0;
  const double n_unseen = counts.points * unseen(counts);
  return 1 - f1 / counts.points * (n_unseen / (n_unseen + f1));
}

std::optional<double> chao1(const Counts& counts) {
  if (counts.points < kPointsMin) return std::nullopt;
  return counts.charts + unseen(counts);
}

std::optional<double> chao_shen_entropy(const Counts& counts) {
  if (counts.points < kPointsMin) return std::nullopt;
  const double n = counts.points;
  // Singletons alone would make the coverage 0 and every share vanish; one is then taken for seen twice.
  const double f1 = std::min(counts.singletons(), counts.points - 1);
  const double turing = 1 - f1 / n;
  double entropy = 0;
  for (std::size_t k = 1; k < counts.frequencies.size(); ++k) {
    if (counts.frequencies[k] == 0) continue;
    const double share = turing * static_cast<double>(k) / n;
    const double inclusion = -std::expm1(n * std::log1p(-share));  // 1 - (1 - share)^n
    entropy -= counts.frequencies[k] * share * std::log(share) / inclusion;
  }
  return entropy + 0.0;  // one chart alone gives -0
}

std::optional<double> hill_1(const Counts& counts) {
  if (counts.points < kPointsMin) return std::nullopt;
  double entropy = 0;
  for (std::size_t k = 1; k < counts.frequencies.size(); ++k) {
    const double share = static_cast<double>(k) / counts.points;
    entropy -= counts.frequencies[k] * share * std::log(share);
  }
  return std::exp(entropy);
}

std::optional<double> hill_2(const Counts& counts) {
  if (counts.points < kPointsMin) return std::nullopt;
  double simpson = 0;
  for (std::size_t k = 1; k < counts.frequencies.size(); ++k) {
    const double share = static_cast<double>(k) / counts.points;
    simpson += counts.frequencies[k] * share * share;
  }
  return 1 / simpson;
}

}  // namespace cms::coverage
