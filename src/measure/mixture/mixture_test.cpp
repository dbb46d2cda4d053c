#include "measure/mixture/mixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tests/oracles/statistics.hpp"
#include "base/random.hpp"

namespace cms::mixture {
namespace {

std::vector<double> rising(const std::vector<float>& values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::vector<float> normal_values(std::size_t count, Random& random) {
  std::vector<float> values(count);
  for (auto& value : values) value = static_cast<float>(0.8 + 0.1 * random.normal());
  return values;
}

TEST(ShapiroWilk, agrees_with_the_oracle_from_3_to_5000_values) {
  Workspace workspace;
  for (const auto& one : oracle::statistics("mixture")) {
    const auto name = one.at("name").get<std::string>();
    const auto complement = shapiro_wilk_complement(rising(one.at("values").get<std::vector<float>>()), workspace);
    const auto w = complement ? std::optional(1 - *complement) : std::nullopt;
    oracle::expect_equal(w, one.at("w"), 1e-9, name);
    oracle::expect_equal(w, one.at("w_of_scipy"), 1e-6, name);
  }
}

TEST(ShapiroWilk, does_not_change_when_values_are_moved_stretched_or_mirrored) {
  Random random(1);
  Workspace workspace;
  for (const std::size_t count : {3u, 4u, 5u, 6u, 31u, 200u}) {
    std::vector<double> values(count);
    for (auto& value : values) value = random.gamma(1.5);
    std::sort(values.begin(), values.end());
    const double expected = *shapiro_wilk_complement(values, workspace);
    for (auto& value : values) value = 7 - 3 * value;
    std::reverse(values.begin(), values.end());
    EXPECT_NEAR(*shapiro_wilk_complement(values, workspace), expected, 1e-12) << count;
  }
}

TEST(ShapiroWilk, of_three_values_is_the_closed_form) {
  Workspace workspace;
  // W = (x3 - x1)^2 / (2 * sum of squares about the mean); for 0, 1, 3 that is 9 / (2 * 14 / 3).
  EXPECT_NEAR(1 - *shapiro_wilk_complement(std::vector<double>{0, 1, 3}, workspace), 27.0 / 28, 1e-15);
  EXPECT_NEAR(*shapiro_wilk_complement(std::vector<double>{1, 2, 3}, workspace), 0, 1e-15);
}

TEST(ShapiroWilk, is_not_measured_outside_3_to_5000_values_or_without_spread) {
  Workspace workspace;
  std::vector<double> values(5001);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  EXPECT_FALSE(shapiro_wilk_complement({}, workspace));
  EXPECT_FALSE(shapiro_wilk_complement(std::span(values).first(2), workspace));
  EXPECT_TRUE(shapiro_wilk_complement(std::span(values).first(5000), workspace));
  EXPECT_FALSE(shapiro_wilk_complement(values, workspace));
  EXPECT_FALSE(shapiro_wilk_complement(std::vector<double>(20, 0.1), workspace));
}

TEST(Normality, agrees_with_the_oracle) {
  Workspace workspace;
  for (const auto& one : oracle::statistics("mixture")) {
    oracle::expect_equal(normality(one.at("values").get<std::vector<float>>(), workspace), one.at("normality"), 1e-9,
                         one.at("name").get<std::string>());
  }
}

TEST(Normality, is_low_for_one_population_and_high_for_two) {
  Random random(2);
  Workspace workspace;
  for (const std::size_t count : {64u, 150u, 500u}) {
    double one = 0;
    double two = 0;
    for (int round = 0; round < 50; ++round) {
      auto values = normal_values(count, random);
      one += *normality(values, workspace) / 50;
      for (std::size_t i = 0; i < count; i += 2) values[i] += 0.4F;
      two += *normality(values, workspace) / 50;
    }
    // The mean of log(1 - W) under normality falls about as -log n (Royston 1992).
    EXPECT_LT(one, -3.5) << count;
    EXPECT_GT(two, one + 1) << count;
  }
}

TEST(Normality, of_a_perfect_fit_is_finite) {
  Workspace workspace;
  const auto values = [&] {
    // The coefficients themselves, which W compares with, are as normal as it gets.
    (void)shapiro_wilk_complement(rising(std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}),
                                  workspace);
    std::vector<float> ideal(17);
    for (std::size_t i = 0; i < 8; ++i) {
      ideal[i] = static_cast<float>(-workspace.coefficients[17][i]);
      ideal[16 - i] = -ideal[i];
    }
    return ideal;
  }();
  const auto low = normality(values, workspace);
  ASSERT_TRUE(low);
  EXPECT_GE(*low, std::log(1e-12));
  EXPECT_LT(*low, std::log(1e-10));
}

TEST(Normality, leaves_out_what_lies_beyond_three_deviations) {
  Random random(3);
  Workspace workspace;
  auto values = normal_values(100, random);
  std::erase_if(values, [](float value) { return std::abs(value - 0.8F) > 0.2F; });
  const auto expected = normality(values, workspace);
  values.push_back(90);
  EXPECT_EQ(normality(values, workspace), expected);
}

TEST(Normality, depends_neither_on_order_nor_on_what_the_workspace_has_seen) {
  Random random(4);
  Workspace used;
  for (std::size_t count = 16; count < 80; ++count) {
    auto values = normal_values(count, random);
    Workspace fresh;
    const auto expected = normality(values, fresh);
    random.shuffle(values);
    EXPECT_NEAR(*normality(values, used), *expected, 1e-12);
  }
}

TEST(Normality, of_too_few_equal_or_not_finite_values_is_not_measured) {
  Random random(5);
  Workspace workspace;
  EXPECT_FALSE(normality({}, workspace));
  EXPECT_FALSE(normality(std::vector<float>(100, 0.1F), workspace));
  EXPECT_FALSE(normality(std::vector<float>{0.1F, 0.2F, 0.3F}, workspace));
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const std::size_t place : {0u, 10u}) {
      auto values = normal_values(30, random);
      ASSERT_TRUE(normality(values, workspace));
      values[place] = bad;
      EXPECT_FALSE(normality(values, workspace));
    }
  }
}

}  // namespace
}  // namespace cms::mixture
