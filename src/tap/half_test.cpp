#include "tap/half.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace cms::tap {
namespace {

// The definition, by search: the nearest of all halves, the even one at a tie.
std::uint16_t nearest_half(float value) {
  const bool negative = std::signbit(value);
  const double magnitude = std::fabs(static_cast<double>(value));
  std::uint16_t best = 0;
  double best_distance = std::numeric_limits<double>::infinity();
  for (std::uint32_t bits = 0; bits <= 0x7C00; ++bits) {
    // Rounding treats infinity as the half that would follow the greatest one, 2^16.
    const auto half = static_cast<std::uint16_t>(bits);
    const double candidate = half == 0x7C00 ? 65536.0 : static_cast<double>(from_half(half));
    const double distance = std::fabs(candidate - magnitude);
    if (distance < best_distance || (distance == best_distance && bits % 2 == 0)) {
      best = static_cast<std::uint16_t>(bits);
      best_distance = distance;
    }
  }
  return static_cast<std::uint16_t>(best | (negative ? 0x8000U : 0U));
}

TEST(Half, every_half_survives_the_way_to_float_and_back) {
  for (std::uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    if (std::isnan(from_half(half))) {
      EXPECT_TRUE(std::isnan(from_half(to_half(from_half(half)))));
    } else {
      ASSERT_EQ(to_half(from_half(half)), half);
    }
  }
}

TEST(Half, known_values_are_decoded) {
  EXPECT_EQ(from_half(0x3C00), 1.0F);
  EXPECT_EQ(from_half(0xC000), -2.0F);
  EXPECT_EQ(from_half(0x0001), 0x1p-24F);
  EXPECT_EQ(from_half(0x03FF), 1023 * 0x1p-24F);
  EXPECT_EQ(from_half(0x7BFF), 65504.0F);
  EXPECT_EQ(from_half(0x7C00), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(from_half(0x7C01)));
  EXPECT_TRUE(std::signbit(from_half(0x8000)));
  EXPECT_EQ(from_bfloat16(0x3F80), 1.0F);
}

TEST(Half, rounding_agrees_with_a_search_over_all_halves) {
  std::uint32_t state = 1;
  for (int i = 0; i < 300; ++i) {
    state = state * 1664525U + 1013904223U;
    // Exponents around the range of halves, from far below the subnormals to beyond the greatest.
    const std::uint32_t exponent = 98 + state % 48;
    state = state * 1664525U + 1013904223U;
    const auto value = std::bit_cast<float>((state & 0x807FFFFFU) | (exponent << 23));
    ASSERT_EQ(to_half(value), nearest_half(value)) << value;
  }
  for (const float value : {0x1p-25F, 0x1.8p-24F, 0x1.000002p-25F, 0x1.ffep-15F, 65519.99F, 65520.0F, 1e30F, 1e-45F}) {
    EXPECT_EQ(to_half(value), nearest_half(value)) << value;
    EXPECT_EQ(to_half(-value), nearest_half(-value)) << value;
  }
}

}  // namespace
}  // namespace cms::tap
