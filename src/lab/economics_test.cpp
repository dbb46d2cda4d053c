#include "lab/economics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace cms::lab {
namespace {

// Five rows, each in a chart of its own that weighs a fifth. Two charts are free; the third costs 1 + 3, the fourth
// 1 + 6: so the four that make 80% cost 1 + 1 + 4 + 7 in one account, and 4 in two.
class Economics : public testing::Test {
 protected:
  Economics() {
    for (std::uint16_t row = 0; row < 5; ++row) {
      ground_.yardstick.charts.push_back(row);
      prices_.charts.push_back(row);
      prices_.buckets.push_back(row);
      prices_.leakage.push_back(0);
    }
    ground_.yardstick.mass.assign(5, .2);
    prices_.masses.assign(5, .2);
    prices_.mass.at = {1, 1};
    prices_.covered = {{1}, {2}};
    prices_.tariff.allowance = {{2, 2}, {4, 2}};
    for (std::size_t r = 0; r < kRuleCount; ++r) rules_[r] = {static_cast<RuleKind>(r), 0};
    rules_[static_cast<std::size_t>(RuleKind::charts)].scale = 3;
  }

  // Rows 0 to 4 in turn, by the account of each.
  [[nodiscard]] WhiteBoxRun run_of(std::vector<std::uint32_t> accounts, double poh = 1) const {
    WhiteBoxRun run;
    run.rows.resize(accounts.size());
    std::iota(run.rows.begin(), run.rows.end(), 0);
    run.poh.assign(accounts.size(), poh);
    run.accounts = std::move(accounts);
    return run;
  }
  [[nodiscard]] Attack judged(const WhiteBoxRun& run, const std::string& attacker = "white-box") const {
    return judge(ground_, prices_, rules_, attacker, run);
  }

