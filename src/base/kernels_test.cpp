#include "base/kernels.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.hpp"

namespace cms {
namespace {

TEST(Kernels, the_float_product_equals_a_double_sum_within_its_roundings) {
  Random random(1);
  for (const std::size_t n : {0u, 1u, 7u, 8u, 9u, 64u, 576u, 1001u}) {
    std::vector<float> a(n), b(n);
    double expected = 0, magnitude = 0;
    for (std::size_t i = 0; i < n; ++i) {
      a[i] = static_cast<float>(random.normal());
      b[i] = static_cast<float>(random.normal());
      expected += static_cast<double>(a[i]) * b[i];
      magnitude += std::abs(static_cast<double>(a[i]) * b[i]);
    }
    const double roundings = static_cast<double>(n) / 8 + 4;
    EXPECT_NEAR(dot(std::span<const float>(a), std::span<const float>(b)), expected, roundings * 6e-8 * magnitude);
  }
}

TEST(Kernels, the_integer_product_is_exact_at_the_extremes) {
  const std::vector<std::int8_t> low(4096, -128), high(4096, 127);
  EXPECT_EQ(dot(std::span<const std::int8_t>(low), std::span<const std::int8_t>(low)), 4096 * 128 * 128);
  EXPECT_EQ(dot(std::span<const std::int8_t>(low), std::span<const std::int8_t>(high)), -4096 * 128 * 127);
}

}  // namespace
}  // namespace cms
