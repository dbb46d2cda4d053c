#include "lab/statistics.hpp"

#include <gtest/gtest.h>

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

TEST(ClopperPearson, equals_the_published_interval_of_seven_in_three_hundred) {
  // scipy.stats.beta.ppf(.05, 7, 294) and beta.ppf(.95, 8, 293).
  EXPECT_NEAR(rate_lower_bound(7, 300, .95), 0.010999, 1e-4);
  EXPECT_NEAR(rate_upper_bound(7, 300, .95), 0.043462, 1e-4);
}

TEST(ClopperPearson, holds_at_the_ends) {
  EXPECT_EQ(rate_lower_bound(0, 50, .95), 0);
  EXPECT_EQ(rate_upper_bound(50, 50, .95), 1);
  EXPECT_NEAR(rate_upper_bound(0, 50, .95), 1 - std::pow(.05, 1.0 / 50), 1e-9);
}

}  // namespace
}  // namespace cms::lab
