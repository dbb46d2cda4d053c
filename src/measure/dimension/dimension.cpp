#include "measure/dimension/dimension.hpp"

#include <algorithm>
#include <cmath>

namespace cms::dimension {
namespace {

// Products are kept between these, far from where doubles end.
constexpr double kProductMin = 1e-100;
constexpr double kProductMax = 1e100;

// Sum of log(T_k / T_j) over j < k, one by one: for lengths whose products would leave the range of doubles.
double log_ratios(const float* lengths, std::uint32_t k) {
  double sum = 0;
  for (std::uint32_t j = 0; j + 1 < k; ++j) sum += std::log(double{lengths[k - 1]} / lengths[j]);
  return sum;
}

// 1 / mean of log(T_k / T_j) over all points and j < k. The ratios are multiplied up, within a point and from point to
// point, and a logarithm is taken only when the product has become large: about one for a window of 64.
std::optional<double> levina_bickel(const Neighbours& neighbours, std::uint32_t k) {
  double sum = 0;
  double ratios = 1;
  for (std::uint32_t i = 0; i < neighbours.count; ++i) {
    const float* lengths = neighbours.lengths_of(i);
    const double farthest = lengths[k - 1];
    // Factor by factor alike, so that equal lengths give equal products and the ratio is never below 1.
    double above = farthest;
    double below = lengths[0];
    for (std::uint32_t j = 1; j + 1 < k; ++j) {
      above *= farthest;
      below *= lengths[j];
    }
    if (below < kProductMin || above > kProductMax) {
      sum += log_ratios(lengths, k);
      continue;
    }
    ratios *= above / below;  // a factor of at most 1e200
    if (ratios > kProductMax) {
      sum += std::log(ratios);
      ratios = 1;
    }
  }
  sum += std::log(ratios);
  if (!(sum > 0)) return std::nullopt;
  return static_cast<double>(neighbours.count) * (k - 1) / sum;
}

void prepare_quantiles(std::uint32_t count, std::vector<double>& quantiles) {
  if (quantiles.size() == count) return;
  quantiles.assign(count, 0.0);
  for (std::uint32_t i = 0; i + 1 < count; ++i) quantiles[i] = -std::log1p(-static_cast<double>(i + 1) / count);
}

// Slope through the origin of -log(1 - F(mu)) over log(mu), mu = r2 / r1, without the largest tenth of the mu.
std::optional<double> two_nn(const Neighbours& neighbours, Scratch& scratch) {
  auto& log_mu = scratch.log_ratios;
  log_mu.resize(neighbours.count);
  for (std::uint32_t i = 0; i < neighbours.count; ++i) {
    const float* lengths = neighbours.lengths_of(i);
    log_mu[i] = std::log(double{lengths[1]} / lengths[0]);
  }
  std::sort(log_mu.begin(), log_mu.end());
  prepare_quantiles(neighbours.count, scratch.quantiles);
  const std::size_t kept = log_mu.size() * 9 / 10;
  double xy = 0;
  double xx = 0;
  for (std::size_t i = 0; i < kept; ++i) {
    xy += log_mu[i] * scratch.quantiles[i];
    xx += log_mu[i] * log_mu[i];
  }
  if (!(xx > 0)) return std::nullopt;
  return xy / xx;
}

}  // namespace

Estimates estimate(const Neighbours& neighbours, Scratch& scratch, std::uint32_t limit) {
  const std::uint32_t k = std::min(limit, neighbours.k);
  if (k < 2) return {};
  for (std::uint32_t i = 0; i < neighbours.count; ++i) {
    if (!(neighbours.lengths_of(i)[0] > 0)) return {};
  }
  return {levina_bickel(neighbours, k), two_nn(neighbours, scratch)};
}

Estimates estimate(const Distances& distances, std::uint32_t limit) {
  std::vector<float> values;
  Neighbours neighbours;
  const std::uint32_t k = std::max(limit, 2U);
  nearest(distinct(distances, values), k, neighbours);
  Scratch scratch;
  return estimate(neighbours, scratch, k);
}

}  // namespace cms::dimension
