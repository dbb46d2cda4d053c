#include "base/directions.hpp"

#include <algorithm>
#include <cmath>

namespace cms {

void round_direction(std::span<const float> vector, std::span<std::int8_t> rounded) {
  float largest = 0;
  for (const float value : vector) largest = std::max(largest, std::abs(value));
  // Dividing by a denormal overflows; such a vector has no direction worth keeping.
  const float scale = largest > 0 ? 127.0F / largest : 0.0F;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    rounded[i] = std::isfinite(scale) ? static_cast<std::int8_t>(std::nearbyint(vector[i] * scale)) : std::int8_t{0};
  }
}

std::vector<std::int8_t> round_direction(std::span<const float> vector) {
  std::vector<std::int8_t> rounded(vector.size());
  round_direction(vector, rounded);
  return rounded;
}

double inverse_length(std::int32_t squared_length) {
  return squared_length > 0 ? 1 / std::sqrt(static_cast<double>(squared_length)) : 0.0;
}

float chord(std::int32_t product, double inverse_a, double inverse_b) {
  const double squared = 2.0 - 2.0 * (product * (inverse_a * inverse_b));
  return squared < kSameDirection ? 0.0F : std::sqrt(static_cast<float>(squared));
}

void chords(std::span<const std::int32_t> products, std::span<const double> inverse_lengths, double inverse_length,
            std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = chord(products[i], inverse_lengths[i], inverse_length);
}

float gaussian(float chord, float scale) {
  const float power = -scale * (chord * chord);
  return power < -69.0F ? 0.0F : std::exp(power);
}

void gaussians(std::span<const float> chords, float scale, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = gaussian(chords[i], scale);
}

std::uint16_t round_chord(float chord) {
  return static_cast<std::uint16_t>(std::nearbyint(std::clamp(chord, 0.0F, 2.0F) * 32767.0F));
}

float chord_of(std::uint16_t rounded) { return static_cast<float>(rounded) / 32767.0F; }

}  // namespace cms
