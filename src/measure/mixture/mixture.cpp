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
  std::int64_t values = 0;
  std::int64_t squares = 0;
  std::uint32_t least = kNoChord;
  std::uint32_t greatest = 0;
};

Sums sums_of(std::span<const std::uint16_t> values) {
  std::uint64_t total = 0;
  std::uint64_t squares = 0;
  std::uint16_t least = kNoChord;
  std::uint16_t greatest = 0;
  for (const std::uint16_t value : values) {
    total += value;
    squares += std::uint32_t{value} * value;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  return {static_cast<std::int64_t>(total), static_cast<std::int64_t>(squares), least, greatest};
}

// Least and greatest whole v within 3 standard deviations of the mean of n values; least > greatest when all are equal.
// Within means (n v - S)^2 < 9 (n Q - S^2) with the sums S of values and Q of squares, all of them whole.
std::pair<std::int64_t, std::int64_t> bounds(const Sums& sums, std::int64_t n) {
  const std::int64_t square = 9 * (n * sums.squares - sums.values * sums.values);
  if (square == 0) return {1, 0};
  auto reach = static_cast<std::int64_t>(std::sqrt(static_cast<double>(square)));
  while (reach * reach >= square) --reach;
  while ((reach + 1) * (reach + 1) < square) ++reach;
  const std::int64_t low = sums.values - reach;
  return {low > 0 ? (low + n - 1) / n : 0, (sums.values + reach) / n};
}

// Brings `values` into rising order: by the low byte, then by the rest, of what they exceed the least one by.
void counting_sort(std::span<std::uint16_t> values, const Sums& sums, std::span<std::uint16_t> halfway) {
  const std::uint32_t least = sums.least;
  std::array<std::uint16_t, 256> low{};
  std::array<std::uint16_t, 256> high{};
  for (const std::uint32_t value : values) {
    ++low[(value - least) & 255];
    ++high[(value - least) >> 8];
  }
  const auto to_starts = [](std::span<std::uint16_t> counts) {
    std::uint32_t start = 0;
    for (auto& count : counts) start += std::exchange(count, static_cast<std::uint16_t>(start));
  };
  to_starts(low);
  to_starts(std::span(high).first(((sums.greatest - least) >> 8) + 1));
  for (const std::uint32_t value : values) halfway[low[(value - least) & 255]++] = static_cast<std::uint16_t>(value);
  for (const std::uint32_t value : halfway) values[high[(value - least) >> 8]++] = static_cast<std::uint16_t>(value);
}

}  // namespace

void reserve(std::size_t count, Workspace& workspace) {
  if (count <= workspace.reserved) return;
  workspace.reserved = count;
  workspace.kept.reserve(count);
  workspace.halfway.reserve(count);
  workspace.places.resize(Workspace::kPlaces);
  for (auto& place : workspace.places) place.values.reserve(std::min(count, kCountMax) / 2);
}

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
  kept.assign(distances.begin(), distances.end());
  auto sums = sums_of(kept);
  if (sums.greatest == kNoChord) {
    std::erase(kept, kNoChord);
    sums = sums_of(kept);
  }
  if (kept.size() < kCountMin || kept.size() > kInputMax) return std::nullopt;
  // No structured binding: clang 16 captures none of them where OpenMP is on.
  const auto within = bounds(sums, static_cast<std::int64_t>(kept.size()));
  if (sums.least < within.first || sums.greatest > within.second) {
    std::erase_if(kept, [&](std::int64_t value) { return value < within.first || value > within.second; });
    sums = sums_of(kept);
  }
  if (kept.size() < kCountMin || kept.size() > kCountMax) return std::nullopt;
  workspace.halfway.resize(kept.size());
  counting_sort(kept, sums, workspace.halfway);
  const std::span<const std::uint16_t> rising = kept;
  const double mean = static_cast<double>(sums.values) / static_cast<double>(rising.size());
  const auto share = complement(rising, mean, shapiro_wilk_coefficients(rising.size(), workspace));
  if (!share) return std::nullopt;
  return std::log(std::max(*share, kComplementMin));
}

}  // namespace cms::mixture
