#include "measure/divergence/divergence.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace cms::divergence {
namespace {

std::optional<double> if_finite(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

double mean(std::span<const float> values) {
  double total = 0;
  for (const float value : values) total += value;
  return total / static_cast<double>(values.size());
}

}  // namespace

std::optional<double> mean_log_density(std::span<const float> log_densities) {
  if (log_densities.empty()) return std::nullopt;
  return if_finite(mean(log_densities));
}

std::optional<Neighbours> neighbours(std::span<const float> distances) {
  if (distances.empty()) return std::nullopt;
  const double all = mean(distances);
  if (!std::isfinite(all)) return std::nullopt;
  std::vector<float> sorted(distances.begin(), distances.end());
  const std::size_t tenth = (sorted.size() + 9) / 10;
  std::partial_sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(tenth), sorted.end(),
                    std::greater<>());
  return Neighbours{all, mean(std::span(sorted).first(tenth))};
}

std::optional<double> mmd(const Distances& window, std::span<const float> kernel_to_reference,
                          const Reference& reference) {
  const std::uint32_t n = window.count;
  if (n < 2 || kernel_to_reference.size() != n || !(reference.bandwidth > 0)) return std::nullopt;
  const double scale = -1 / (2 * reference.bandwidth * reference.bandwidth);
  double pairs = 0;
  for (std::uint32_t i = 1; i < n; ++i) {
    const float* row = window.row(i);
    for (std::uint32_t j = 0; j < i; ++j) pairs += std::exp(scale * (double{row[j]} * row[j]));
  }
  return if_finite(2 * pairs / (1.0 * n * (n - 1)) - 2 * mean(kernel_to_reference) + reference.self_kernel);
}

}  // namespace cms::divergence
