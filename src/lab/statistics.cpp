#include "lab/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

namespace cms::lab {
namespace {

// P(X >= hits) for X binomial.
double upper_tail(std::uint64_t hits, std::uint64_t trials, double p) {
  if (hits == 0) return 1;
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  const double n = static_cast<double>(trials);
  double sum = 0;
  for (std::uint64_t k = hits; k <= trials; ++k) {
    const double x = static_cast<double>(k);
    sum += std::exp(std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1) + x * std::log(p) +
                    (n - x) * std::log1p(-p));
  }
  return std::min(sum, 1.0);
}

// The p at which an increasing function of p reaches `target`.
template <typename Function>
double solve(const Function& increasing, double target) {
  double low = 0, high = 1;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (increasing(middle) < target ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

double area_under_curve(std::span<const double> positives, std::span<const double> negatives) {
  if (positives.empty() || negatives.empty()) return 0.5;
  std::vector<double> sorted(negatives.begin(), negatives.end());
  std::sort(sorted.begin(), sorted.end());
  double wins = 0;
  for (const double value : positives) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
    wins += static_cast<double>(first - sorted.begin()) + static_cast<double>(last - first) / 2;
  }
  return wins / (static_cast<double>(positives.size()) * static_cast<double>(negatives.size()));
}

double caught_at(std::span<const double> positives, std::span<const double> negatives, double rate) {
  if (positives.empty() || negatives.empty()) return 0;
  std::vector<double> falling(negatives.begin(), negatives.end());
  std::sort(falling.begin(), falling.end(), std::greater<>());
  const auto allowed = static_cast<std::size_t>(rate * static_cast<double>(falling.size()) + 1e-9);  // .07 of 100 is 7
  if (allowed >= falling.size()) return 1;
  const auto above = std::count_if(positives.begin(), positives.end(), [&](double p) { return p > falling[allowed]; });
  return static_cast<double>(above) / static_cast<double>(positives.size());
}

double conformal_p_value(std::span<const double> rising, double value) {
  const auto above = rising.end() - std::lower_bound(rising.begin(), rising.end(), value);
  return static_cast<double>(1 + above) / static_cast<double>(rising.size() + 1);
}

double upper_median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

double correlation(std::span<const double> a, std::span<const double> b) {
  const auto n = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n;
  const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double together = 0, square_a = 0, square_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    together += (a[i] - mean_a) * (b[i] - mean_b);
    square_a += (a[i] - mean_a) * (a[i] - mean_a);
    square_b += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return square_a > 0 && square_b > 0 ? together / std::sqrt(square_a * square_b) : 0;
}

double rate_lower_bound(std::uint64_t hits, std::uint64_t trials, double confidence) {
  if (hits == 0) return 0;
  return solve([&](double p) { return upper_tail(hits, trials, p); }, 1 - confidence);
}

double rate_upper_bound(std::uint64_t hits, std::uint64_t trials, double confidence) {
  if (hits >= trials) return 1;
  return solve([&](double p) { return upper_tail(hits + 1, trials, p); }, confidence);
}

}  // namespace cms::lab
