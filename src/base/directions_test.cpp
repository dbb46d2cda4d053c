#include "base/directions.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/kernels.hpp"
#include "base/random.hpp"
#include "base/scalar.hpp"
#include "base/targets_example.hpp"

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

// Products and inverse lengths as rows of 64 give them, and those no rows give.
struct Products {
  std::vector<std::int32_t> products;
  std::vector<double> inverse_lengths;

  Products(Random& random, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto length = static_cast<std::int32_t>(random.below(2000000));
      const auto bound = static_cast<std::uint64_t>(length) + 1;
      products.push_back(static_cast<std::int32_t>(random.below(2 * bound)) - length);
      if (random.below(5) == 0) products.back() = length;
      inverse_lengths.push_back(inverse_length(random.below(9) == 0 ? 0 : length));
    }
  }
};

std::vector<std::uint32_t> bits(const std::vector<float>& values) {
  std::vector<std::uint32_t> result;
  for (const float value : values) result.push_back(std::bit_cast<std::uint32_t>(value));
  return result;
}

TEST(Directions, rows_of_chords_are_single_chords_bit_for_bit_on_every_instruction_set) {
  Random random(5);
  for (std::size_t count = 0; count <= 257; count += count < 40 ? 1 : 31) {
    const Products in(random, count);
    const double inverse = inverse_length(static_cast<std::int32_t>(random.below(2000000)));
    std::vector<float> expected(count), expected_squares(count);
    scalar::chords(in.products, in.inverse_lengths, inverse, expected);
    scalar::squared_chords(in.products, in.inverse_lengths, inverse, expected_squares);
    on_every_target([&] {
      std::vector<float> out(count, -1.0F), squares(count, -1.0F);
      chords(in.products, in.inverse_lengths, inverse, out);
      squared_chords(in.products, in.inverse_lengths, inverse, squares);
      EXPECT_EQ(bits(out), bits(expected)) << count;
      EXPECT_EQ(bits(squares), bits(expected_squares)) << count;
    });
  }
}

TEST(Directions, the_gaussian_kernel_is_exp_to_a_millionth_and_1_at_distance_0) {
  EXPECT_EQ(gaussian(0, 0), 1.0F);
  EXPECT_EQ(gaussian(0, 1e30F), 1.0F);
  EXPECT_EQ(gaussian(2, 0), 1.0F);
  EXPECT_EQ(gaussian(2, 1e30F), 0.0F);
  double worst = 0;
  for (float square = 0; square < 69.5F; square = square * 1.00002F + 1e-9F) {
    const double expected = std::exp(-static_cast<double>(square));
    if (expected < 1.1e-30) continue;
    worst = std::max(worst, std::abs(gaussian_of_square(square, 1) - expected) / expected);
  }
  EXPECT_LT(worst, 1e-6);
  EXPECT_EQ(gaussian_of_square(69.1F, 1), 0.0F);
}

TEST(Directions, the_gaussian_kernel_never_rises_with_the_distance) {
  float before = 1;
  for (float square = 0; square < 70; square = square * 1.0005F + 1e-7F) {
    const float value = gaussian_of_square(square, 1);
    EXPECT_LE(value, before * (1 + 3e-7F)) << square;
    before = value;
  }
}

TEST(Directions, rows_of_gaussians_and_their_weighted_sums_are_plain_loops_bit_for_bit) {
  Random random(6);
  const float tiny = std::numeric_limits<float>::denorm_min();
  for (std::size_t count = 0; count <= 257; count += count < 40 ? 1 : 31) {
    std::vector<float> in(count), weights(count);
    for (std::size_t i = 0; i < count; ++i) {
      in[i] = static_cast<float>(2 * random.uniform());
      if (random.below(9) == 0) in[i] = random.below(2) == 0 ? 0.0F : tiny;
      weights[i] = random.below(9) == 0 ? 100 * tiny : static_cast<float>(random.uniform());
    }
    for (const float scale : {0.0F, tiny, 0.5F, 3.0F, 17.3F, 1e9F}) {
      std::vector<float> expected(count), sums(16);
      scalar::gaussians(in, scale, expected);
      const float sum = scalar::weighted_gaussian_sum(in, weights, scale, std::span<float, 16>(sums));
      on_every_target([&] {
        std::vector<float> out(count, -1.0F);
        gaussians(in, scale, out);
        EXPECT_EQ(bits(out), bits(expected)) << count << " at " << scale;
        EXPECT_EQ(bits({weighted_gaussian_sum(in, weights, scale)}), bits({sum})) << count << " at " << scale;
      });
    }
  }
}

}  // namespace
}  // namespace cms
