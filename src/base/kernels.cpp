#include "base/kernels.hpp"

#include <array>

namespace cms {

float dot(std::span<const float> a, std::span<const float> b) {
  std::array<float, 8> sums{};
  const std::size_t blocks = a.size() / 8 * 8;
  for (std::size_t i = 0; i < blocks; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (std::size_t i = blocks; i < a.size(); ++i) sums[i - blocks] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

std::int32_t dot(std::span<const std::int8_t> a, std::span<const std::int8_t> b) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::int32_t{a[i]} * std::int32_t{b[i]};
  return sum;
}

}  // namespace cms
