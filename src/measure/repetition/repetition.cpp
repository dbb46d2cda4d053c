#include "measure/repetition/repetition.hpp"

#include <algorithm>

namespace cms::repetition {

std::optional<double> near_duplicates(std::span<const std::uint8_t> flags) {
  if (flags.empty()) return std::nullopt;
  const auto repeats = std::count_if(flags.begin(), flags.end(), [](std::uint8_t flag) { return flag != 0; });
  return static_cast<double>(repeats) / static_cast<double>(flags.size());
}

std::optional<double> effective_rank(const Distances& distances, std::span<const std::uint32_t> multiplicities) {
  const std::uint32_t n = distances.count;
  if (multiplicities.size() != n) return std::nullopt;
  double trace = 0;
  double squares = 0;  // squared Frobenius norm
  for (std::uint32_t i = 0; i < n; ++i) {
    const double weight = multiplicities[i];
    const float* row = distances.row(i);
    double below = 0;
    for (std::uint32_t j = 0; j < i; ++j) {
      const double cosine = 1 - double{row[j]} * row[j] / 2;
      below += multiplicities[j] * (cosine * cosine);
    }
    trace += weight;
    squares += weight * (weight + 2 * below);
  }
  if (trace < 2) return std::nullopt;
  return trace * trace / squares;
}

}  // namespace cms::repetition
