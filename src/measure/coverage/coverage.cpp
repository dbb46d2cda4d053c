#include "measure/coverage/coverage.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

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

// Counts every chart up; how many of them there are.
std::uint32_t tally(std::span<const std::uint16_t> charts, Scratch& scratch) {
  auto& counters = scratch.counters;
  std::uint32_t different = 0;
  for (const auto chart : charts) {
    if (chart >= counters.size()) counters.resize(std::size_t{chart} + 1);
    different += counters[chart]++ == 0 ? 1 : 0;
  }
  return different;
}

}  // namespace

std::uint32_t distinct(std::span<const std::uint16_t> charts, Scratch& scratch) {
  const std::uint32_t different = tally(charts, scratch);
  for (const auto chart : charts) scratch.counters[chart] = 0;
  return different;
}

void count(std::span<const std::uint16_t> charts, Scratch& scratch, Counts& counts) {
  counts.points = static_cast<std::uint32_t>(charts.size());
  counts.charts = tally(charts, scratch);
  counts.frequencies.clear();
  counts.frequencies.reserve(charts.size() + 1);
  for (const auto chart : charts) {
    // A chart is met as often as it was counted; it is entered and cleared the first time.
    const std::uint32_t k = std::exchange(scratch.counters[chart], 0);
    if (k == 0) continue;
    if (counts.frequencies.size() <= k) counts.frequencies.resize(k + 1);
    ++counts.frequencies[k];
  }
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
    if (counts.frequencies[k] == 0) continue;
    const double share = static_cast<double>(k) / counts.points;
    entropy -= counts.frequencies[k] * share * std::log(share);
  }
  return std::exp(entropy);
}

std::optional<double> hill_2(const Counts& counts) {
  if (counts.points < kPointsMin) return std::nullopt;
  double squares = 0;  // sum over charts of the squared number of points: whole numbers, exact up to 2^53
  for (std::size_t k = 1; k < counts.frequencies.size(); ++k) {
    squares += static_cast<double>(counts.frequencies[k]) * static_cast<double>(k * k);
  }
  return 1.0 * counts.points * counts.points / squares;
}

}  // namespace cms::coverage