  Ground ground_;
  PriceGround prices_;
  Rules rules_{};
};

double charts_of(const PerRule& paid) { return paid[static_cast<std::size_t>(RuleKind::charts)]; }

TEST_F(Economics, a_run_costs_what_can_be_added_up_by_hand) {
  const auto one = judged(run_of({0, 0, 0, 0, 0}));
  EXPECT_TRUE(one.reached);
  EXPECT_EQ(one.requests, 4U);
  EXPECT_EQ(one.accounts, 1U);
  EXPECT_EQ(one.paid[0], 4);
  EXPECT_DOUBLE_EQ(charts_of(one.paid), 13);
  const auto two = judged(run_of({0, 0, 1, 1}));
  EXPECT_EQ(two.accounts, 2U);
  EXPECT_DOUBLE_EQ(charts_of(two.paid), 4);
  EXPECT_DOUBLE_EQ(charts_of(two.paid_as_one), 13);
}

TEST_F(Economics, c_is_the_cheapest_run_that_keeps_the_floor_over_the_unwatched_one) {
  EconomicsSeed seed;
  seed.unwatched = 4;
  seed.attacks = {judged(run_of({0, 0, 0, 0}, .001)), judged(run_of({0, 0, 0, 0})), judged(run_of({0, 0, 1, 1}))};
  seed.attacks[0].paid.fill(1);
  const auto c = [&](double floor, double cost, std::uint32_t accounts, bool as_one) {
    return cost_of(seed, {RuleKind::charts, floor, cost, accounts, as_one, ""}).multiplier;
  };
  EXPECT_DOUBLE_EQ(c(0, 0, 1, false), .25);
  EXPECT_DOUBLE_EQ(c(.01, 0, 1, false), 13. / 4);
  EXPECT_DOUBLE_EQ(c(.01, 0, 0, false), 1);
  EXPECT_DOUBLE_EQ(c(.01, 10, 0, false), 23. / 14);
  EXPECT_DOUBLE_EQ(c(.01, 0, 0, true), 13. / 4);
}

TEST_F(Economics, c_that_was_not_reached_is_what_the_most_persistent_paid_and_says_so) {
  EconomicsSeed seed;
  seed.unwatched = 4;
  seed.attacks = {judged(run_of({0})), judged(run_of({0, 0, 0}))};
  const auto cost = cost_of(seed, {RuleKind::charts, 0, 0, 1, false, ""});
  EXPECT_FALSE(cost.reached);
  EXPECT_DOUBLE_EQ(cost.multiplier, 6. / 4);
  EXPECT_EQ(cost_of(seed, {RuleKind::charts, 0, 0, 1, false, "naive"}).multiplier, 0);
  seed.unwatched = 0;
  EXPECT_EQ(cost_of(seed, {RuleKind::charts, 0, 0, 1, false, ""}).multiplier, 0);
}

TEST_F(Economics, those_who_do_not_know_the_yardstick_are_held_against_their_own_minimum) {
  EconomicsSeed seed;
  seed.unwatched = 4;
  seed.unwatched_blind = 8;
  seed.attacks = {judged(run_of({0, 0, 0, 0})), judged(run_of({0, 0, 1, 1}), "blind, greedy")};
  EXPECT_DOUBLE_EQ(cost_of(seed, {RuleKind::charts, 0, 0, 0, false, ""}).multiplier, 13. / 4);
  EXPECT_DOUBLE_EQ(cost_of(seed, {RuleKind::charts, 0, 0, 0, false, kBlind}).multiplier, 4. / 8);
}

TEST_F(Economics, a_replayer_takes_the_honest_account_that_has_most_of_what_is_missing) {
  const std::vector<Honest> honest = {
      {"", {0, 0, 1}, {1, 1, 1}}, {"", {0, 1, 2}, {1, .5, 1}}, {"", {3, 0, 0}, {1, 1, 1}}};
  Random random(1);
  const auto run = replay_fastest(ground_, honest, 3, random);
  EXPECT_EQ(run.rows, (std::vector<std::uint32_t>{0, 1, 2, 3, 0, 0}));
  EXPECT_EQ(run.accounts, (std::vector<std::uint32_t>{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(run.poh_min, .5);
}

TEST_F(Economics, a_team_is_of_the_kinds_that_calibration_knows_and_asks_in_turn) {
  const std::vector<Honest> honest = {
      {"unseen single", {4, 4}, {.1, .1}}, {"single", {0, 1, 2}, {1, .5, .4}}, {"batch", {3}, {.2}}};
  Random random(1);
  for (int draw = 0; draw < 20; ++draw) {
    const auto team = draw_team(honest, {"single", "power"}, {2, 2}, random);
    EXPECT_EQ(team.rows, (std::vector<std::uint32_t>{0, 0, 1, 1}));
    EXPECT_EQ(team.poh, (std::vector<double>{1, 1, .5, .5}));
  }
}

TEST_F(Economics, floors_that_do_not_begin_unwatched_or_are_no_poh_are_wrong_usage) {
  for (const auto& floors : std::vector<std::vector<double>>{
           {}, {.01}, {.01, 0}, {0, 0}, {0, -.1}, {0, 1.1}, {0, NAN}, {NAN}, {0, INFINITY}}) {
    EconomicsOptions options;
    options.data = testing::TempDir() + "no_such_folder";
    options.floors = floors;
    EXPECT_EQ(run_economics(options).error().code, ErrorCode::usage) << testing::PrintToString(floors);
    options.floors = {0, .01, 1};
    EXPECT_EQ(run_economics(options).error().code, ErrorCode::bad_input);
  }
}

TEST_F(Economics, mass_is_reached_by_the_request_that_makes_it_or_never) {
  EXPECT_EQ(requests_to_reach(ground_, std::vector<std::uint32_t>{0, 0, 1, 2, 3, 4}), 5U);
  EXPECT_EQ(requests_to_reach(ground_, std::vector<std::uint32_t>{0, 1, 2}), UINT32_MAX);
}

}  // namespace
}  // namespace cms::lab
