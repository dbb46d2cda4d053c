#include "measure/mixture/mixture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <utility>

#include "base/directions.hpp"

namespace cms::mixture {
namespace {

constexpr double kComplementMin = 1e-12;  // keeps the logarithm of a perfect fit finite

// More values than this are never brought down to kCountMax: by Chebyshev's inequality at most a ninth of them lie
// 3 deviations or more from the mean. Sums over so few are far from overflow.
constexpr std::size_t kInputMax = kCountMax * 9 / 8;

// Standard normal quantile of p in (0, 1/2], by Newton's method from `above` >= the quantile: the distribution function
// is convex there, so each step stays on its right side and the sequence falls until rounding ends it.
double normal_quantile(double p, double above) {
  double x = above;
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

// Royston 1995, with the polynomials in n^-1/2 of Royston 1992.
void compute_coefficients(std::size_t n, std::vector<double>& a) {
  a.assign(n / 2, std::sqrt(0.5));
  if (n == 3) return;
  constexpr std::array kFirst = {0.0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056};
  constexpr std::array kSecond = {0.0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633};
  double squares = 0;
  double quantile = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    quantile = normal_quantile((static_cast<double>(i) + 0.625) / (static_cast<double>(n) + 0.25), quantile);
    a[i] = -quantile;
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
}

// Sums of the pairs from both ends, two at a time: additions wait for one another, and so half as long.
struct Pairs {
  double even = 0;
  double odd = 0;

  [[nodiscard]] double total() const { return even + odd; }
};

// 1 - W of rising values with the coefficients for their number. The a have unit length and sum 0, so 1 - W is the part
// of the centred values that they leave unexplained; summed as such, since W itself rounds to 1 for what is close to
// normal.
template <typename Number>
std::optional<double> complement(std::span<const Number> rising, double mean, std::span<const double> a) {
  const std::size_t n = rising.size();
  const auto offset = [&](std::size_t i) { return static_cast<double>(rising[i]) - mean; };
  Pairs slopes;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double step = a[i] * (static_cast<double>(rising[n - 1 - i]) - static_cast<double>(rising[i]));
    (i % 2 == 0 ? slopes.even : slopes.odd) += step;
  }
  const double slope = slopes.total();
  const double middle = n % 2 == 1 ? offset(n / 2) : 0;
  Pairs totals;
  Pairs unexplained;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double low = offset(i);
    const double high = offset(n - 1 - i);
    const double low_rest = low + slope * a[i];
    const double high_rest = high - slope * a[i];
    totals.even += low * low;
    totals.odd += high * high;
    unexplained.even += low_rest * low_rest;
    unexplained.odd += high_rest * high_rest;
  }
  const double total = totals.total() + middle * middle;
  if (!(total > 0)) return std::nullopt;
  return std::min(1.0, (unexplained.total() + middle * middle) / total);
}

struct Sums {
  std::int64_t count = 0;
  std::int64_t values = 0;
  std::int64_t squares = 0;
};

Sums sums_of(std::span<const std::uint16_t> values) {
  Sums sums{static_cast<std::int64_t>(values.size()), 0, 0};
  for (const std::uint32_t value : values) {
    sums.values += value;
    sums.squares += std::uint64_t{value * value};
  }
  return sums;
}

// Leaves out of `values` those 3 standard deviations or more from their mean: all when they are equal. Inside means
// (n v - S)^2 < 9 (n Q - S^2) with the sums S of values and Q of squares, all of them whole.
void leave_outliers_out(std::vector<std::uint16_t>& values) {
  const auto sums = sums_of(values);
  const std::int64_t bound = 9 * (sums.count * sums.squares - sums.values * sums.values);
  auto reach = static_cast<std::int64_t>(std::sqrt(static_cast<double>(bound)));
  while (reach * reach >= bound && reach >= 0) --reach;
  while ((reach + 1) * (reach + 1) < bound) ++reach;
  std::size_t kept = 0;
  for (const auto value : values) {
    values[kept] = value;
    kept += std::abs(sums.count * value - sums.values) <= reach ? 1 : 0;
  }
  values.resize(kept);
}

// Rising order, by the low byte and then by the rest of what the values exceed the least one by.
void counting_sort(std::span<std::uint16_t> values, std::vector<std::uint16_t>& sorted) {
  sorted.resize(values.size());
  if (values.empty()) return;
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  const std::uint32_t base = *least;
  const std::uint32_t high_count = ((*greatest - base) >> 8) + 1;
  std::array<std::uint16_t, 256> low{};
  std::array<std::uint16_t, 256> high{};
  for (const std::uint32_t value : values) {
    ++low[(value - base) & 255];
    ++high[(value - base) >> 8];
  }
  const auto to_starts = [](std::span<std::uint16_t> counts) {
    std::uint16_t start = 0;
    for (auto& count : counts) start = static_cast<std::uint16_t>(start + std::exchange(count, start));
  };
  to_starts(low);
  to_starts(std::span(high).first(high_count));
  for (const std::uint32_t value : values) sorted[low[(value - base) & 255]++] = static_cast<std::uint16_t>(value);
  for (const std::uint32_t value : sorted) values[high[(value - base) >> 8]++] = static_cast<std::uint16_t>(value);
}

}  // namespace

std::span<const double> shapiro_wilk_coefficients(std::size_t n, Workspace& workspace) {
  workspace.places.resize(Workspace::kPlaces);
  auto& place = workspace.places[n % Workspace::kPlaces];
  if (place.n != n) {
    compute_coefficients(n, place.values);
    place.n = n;
  }
  return place.values;
}

std::optional<double> shapiro_wilk_complement(std::span<const double> rising, Workspace& workspace) {
  const std::size_t n = rising.size();
  if (n < 3 || n > kCountMax || !(rising.front() < rising.back())) return std::nullopt;
  const double middle = rising[n / 2];  // offsets from it lose nothing of values far from 0
  double mean = 0;
  for (const double value : rising) mean += value - middle;
  mean /= static_cast<double>(n);
  return complement(rising, middle + mean, shapiro_wilk_coefficients(n, workspace));
}

std::optional<double> normality(std::span<const std::uint16_t> distances, Workspace& workspace) {
  auto& kept = workspace.kept;
  kept.resize(distances.size());
  std::size_t count = 0;
  for (const auto distance : distances) {
    kept[count] = distance;
    count += distance != kNoChord ? 1 : 0;
  }
  kept.resize(count);
  if (count > kInputMax) return std::nullopt;
  leave_outliers_out(kept);
  if (kept.size() < kCountMin || kept.size() > kCountMax) return std::nullopt;
  counting_sort(kept, workspace.sorted);
  const std::span<const std::uint16_t> rising = kept;
  const double mean = static_cast<double>(sums_of(rising).values) / static_cast<double>(rising.size());
  const auto share = complement(rising, mean, shapiro_wilk_coefficients(rising.size(), workspace));
  if (!share) return std::nullopt;
  return std::log(std::max(*share, kComplementMin));
}

}  // namespace cms::mixture
