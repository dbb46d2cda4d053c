#include "base/pareto.hpp"

#include <algorithm>
#include <cmath>

namespace cms {
namespace {

constexpr double kExponential = 1e-9;  // shapes up to it

}  // namespace

Pareto fit_pareto(std::span<const double> excesses, double shape_max) {
  const std::size_t count = excesses.size();
  double b0 = 0, b1 = 0;
  for (std::size_t i = 0; i < count; ++i) {
    b0 += excesses[i];
    b1 += excesses[i] * static_cast<double>(count - 1 - i) / static_cast<double>(count - 1);
  }
  b0 /= static_cast<double>(count);
  b1 /= static_cast<double>(count);
  const double denominator = b0 - 2 * b1;
  if (denominator <= 1e-12) return {b0, 0};  // excesses that are all alike, or nearly: no shape to be seen
  const double shape = 2 - b0 / denominator;
  Pareto law;
  law.shape = std::clamp(shape, 0.0, shape_max);
  law.scale = law.shape == shape ? 2 * b0 * b1 / denominator : b0 * (1 - law.shape);
  return law;
}

double survival(const Pareto& law, double excess) {
  const double x = excess / law.scale;
  return law.shape > kExponential ? std::pow(1 + law.shape * x, -1 / law.shape) : std::exp(-x);
}

double log_rarity(const Pareto& law, double excess) {
  const double x = excess / law.scale;
  return law.shape > kExponential ? std::log1p(law.shape * x) / law.shape : x;
}

double excess_of(const Pareto& law, double rarity) {
  return law.scale * (law.shape > kExponential ? std::expm1(law.shape * rarity) / law.shape : rarity);
}

}  // namespace cms
