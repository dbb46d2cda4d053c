#include "lab/economics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

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

// One kind opens four charts and pays 3 scale / 4 beyond its requests, the other one and nothing: a scale of .4 / 3.
class EqualSurcharge : public Economics {
 protected:
  EqualSurcharge() {
    const std::vector<WhiteBoxRun> runs = {run_of({0, 0, 0, 0}), run_of({0, 0, 1, 1})};
    EconomicsSeed seed;
    seed.rules = rules_;
    seed.unwatched = 4;
    for (const auto& run : runs) seed.attacks.push_back(judged(run, "systematic"));
    const std::vector<double> poh(4, 1);
    const std::vector<Honest> honest = {{"broad", {0, 1, 2, 3}, poh}, {"narrow", {4, 4, 4, 4}, poh}};
    const std::vector<Honest> old = {{"old broad", {0, 1, 2, 3, 4}, {1, 1, 1, 1, 1}}};
    seed.bills = bills_of(prices_, rules_, honest, 4);
    result_.floors = {0};
    result_.seeds = {seed, seed};
    kept_.assign(2, {prices_, honest, 4, old, 5, runs});
    result_.equal = at_equal_surcharge(result_.seeds, kept_, 2);
  }

  EconomicsResult result_;
  std::vector<Kept> kept_;
};

// The dearest kind's surcharge; of one account a kind it is every quantile.
double dearest(const EconomicsSeed& seed, std::size_t rule) {
  double most = 0;
  for (const auto& bill : seed.bills) {
    if (!bill.kind.starts_with("old ")) most = std::max(most, bill.surcharges.front()[rule]);
  }
  return most;
}

TEST_F(EqualSurcharge, is_a_tenth_by_every_rule_that_a_scale_brings_there) {
  for (const auto& seed : result_.equal) {
    for (std::size_t r = 0; r < kRuleCount; ++r) {
      const auto kind = static_cast<RuleKind>(r);
      const bool free = kind == RuleKind::flat || seed.rules[r].scale >= kScaleMax;
      EXPECT_NEAR(dearest(seed, r), free ? 0 : kSurchargeHighMax, 1e-6) << name(kind);
    }
    EXPECT_NEAR(seed.rules[static_cast<std::size_t>(RuleKind::charts)].scale, .4 / 3, 1e-6);
    EXPECT_EQ(seed.rules[static_cast<std::size_t>(RuleKind::charts_ladder)].scale,
              seed.rules[static_cast<std::size_t>(RuleKind::charts_ladder_fitted)].scale);
  }
  EXPECT_NEAR(dearest(result_.seeds[0], static_cast<std::size_t>(RuleKind::charts)), 9. / 4, 1e-12);
}

TEST_F(EqualSurcharge, is_what_attackers_and_old_accounts_are_charged_by) {
  const auto& seed = result_.equal[1];
  EXPECT_EQ(seed.unwatched, 4);
  ASSERT_EQ(seed.attacks.size(), 2U);
  EXPECT_NEAR(charts_of(seed.attacks[0].paid), 4.4, 1e-6);
  EXPECT_NEAR(charts_of(seed.attacks[1].paid), 4, 1e-6);
  EXPECT_NEAR(charts_of(seed.attacks[1].paid_as_one), 4.4, 1e-6);
  EXPECT_NEAR(charts_of(seed.bills.back().surcharges.front()), 6 * .4 / 3 / 5, 1e-6);
  EXPECT_EQ(seed.bills.back().kind, "old broad");
  EXPECT_DOUBLE_EQ(charts_of(result_.seeds[1].attacks[0].paid), 13);
}

TEST_F(EqualSurcharge, has_a_table_that_says_what_its_scales_were_set_on_and_lines_without_a_goal) {
  const auto equal = [&] {
    const auto text = describe(result_);
    const auto from = text.find("rules at equal surcharge");
    EXPECT_NE(text.substr(0, from).find("charts+ladder, fitted "), std::string::npos);
    return text.substr(from, text.find("\n\n", from) - from);
  };
  EXPECT_NE(equal().find("of the test part itself, so that 99% is 0.10; reported only, nothing is chosen by it"),
            std::string::npos);
  EXPECT_EQ(equal().find("charts+ladder, fitted"), std::string::npos);
  result_.tune = true;
  EXPECT_NE(equal().find("of the calibrate part itself"), std::string::npos);
  std::vector<double> figures;
  std::istringstream all(goal_lines(result_));
  for (std::string text; std::getline(all, text);) {
    const auto line = nlohmann::json::parse(text);
    if (!line["what"].get<std::string>().starts_with("economics: at equal surcharge, rule charts: ")) continue;
    figures.push_back(line["figure"]);
    EXPECT_EQ(line["goal"], "-");
    EXPECT_TRUE(line["holds"].is_null());
  }
  ASSERT_EQ(figures.size(), 3U);
  EXPECT_NEAR(figures[0], kSurchargeHighMax, 1e-6);  // of one account a kind the median is all that is paid
  EXPECT_NEAR(figures[2], 4.4 / 4, 1e-6);
}

TEST_F(Economics, floors_that_do_not_begin_unwatched_or_are_no_poh_are_wrong_usage) {
  for (const auto& floors : std::vector<std::vector<double>>{
           {}, {.01}, {.01, 0}, {0, 0}, {0, -.1}, {0, 1.1}, {0, NAN}, {NAN}, {0, INFINITY}}) {
    EconomicsOptions options;
    options.data = testing::TempDir() + "no_such_folder";
    options.floors = floors;
    TextsUsed texts;
    EXPECT_EQ(run_economics(options, texts).error().code, ErrorCode::usage) << testing::PrintToString(floors);
    options.floors = {0, .01, 1};
    EXPECT_EQ(run_economics(options, texts).error().code, ErrorCode::bad_input);
  }
}

TEST_F(Economics, mass_is_reached_by_the_request_that_makes_it_or_never) {
  EXPECT_EQ(requests_to_reach(ground_, std::vector<std::uint32_t>{0, 0, 1, 2, 3, 4}), 5U);
  EXPECT_EQ(requests_to_reach(ground_, std::vector<std::uint32_t>{0, 1, 2}), UINT32_MAX);
}

}  // namespace
}  // namespace cms::lab
