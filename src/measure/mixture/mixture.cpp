#include "measure/mixture/mixture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace cms::mixture {
namespace {

constexpr double kComplementMin = 1e-12;  // keeps the logarithm of a perfect fit finite
constexpr double kOutlierSigmas = 3;

// Standard normal quantile of p in (0, 1/2], by Newton's method from 0: the distribution function is convex there,
// so each step stays on its right side and the sequence falls until rounding ends it.
double normal_quantile(double p) {
  double x = 0;
  while (true) {
    const double excess = std::erfc(-x / std::numbers::sqrt2) / 2 - p;
    const double density = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
    const double next = x - excess / density;
    if (!(next < x)) return x;
    x = next;
  }
}

double polynomial(std::span<const double> rising_powers, double x) {
  double value = 0;
  for (std::size_t i = rising_powers.size(); i-- > 0;) value = value * x + rising_powers[i];
  return value;
}

// Coefficients a_i > 0 of x_(n+1-i) - x_(i), greatest first; 2 * sum a_i^2 = 1 (Royston 1995, with the polynomials
// in n^-1/2 of Royston 1992).
std::vector<double> shapiro_wilk_coefficients(std::size_t n) {
  if (n == 3) return {std::sqrt(0.5)};
  constexpr std::array kFirst = {0.0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056};
  constexpr std::array kSecond = {0.0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633};
  std::vector<double> a(n / 2);
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = -normal_quantile((static_cast<double>(i) + 0.625) / (static_cast<double>(n) + 0.25));
    squares += 2 * a[i] * a[i];
  }
  const double x = 1 / std::sqrt(static_cast<double>(n));
  const std::array extremes = {polynomial(kFirst, x) + a[0] / std::sqrt(squares),
                               polynomial(kSecond, x) + a[1] / std::sqrt(squares)};
  // The outermost one or two come from the polynomials; the others share what is left of the unit length.
  const std::size_t fixed = n > 5 ? 2 : 1;
  double left = 1;
  for (std::size_t i = 0; i < fixed; ++i) {
    squares -= 2 * a[i] * a[i];
    left -= 2 * extremes[i] * extremes[i];
    a[i] = extremes[i];
  }
  const double scale = std::sqrt(left / squares);
  for (std::size_t i = fixed; i < a.size(); ++i) a[i] *= scale;
  return a;
}

const std::vector<double>& coefficients_for(std::size_t n, Workspace& workspace) {
  if (workspace.coefficients.size() <= n) workspace.coefficients.resize(n + 1);
  auto& kept = workspace.coefficients[n];
  if (kept.empty()) kept = shapiro_wilk_coefficients(n);
  return kept;
}

// The values within 3 standard deviations of their mean, in rising order. A value that is not finite makes the
// deviation so too, and equal values make it 0: no offset is below either, so nothing is kept.
void keep_and_sort(std::span<const float> values, std::vector<double>& kept) {
  kept.clear();
  // Offsets from one of the values: those of equal values are exactly 0.
  double mean = 0;
  double squares = 0;
  for (const float value : values) mean += double{value} - values[0];
  mean /= static_cast<double>(values.size());
  for (const float value : values) {
    const double offset = double{value} - values[0] - mean;
    squares += offset * offset;
  }
  const double deviation = std::sqrt(squares / static_cast<double>(values.size()));
  for (const float value : values) {
    if (std::abs(double{value} - values[0] - mean) < kOutlierSigmas * deviation) kept.push_back(value);
  }
  std::sort(kept.begin(), kept.end());
}

}  // namespace

std::optional<double> shapiro_wilk_complement(std::span<const double> rising, Workspace& workspace) {
  const std::size_t n = rising.size();
  if (n < 3 || n > kCountMax || !(rising.front() < rising.back())) return std::nullopt;
  const auto& a = coefficients_for(n, workspace);
  const double middle = rising[n / 2];
  double mean = 0;
  double slope = 0;
  for (const double value : rising) mean += value - middle;
  mean /= static_cast<double>(n);
  for (std::size_t i = 0; i < a.size(); ++i) slope += a[i] * (rising[n - 1 - i] - rising[i]);
  // The a have unit length and sum 0, so 1 - W is the part of the centred values that they leave unexplained;
  // summed as such, since W itself rounds to 1 for what is close to normal.
  double total = 0;
  double unexplained = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double centred = rising[i] - middle - mean;
    const double coefficient = i < a.size() ? -a[i] : n - 1 - i < a.size() ? a[n - 1 - i] : 0;
    const double residual = centred - slope * coefficient;
    total += centred * centred;
    unexplained += residual * residual;
  }
  if (!(total > 0)) return std::nullopt;
  return std::min(1.0, unexplained / total);
}

std::optional<double> normality(std::span<const float> distances, Workspace& workspace) {
  keep_and_sort(distances, workspace.sorted);
  if (workspace.sorted.size() < kCountMin) return std::nullopt;
  const auto complement = shapiro_wilk_complement(workspace.sorted, workspace);
  if (!complement) return std::nullopt;
  return std::log(std::max(*complement, kComplementMin));
}

}  // namespace cms::mixture
