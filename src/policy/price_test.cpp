#include "policy/price.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.hpp"

namespace cms::policy {
namespace {

Tariff example() {
  Tariff tariff;
  tariff.options = {.steepness = 2, .growth = 1, .poh = .01, .ladder = 3, .price_max = 50};
  tariff.allowance = {{16, 12}, {32, 20}, {64, 30}, {128, 42}};
  return tariff;
}

Score score_of(double poh) {
  Score score;
  score.computed = true;
  score.poh = poh;
  return score;
}

// An account that has opened the first `covered` of 256 charts in `distinct` requests.
Ledger account(std::uint32_t covered, std::uint32_t distinct) {
  auto ledger = *make_ledger(256);
  for (std::uint32_t i = 0; i < distinct; ++i) enter(ledger, std::min(i, covered - 1), false, 1);
  return ledger;
}

TEST(Price, allowance_is_every_request_at_first_and_then_what_the_knots_say) {
  const auto tariff = example();
  EXPECT_EQ(allowance_at(tariff, 1), 1);
  EXPECT_EQ(allowance_at(tariff, 16), 16);
  EXPECT_DOUBLE_EQ(allowance_at(tariff, 32), 20);
  EXPECT_DOUBLE_EQ(allowance_at(tariff, std::sqrt(32. * 64)), 25);
  EXPECT_DOUBLE_EQ(allowance_at(tariff, 128), 42);
}

TEST(Price, allowance_goes_on_growing_as_over_the_last_doubling_or_as_much_of_it_as_is_wanted) {
  auto tariff = example();
  EXPECT_NEAR(allowance_at(tariff, 512), 42 + 2 * 12, 1e-9);
  tariff.options.growth = .5;
  EXPECT_NEAR(allowance_at(tariff, 512), 42 + 12, 1e-9);
  tariff.options.growth = 0;
  EXPECT_NEAR(allowance_at(tariff, 1e9), 42, 1e-9);
  tariff.options.slack = 1.5;
  EXPECT_NEAR(allowance_at(tariff, 128), 63, 1e-9);
  EXPECT_EQ(allowance_at({}, 10), std::numeric_limits<double>::infinity());
}

TEST(Price, is_one_up_to_the_allowance_and_grows_with_every_chart_beyond) {
  const auto tariff = example();
  EXPECT_DOUBLE_EQ(price_of_new_chart(tariff, account(29, 63), score_of(1)), 1);
  EXPECT_DOUBLE_EQ(price_of_new_chart(tariff, account(30, 63), score_of(1)), 3);
  EXPECT_DOUBLE_EQ(price_of_new_chart(tariff, account(31, 63), score_of(1)), 5);
  EXPECT_DOUBLE_EQ(price_of_new_chart(tariff, account(63, 63), score_of(1)), 50);
}

TEST(Price, of_a_repeat_or_of_a_chart_that_is_covered_is_one_however_wide_the_account) {
  const auto tariff = example();
  const auto wide = account(60, 63);
  EXPECT_EQ(price(tariff, wide, 5, false, score_of(1)), 1);
  EXPECT_EQ(price(tariff, wide, 200, true, score_of(1)), 1);
  EXPECT_GT(price(tariff, wide, 200, false, score_of(1)), 1);
}

TEST(Price, rises_with_every_factor_that_poh_lies_below_the_ladder_and_only_when_it_is_known) {
  const auto tariff = example();
  const auto narrow = account(5, 20);
  EXPECT_EQ(price(tariff, narrow, 1, false, score_of(.01)), 1);
  EXPECT_NEAR(price(tariff, narrow, 1, false, score_of(.01 / std::exp(1.0))), 4, 1e-9);
  EXPECT_TRUE(std::isfinite(price(tariff, narrow, 1, false, score_of(0))));
  auto unknown = score_of(0);
  unknown.computed = false;
  EXPECT_EQ(price(tariff, narrow, 1, false, unknown), 1);
}

TEST(Price, is_never_below_one_nor_above_its_cap_and_never_falls_with_coverage_at_equal_age) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    auto tariff = example();
    tariff.options.steepness = 10 * random.uniform();
    tariff.options.slack = .5 + random.uniform();
    tariff.options.ladder = 5 * random.uniform();
    const auto distinct = static_cast<std::uint32_t>(1 + random.below(400));
    const auto score = score_of(random.uniform() * .02);
    double before = 1;
    for (std::uint32_t covered = 1; covered <= std::min(distinct, 255U); covered += 7) {
      const double cost = price_of_new_chart(tariff, account(covered, distinct), score);
      EXPECT_GE(cost, 1);
      EXPECT_LE(cost, 50);
      EXPECT_GE(cost, before);
      before = cost;
    }
  }
}

TEST(Price, does_not_fall_when_an_account_that_is_as_wide_is_younger) {
  const auto tariff = example();
  for (std::uint32_t covered = 20; covered < 100; covered += 10) {
    double before = 1e9;
    for (std::uint32_t distinct = covered; distinct < 2'000; distinct += 50) {
      const double cost = price_of_new_chart(tariff, account(covered, distinct), score_of(1));
      EXPECT_LE(cost, before);
      before = cost;
    }
  }
}

TEST(Price, that_is_charged_is_what_was_asked_and_is_entered) {
  const auto tariff = example();
  auto ledger = account(31, 63);
  const double asked = price(tariff, ledger, 100, false, score_of(1));
  EXPECT_EQ(charge(tariff, ledger, 100, false, score_of(1)), asked);
  EXPECT_TRUE(ledger.covers(100));
  EXPECT_DOUBLE_EQ(ledger.paid(), 63 + asked);
}

}  // namespace
}  // namespace cms::policy
