#include "lab/white_box.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "lab/demo_example.hpp"
#include "lab/frontier.hpp"
#include "lab/honest.hpp"
#include "pipeline/step.hpp"

namespace cms::lab {
namespace {

struct SmallGround {
  Study study;
  pipeline::Model model;
  std::vector<std::uint16_t> charts;  // of every row, in the product's atlas
  std::vector<double> mass;

  [[nodiscard]] Prize prize() const { return {charts, mass, study.split.test}; }
};

SmallGround make_ground() {
  SmallGround ground;
  StudyOptions options;
  options.atlas = {.rank = 16, .chart_count = 40, .sketch_dimension = 16, .reference_max = 200};
  ground.study = *make_study(annotated_set(), options);
  Random random(3);
  HonestOptions honest;
  honest.length = {60, 60};
  const auto people = subset(ground.study.corpus, ground.study.split.calibrate,
                             [](const CorpusRow& row) { return row.origin == Origin::people; });
  std::vector<ComposedAccount> accounts;
  while (accounts.size() < 160) accounts.push_back(*power(ground.study.corpus, people, honest, random));
  std::vector<score::Trajectory> trajectories;
  for (const auto& one : measure_accounts(ground.study, accounts, "calibrate", {{}, 64, 60, 1})) {
    trajectories.push_back(one.trajectory);
  }
  ground.model.atlas = ground.study.atlas;
  ground.model.calibration = *score::calibrate(trajectories, 60, {});
  for (const auto& projected : ground.study.projected) ground.charts.push_back(projected.chart);
  ground.mass.assign(ground.study.atlas.chart_count(), 1.0 / ground.study.atlas.chart_count());
  return ground;
}

class WhiteBox : public testing::Test {
 protected:
  static const SmallGround& ground() {
    static const SmallGround made = make_ground();
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
