#include "measure/mixture/mixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/oracles/statistics.hpp"
#include "base/directions.hpp"
#include "base/random.hpp"

namespace cms::mixture {
namespace {

std::vector<double> rising(const std::vector<float>& values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

using Chords = std::vector<std::uint16_t>;

Chords rounded(const std::vector<float>& values) {
  Chords chords;
  for (const float value : values) chords.push_back(round_chord(value));
  return chords;
}

std::vector<float> normal_values(std::size_t count, Random& random) {
  std::vector<float> values(count);
  for (auto& value : values) value = static_cast<float>(0.8 + 0.1 * random.normal());
  return values;
}

// The definition in double, with std::sort.
std::optional<double> straightforward(const Chords& chords) {
  std::vector<double> values;
  for (const auto chord : chords) {
    if (chord != kNoChord) values.push_back(chord / 32767.0);
  }
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  double squares = 0;
  for (const double value : values) mean += value / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  std::erase_if(values, [&](double value) { return std::abs(value - mean) >= 3 * std::sqrt(squares / n); });
  std::sort(values.begin(), values.end());
  if (values.size() < kCountMin) return std::nullopt;
  Workspace workspace;
  const auto complement = shapiro_wilk_complement(values, workspace);
  if (!complement) return std::nullopt;
  return std::log(std::max(*complement, 1e-12));
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

TEST(Normality, agrees_with_the_oracle_up_to_the_rounding_of_chords) {
  Workspace workspace;
  int compared = 0;
  for (const auto& one : oracle::statistics("mixture")) {
    const auto values = one.at("values").get<std::vector<float>>();
    if (*std::ranges::min_element(values) < 0 || *std::ranges::max_element(values) > 2) continue;
    oracle::expect_equal(normality(rounded(values), workspace), one.at("normality"), 1e-4,
                         one.at("name").get<std::string>());
    ++compared;
  }
  EXPECT_GE(compared, 20);
}

TEST(Normality, equals_the_straightforward_way_on_random_tied_clustered_and_extreme_chords) {
  Random random(6);
  Workspace workspace;
  for (int round = 0; round < 3000; ++round) {
    const int kind = round % 6;
    Chords chords(random.below(round % 100 == 0 ? 5500 : 300));
    for (auto& chord : chords) {
      const double normal = 26'000 + 3'000 * random.normal();
      const double value = kind == 0   ? normal
                           : kind == 1 ? 65'535.0 * random.uniform()
                           : kind == 2 ? 100.0 * static_cast<double>(random.below(5))
                           : kind == 3 ? 65'534.0 * static_cast<double>(random.below(2))
                           : kind == 4 ? 30'000 + static_cast<double>(random.below(3))
                                       : normal / (random.below(20) == 0 ? 10 : 1);
      chord = random.below(50) == 0 ? kNoChord : static_cast<std::uint16_t>(std::clamp(value, 0.0, 65'534.0));
    }
    const auto expected = straightforward(chords);
    const auto found = normality(chords, workspace);
    ASSERT_EQ(found.has_value(), expected.has_value()) << chords.size() << " chords of kind " << kind;
    if (found) { EXPECT_NEAR(*found, *expected, 1e-9) << chords.size() << " chords of kind " << kind; }
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
      one += *normality(rounded(values), workspace) / 50;
      for (std::size_t i = 0; i < count; i += 2) values[i] += 0.4F;
      two += *normality(rounded(values), workspace) / 50;
    }
    // The mean of log(1 - W) under normality falls about as -log n (Royston 1992).
    EXPECT_LT(one, -3.5) << count;
    EXPECT_GT(two, one + 1) << count;
  }
}

TEST(Normality, of_as_perfect_a_fit_as_chords_can_have_is_finite) {
  Workspace workspace;
  // The coefficients themselves, which W compares with, are as normal as it gets.
  const auto a = shapiro_wilk_coefficients(17, workspace);
  Chords ideal(17, 32'767);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto offset = static_cast<int>(std::lround(32'767 * a[i] / a[0]));
    ideal[i] = static_cast<std::uint16_t>(32'767 - offset);
    ideal[16 - i] = static_cast<std::uint16_t>(32'767 + offset);
  }
  const auto low = normality(ideal, workspace);
  ASSERT_TRUE(low);
  EXPECT_GE(*low, std::log(1e-12));
  EXPECT_LT(*low, std::log(1e-8));
}

TEST(Normality, leaves_out_what_lies_beyond_three_deviations) {
  Random random(3);
  Workspace workspace;
  auto values = normal_values(100, random);
  std::erase_if(values, [](float value) { return std::abs(value - 0.8F) > 0.2F; });
  const auto expected = normality(rounded(values), workspace);
  values.push_back(2);
  EXPECT_EQ(normality(rounded(values), workspace), expected);
}

TEST(Normality, depends_neither_on_order_nor_on_missing_entries_nor_on_what_the_workspace_has_seen) {
  Random random(4);
  Workspace used;
  for (std::size_t count = 16; count < 600; count += 7) {
    auto chords = rounded(normal_values(count, random));
    Workspace fresh;
    const auto expected = normality(chords, fresh);
    random.shuffle(chords);
    chords.insert(chords.begin() + 5, 3, kNoChord);
    EXPECT_EQ(*normality(chords, used), *expected);
  }
}

TEST(Normality, allocates_nothing_for_lengths_it_has_met) {
  Random random(7);
  Workspace workspace;
  for (std::size_t n = 3; n <= 200; ++n) (void)shapiro_wilk_coefficients(n, workspace);
  (void)normality(rounded(normal_values(200, random)), workspace);
  const auto storage = [&] {
    std::vector<const void*> found = {workspace.kept.data(), workspace.halfway.data()};
    for (const auto& place : workspace.places) found.push_back(place.values.data());
    return found;
  };
  const auto before = storage();
  for (int round = 0; round < 300; ++round) {
    (void)normality(rounded(normal_values(random.below(201), random)), workspace);
  }
  EXPECT_EQ(storage(), before);
}

TEST(Normality, holds_no_more_coefficients_than_places_however_many_lengths_it_meets) {
  Workspace workspace;
  for (std::size_t n = 3; n <= 2000; ++n) {
    const auto a = shapiro_wilk_coefficients(n, workspace);
    ASSERT_EQ(a.size(), n / 2);
    double squares = 0;
    for (const double value : a) squares += 2 * value * value;
    ASSERT_NEAR(squares, 1, 1e-12) << n;
  }
  EXPECT_EQ(workspace.places.size(), Workspace::kPlaces);
}

TEST(Normality, of_too_few_too_many_or_equal_values_is_not_measured) {
  Workspace workspace;
  EXPECT_FALSE(normality({}, workspace));
  EXPECT_FALSE(normality(Chords(100, 3'000), workspace));
  EXPECT_FALSE(normality(Chords(100, kNoChord), workspace));
  EXPECT_FALSE(normality(Chords{1'000, 2'000, 3'000}, workspace));
  Random random(5);
  EXPECT_TRUE(normality(rounded(normal_values(4'900, random)), workspace));
  EXPECT_FALSE(normality(rounded(normal_values(5'600, random)), workspace));
  EXPECT_FALSE(normality(rounded(normal_values(65'535, random)), workspace));
}

}  // namespace
}  // namespace cms::mixture
