#include "base/directions.hpp"

#include <algorithm>
#include <cmath>

namespace cms {

std::vector<std::int8_t> round_direction(std::span<const float> vector) {
  float largest = 0;
  for (const float value : vector) largest = std::max(largest, std::abs(value));
  std::vector<std::int8_t> rounded(vector.size(), 0);
  if (largest <= 0) return rounded;
  const float scale = 127.0F / largest;
  // Dividing by a denormal overflows; such a vector has no direction worth keeping.
  if (!std::isfinite(scale)) return rounded;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    rounded[i] = static_cast<std::int8_t>(std::nearbyint(vector[i] * scale));
  }
  return rounded;
}

float chord(std::int32_t product, std::int32_t norm_a, std::int32_t norm_b) {
  if (norm_a == 0 || norm_b == 0) return norm_a == norm_b ? 0.0F : std::sqrt(2.0F);
  const double cosine = product / std::sqrt(static_cast<double>(norm_a) * norm_b);
  return static_cast<float>(std::sqrt(std::clamp(2.0 - 2.0 * cosine, 0.0, 4.0)));
}

}  // namespace cms
