#include "base/pareto.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.hpp"

namespace cms {
namespace {

// By inversion of the survival function.
std::vector<double> drawn(const Pareto& law, std::size_t count, Random& random) {
  std::vector<double> values(count);
  for (auto& value : values) {
    const double u = 1 - random.uniform();
    value = law.scale * (law.shape > 0 ? (std::pow(u, -law.shape) - 1) / law.shape : -std::log(u));
  }
  std::ranges::sort(values);
  return values;
}

TEST(Pareto, fitted_to_its_own_draws_is_what_they_were_drawn_from) {
  Random random(1);
  for (const Pareto law : {Pareto{1, 0}, Pareto{2, .3}, Pareto{.1, .45}}) {
    const auto fitted = fit_pareto(drawn(law, 200'000, random), .9);
    EXPECT_NEAR(fitted.scale, law.scale, .03 * law.scale);
    EXPECT_NEAR(fitted.shape, law.shape, .03);
  }
}

TEST(Pareto, keeps_the_mean_where_the_shape_is_held) {
  Random random(2);
  const auto values = drawn({1, .45}, 10'000, random);
  double mean = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (const double most : {0.0, .2}) {
    const auto fitted = fit_pareto(values, most);
    EXPECT_EQ(fitted.shape, most);
    EXPECT_NEAR(fitted.scale / (1 - fitted.shape), mean, 1e-9);
  }
  EXPECT_EQ(fit_pareto(std::vector<double>(5, 0.0), .5).scale, 0);
  const auto alike = fit_pareto(std::vector<double>(5, 3.0), .5);
  EXPECT_TRUE(std::isfinite(alike.scale) && alike.scale > 0);
}

TEST(Pareto, survival_falls_from_1_and_its_logarithm_is_the_rarity) {
  for (const Pareto law : {Pareto{1, 0}, Pareto{2, .3}, Pareto{1, 1e-10}}) {
    EXPECT_EQ(survival(law, 0), 1);
    EXPECT_EQ(log_rarity(law, 0), 0);
    for (double x = .1; x < 50; x *= 1.5) {
      EXPECT_LT(survival(law, x), survival(law, x / 1.5));
      EXPECT_NEAR(log_rarity(law, x), -std::log(survival(law, x)), 1e-9);
      EXPECT_NEAR(excess_of(law, log_rarity(law, x)), x, 1e-12 * x);
    }
  }
}

}  // namespace
}  // namespace cms
