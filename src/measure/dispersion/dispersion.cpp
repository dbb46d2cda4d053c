#include "measure/dispersion/dispersion.hpp"

namespace cms::dispersion {

std::optional<double> mean_cosine(const Distances& distances) {
  const std::uint32_t n = distances.count;
  if (n < 2) return std::nullopt;
  double squares = 0;
  for (std::uint32_t i = 1; i < n; ++i) {
    const float* row = distances.row(i);
    for (std::uint32_t j = 0; j < i; ++j) squares += double{row[j]} * row[j];
  }
  return 1 - squares / (1.0 * n * (n - 1));
}

}  // namespace cms::dispersion
