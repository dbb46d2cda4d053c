#include "base/directions.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/kernels.hpp"
#include "base/random.hpp"

namespace cms {
namespace {

float chord_between(const std::vector<std::int8_t>& a, const std::vector<std::int8_t>& b) {
  const std::span<const std::int8_t> x(a), y(b);
  return chord(dot(x, y), inverse_length(dot(x, x)), inverse_length(dot(y, y)));
}

TEST(Directions, rounding_keeps_the_chord_distance_to_within_a_hundredth) {
  Random random(4);
  for (int round = 0; round < 200; ++round) {
    std::vector<float> a(64), b(64);
    double aa = 0, bb = 0, ab = 0;
    for (std::size_t i = 0; i < 64; ++i) {
      a[i] = static_cast<float>(random.normal());
      b[i] = a[i] * 0.5F + static_cast<float>(random.normal());
      aa += double{a[i]} * a[i];
      bb += double{b[i]} * b[i];
      ab += double{a[i]} * b[i];
    }
    const double exact = std::sqrt(2 - 2 * ab / std::sqrt(aa * bb));
    EXPECT_NEAR(chord_between(round_direction(a), round_direction(b)), exact, 0.01);
  }
}

TEST(Directions, equal_directions_are_at_distance_exactly_zero_and_opposite_ones_at_two) {
  const std::vector<float> a = {0.3F, -0.2F, 0.9F};
  const std::vector<float> minus = {-0.3F, 0.2F, -0.9F};
  EXPECT_EQ(chord_between(round_direction(a), round_direction(a)), 0.0F);
  EXPECT_EQ(chord_between(round_direction(a), round_direction(minus)), 2.0F);
}

TEST(Directions, vectors_without_a_direction_become_zero_and_give_finite_distances) {
  const float tiny = std::numeric_limits<float>::denorm_min();
  for (const auto& vector : {std::vector<float>{0, 0}, std::vector<float>{tiny, 0}}) {
    const auto rounded = round_direction(vector);
    EXPECT_EQ(rounded, (std::vector<std::int8_t>{0, 0}));
    EXPECT_FLOAT_EQ(chord_between(rounded, {1, 0}), std::sqrt(2.0F));
  }
}

}  // namespace
}  // namespace cms
