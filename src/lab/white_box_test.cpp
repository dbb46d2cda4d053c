#include "lab/white_box.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "lab/frontier.hpp"
#include "lab/ground_example.hpp"
#include "pipeline/step.hpp"
#include "pipeline/tariff.hpp"

namespace cms::lab {
namespace {

class WhiteBox : public testing::Test {
 protected:
  static const SmallGround& ground() {
    static const SmallGround made = small_ground();
    return made;
  }
  static WhiteBoxRun run(const WhiteBoxOptions& options) {
    return run_white_box(ground().study, ground().model, ground().prize(), options, Random(5));
  }
  // Lowest PoH of any account, by sending the run again.
  static double lowest(const WhiteBoxRun& run) {
    std::map<std::uint32_t, pipeline::AccountState> states;
    pipeline::Scratch scratch;
    double poh = 1;
    for (std::size_t i = 0; i < run.rows.size(); ++i) {
      auto& state = states.try_emplace(run.accounts[i], pipeline::make_account(ground().model)).first->second;
      pipeline::advance(ground().model, state, ground().study.projected[run.rows[i]], 0, scratch);
      poh = std::min(poh, pipeline::score_at(ground().model, state, 0).poh);
    }
    return poh;
  }
};

TEST_F(WhiteBox, unwatched_takes_a_new_chart_with_every_request_in_one_account) {
  const auto free = run({});
  std::set<std::uint16_t> covered, within_reach;
  for (const auto row : free.rows) EXPECT_TRUE(covered.insert(ground().charts[row]).second);
  for (const auto row : ground().study.split.test) within_reach.insert(ground().charts[row]);
  EXPECT_EQ(covered, within_reach);
  EXPECT_EQ(std::set(free.accounts.begin(), free.accounts.end()).size(), 1U);
}

TEST_F(WhiteBox, keeps_every_account_above_its_floor) {
  for (const double floor : {.02, .2}) {
    for (const std::uint32_t pace : {0U, 2U}) {
      const auto kept = run({.floor = floor, .pace = pace, .requests_max = 300});
      ASSERT_FALSE(kept.rows.empty());
      EXPECT_GE(kept.poh_min, floor);
      EXPECT_EQ(kept.poh_min, lowest(kept));
    }
  }
}

TEST_F(WhiteBox, would_fall_below_the_floor_if_it_did_not_look) {
  const auto free = run({});
  EXPECT_LT(free.poh_min, .2);
  EXPECT_EQ(free.poh_min, lowest(free));
}

TEST_F(WhiteBox, sends_no_text_twice_in_an_account_and_leaves_accounts_when_told) {
  const auto kept = run({.floor = .05, .account_requests = 12, .requests_max = 200});
  std::map<std::uint32_t, std::set<std::uint32_t>> texts;
  for (std::size_t i = 0; i < kept.rows.size(); ++i) {
    EXPECT_TRUE(texts[kept.accounts[i]].insert(ground().study.corpus.rows[kept.rows[i]].text_id).second);
  }
  EXPECT_GT(texts.size(), 1U);
  for (const auto& [account, sent] : texts) EXPECT_LE(sent.size(), 12U);
  const auto one = run({.floor = .2, .accounts_max = 1});
  EXPECT_EQ(std::set(one.accounts.begin(), one.accounts.end()).size(), 1U);
}

// The product's charts are the prize, so what is new to the attacker is new to the ledger.
PriceGround prices_of(const SmallGround& ground) {
  PriceGround prices;
  prices.tariff = pipeline::tariff(ground.model);
  prices.charts = ground.charts;
  prices.masses = ground.mass;
  prices.buckets.assign(ground.charts.size(), 0);
  prices.leakage.assign(ground.charts.size(), 0);
  return prices;
}

TEST_F(WhiteBox, told_a_price_never_pays_more_than_it_wants_and_waits_for_the_allowance) {
  const auto prices = prices_of(ground());
  WhiteBoxOptions options{.accounts_max = 1, .requests_max = 150, .idle_max = 150, .prices = &prices};
  options.rule = {RuleKind::charts, 10};
  const auto dearest = [&](const WhiteBoxRun& sent) {
    auto purse = make_purse(prices);
    double most = 0;
    for (const auto row : sent.rows) {
      const double charged = price(prices, options.rule, purse, row, 1);
      pay(prices, purse, row, charged);
      most = std::max(most, charged);
    }
    return most;
  };
  EXPECT_GT(dearest(run(options)), 1);
  options.price_max = 1;
  options.patient = true;
  const auto patient = run(options);
  EXPECT_EQ(dearest(patient), 1);
  EXPECT_GT(patient.rows.size(), run({}).rows.size());
  options.floor = .1;
  const auto kept = run(options);
  EXPECT_GE(lowest(kept), .1);
  EXPECT_EQ(kept.poh_min, lowest(kept));
}

TEST_F(WhiteBox, judged_by_a_yardstick_it_does_not_know_goes_on_until_that_is_covered) {
  Yardstick unknown{ground().charts, ground().mass};
  std::vector<std::uint16_t> own(ground().charts.size());
  for (std::size_t row = 0; row < own.size(); ++row) own[row] = static_cast<std::uint16_t>(row % 30);
  const std::vector<double> worth(30, 1.0 / 30);
  WhiteBoxOptions options{.requests_max = 300, .coverage_max = .1};
  const auto blind = run_white_box(ground().study, ground().model,
                                   {own, worth, ground().study.split.test, &unknown}, options, Random(5));
  const auto coverage = coverage_of(unknown, blind.rows);
  EXPECT_GE(coverage.back(), .1 - 1e-9);
  EXPECT_LT(coverage[coverage.size() - 2], .1);
}

TEST_F(WhiteBox, does_the_same_again) {
  const WhiteBoxOptions options{.floor = .1, .pace = 1, .requests_max = 60};
  EXPECT_EQ(run(options).rows, run(options).rows);
}

FrontierRun way(double floor, bool one, std::uint32_t requests, std::uint32_t sent, std::uint32_t accounts) {
  FrontierRun run;
  run.floor = floor;
  run.one_account = one;
  run.requests = requests;
  run.requests_sent = sent;
  run.accounts = accounts;
  return run;
}

TEST(Cost, is_the_cheapest_way_over_the_unwatched_one) {
  const std::vector<FrontierRun> runs = {way(0, true, 100, 100, 1), way(.1, true, 400, 400, 1),
                                         way(.1, false, 150, 150, 10)};
  EXPECT_DOUBLE_EQ(cost_at(runs, .1, 0, false).multiplier, 1.5);
  EXPECT_DOUBLE_EQ(cost_at(runs, .1, 100, false).multiplier, 500.0 / 200);
  EXPECT_DOUBLE_EQ(cost_at(runs, .1, 0, true).multiplier, 4);
  EXPECT_TRUE(cost_at(runs, .1, 0, true).reached);
}

TEST(Cost, is_unknown_where_even_the_unwatched_did_not_get_there) {
  const std::vector<FrontierRun> runs = {way(0, true, 0, 60, 1), way(.1, true, 0, 70, 1)};
  EXPECT_EQ(cost_at(runs, .1, 10, false).multiplier, 0);
  EXPECT_FALSE(cost_at(runs, .1, 10, false).reached);
}

TEST(Cost, that_was_not_reached_is_a_bound_and_says_so) {
  const std::vector<FrontierRun> runs = {way(0, true, 100, 100, 1), way(.1, true, 0, 70, 1),
                                         way(.1, false, 0, 900, 30)};
  const auto cost = cost_at(runs, .1, 0, false);
  EXPECT_FALSE(cost.reached);
  EXPECT_DOUBLE_EQ(cost.multiplier, 9);
}

}  // namespace
}  // namespace cms::lab
