#include "base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace cms {
namespace {

TEST(Random, equal_seeds_give_equal_streams_and_other_seeds_others) {
  Random a(5), b(5), c(6);
  for (int i = 0; i < 100; ++i) {
    const auto bits = a.bits();
    EXPECT_EQ(bits, b.bits());
    EXPECT_NE(bits, c.bits());
  }
}

TEST(Random, below_reaches_every_value_equally_often) {
  Random random(1);
  std::vector<int> seen(7);
  for (int i = 0; i < 70000; ++i) ++seen[random.below(7)];
  for (const int count : seen) EXPECT_NEAR(count, 10000, 400);
}

TEST(Random, normal_gamma_and_geometric_have_their_moments) {
  Random random(2);
  constexpr int n = 200000;
  double normal = 0, square = 0, gamma = 0, geometric = 0;
  for (int i = 0; i < n; ++i) {
    const double x = random.normal();
    normal += x;
    square += x * x;
    gamma += random.gamma(0.7);
    geometric += random.geometric(0.125);
  }
  EXPECT_NEAR(normal / n, 0, 0.01);
  EXPECT_NEAR(square / n, 1, 0.02);
  EXPECT_NEAR(gamma / n, 0.7, 0.01);
  EXPECT_NEAR(geometric / n, 7, 0.1);
}

TEST(Random, weighted_never_takes_what_has_no_weight) {
  Random random(3);
  const std::vector<double> weights = {0, 1, 0, 3};
  int last = 0;
  for (int i = 0; i < 4000; ++i) {
    const auto taken = random.weighted(weights);
    ASSERT_TRUE(taken == 1 || taken == 3);
    last += taken == 3;
  }
  EXPECT_NEAR(last, 3000, 150);
}

}  // namespace
}  // namespace cms
