#include "lab/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.hpp"

namespace cms::lab {
namespace {

TEST(AreaUnderCurve, equals_counting_every_pair) {
  Random random(1);
  std::vector<double> a, b;
  for (int i = 0; i < 60; ++i) a.push_back(static_cast<double>(random.below(12)));
  for (int i = 0; i < 40; ++i) b.push_back(static_cast<double>(random.below(9)));
  double wins = 0;
  for (const double x : a) {
    for (const double y : b) wins += x > y ? 1 : x == y ? 0.5 : 0;
  }
  EXPECT_NEAR(area_under_curve(a, b), wins / (60 * 40), 1e-12);
}

TEST(CaughtAt, is_the_greatest_share_that_any_threshold_of_that_rate_gives_and_rises_with_it) {
  Random random(2);
  std::vector<double> positives, negatives;
  for (int i = 0; i < 80; ++i) positives.push_back(static_cast<double>(random.below(30)));
  for (int i = 0; i < 50; ++i) negatives.push_back(static_cast<double>(random.below(25)));
  double before = 0;
  for (const double rate : {0.0, .01, .02, .07, .1, .3, .5, .99, 1.0}) {
    double best = 0;
    for (double threshold = -1; threshold <= 30; ++threshold) {
      const auto above = [threshold](double value) { return value > threshold; };
      const auto wrong = std::count_if(negatives.begin(), negatives.end(), above);
      if (static_cast<double>(wrong) > rate * 50 + 1e-9) continue;
      best = std::max(best, static_cast<double>(std::count_if(positives.begin(), positives.end(), above)) / 80);
    }
    EXPECT_DOUBLE_EQ(caught_at(positives, negatives, rate), best) << rate;
    EXPECT_GE(best, before);
    before = best;
  }
  EXPECT_EQ(caught_at({}, negatives, .1), 0);
  EXPECT_EQ(caught_at(positives, {}, .1), 0);
}

TEST(ClopperPearson, equals_the_published_interval_of_seven_in_three_hundred) {
  // scipy.stats.beta.ppf(.05, 7, 294) and beta.ppf(.95, 8, 293).
  EXPECT_NEAR(rate_lower_bound(7, 300, .95), 0.010999, 1e-4);
  EXPECT_NEAR(rate_upper_bound(7, 300, .95), 0.043462, 1e-4);
}

TEST(ConformalPValue, counts_those_at_least_as_great_and_the_newcomer) {
  const std::vector<double> rising = {1, 2, 2, 5};
  for (const auto& [value, p] : {std::pair(0.0, 1.0), {1.0, 1.0}, {2.0, .8}, {2.5, .4}, {5.0, .4}, {6.0, .2}}) {
    EXPECT_DOUBLE_EQ(conformal_p_value(rising, value), p) << value;
  }
  EXPECT_EQ(conformal_p_value({}, 3), 1);
}

TEST(ClopperPearson, holds_at_the_ends) {
  EXPECT_EQ(rate_lower_bound(0, 50, .95), 0);
  EXPECT_EQ(rate_upper_bound(50, 50, .95), 1);
  EXPECT_NEAR(rate_upper_bound(0, 50, .95), 1 - std::pow(.05, 1.0 / 50), 1e-9);
}

}  // namespace
}  // namespace cms::lab
