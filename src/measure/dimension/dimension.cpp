#include "measure/dimension/dimension.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace cms::dimension {
namespace {

// The k smallest distances of each of `count` points, ascending, all > 0; row-major.
struct Neighbours {
  std::vector<float> values;
  std::size_t count = 0;
  std::size_t k = 0;

  [[nodiscard]] const float* row(std::size_t i) const { return values.data() + i * k; }
};

Neighbours nearest(const Distances& distances, const std::vector<std::uint32_t>& slots, std::size_t k) {
  Neighbours result{{}, slots.size(), k};
  result.values.reserve(slots.size() * k);
  std::vector<float> others;
  for (const auto i : slots) {
    others.clear();
    for (const auto j : slots) {
      if (j != i) others.push_back(distances(i, j));
    }
    const auto end = others.begin() + static_cast<std::ptrdiff_t>(k);
    std::partial_sort(others.begin(), end, others.end());
    result.values.insert(result.values.end(), others.begin(), end);
  }
  return result;
}

// 1 / mean of log(T_k / T_j) over all points and j < k.
std::optional<double> levina_bickel(const Neighbours& neighbours) {
  double sum = 0;
  for (std::size_t i = 0; i < neighbours.count; ++i) {
    const float* t = neighbours.row(i);
    const double farthest = t[neighbours.k - 1];
    for (std::size_t j = 0; j + 1 < neighbours.k; ++j) sum += std::log(farthest / t[j]);
  }
  if (!(sum > 0)) return std::nullopt;
  return static_cast<double>(neighbours.count * (neighbours.k - 1)) / sum;
}

// Slope through the origin of -log(1 - F(mu)) over log(mu), mu = r2 / r1, without the largest tenth of the mu.
std::optional<double> two_nn(const Neighbours& neighbours) {
  std::vector<double> log_mu;
  for (std::size_t i = 0; i < neighbours.count; ++i) {
    const float* t = neighbours.row(i);
    log_mu.push_back(std::log(double{t[1]} / t[0]));
  }
  std::sort(log_mu.begin(), log_mu.end());
  const auto count = static_cast<double>(log_mu.size());
  const std::size_t kept = log_mu.size() * 9 / 10;
  double xy = 0;
  double xx = 0;
  for (std::size_t i = 0; i < kept; ++i) {
    xy -= log_mu[i] * std::log1p(-static_cast<double>(i + 1) / count);
    xx += log_mu[i] * log_mu[i];
  }
  if (!(xx > 0)) return std::nullopt;
  return xy / xx;
}

}  // namespace

Estimates estimate(const Distances& distances, std::uint32_t neighbours) {
  const auto slots = distinct_slots(distances);
  if (slots.size() < 3) return {};
  const auto k = std::clamp<std::size_t>(neighbours, 2, slots.size() - 1);
  const auto table = nearest(distances, slots, k);
  return {levina_bickel(table), two_nn(table)};
}

}  // namespace cms::dimension
