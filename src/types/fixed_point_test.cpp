#include "types/fixed_point.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"

namespace cms {
namespace {

TEST(RoundEven, equals_nearbyint_on_halves_extremes_and_random_values) {
  Random random(1);
  for (const double limit : {1.0, 1e3, 0x1p32, 0x1p51}) {
    EXPECT_EQ(round_even(limit), std::nearbyint(limit));
    EXPECT_EQ(round_even(-limit), std::nearbyint(-limit));
    for (int i = 0; i < 10'000; ++i) {
      const double value = (2 * random.uniform() - 1) * limit;
      EXPECT_EQ(round_even(value), std::nearbyint(value));
      const double half = std::floor(value / 2) + 0.5;
      EXPECT_EQ(round_even(half), std::nearbyint(half));
    }
  }
  EXPECT_EQ(round_even(0.5), 0);
  EXPECT_EQ(round_even(1.5), 2);
  EXPECT_EQ(round_even(-0.5), 0);
  EXPECT_EQ(units_per_one(30), 1073741824.0);
}

}  // namespace
}  // namespace cms
