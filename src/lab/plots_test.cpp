// The pictures of experiments, on results small enough to check by hand.
#include <gtest/gtest.h>

#include "lab/ablation.hpp"
#include "lab/first_study.hpp"
#include "lab/frontier.hpp"
#include "lab/sleeper.hpp"
#include "lab/students.hpp"

namespace cms::lab {
namespace {

using nlohmann::json;

const json& titled(const json& plots, const std::string& title) {
  for (const auto& plot : plots) {
    if (plot["title"] == title) return plot;
  }
  ADD_FAILURE() << "no picture " << title;
  return plots.front();
}

// The value of a curve at x.
double at(const json& curve, double x) {
  for (const auto& point : curve["points"]) {
    if (std::abs(point[0].get<double>() - x) < 1e-9) return point[1].get<double>();
  }
  ADD_FAILURE() << "no point at " << x;
  return -1;
}

CellResult cell(const std::string& name, bool honest, const std::vector<double>& lowest) {
  CellResult one;
  one.name = name;
  one.honest = one.calibration_kind = honest;
  for (const double poh : lowest) one.fates.push_back({0, poh, poh <= kFlagged ? 40U : 0U});
  return one;
}

TEST(FirstStudyPlots, are_shares_of_the_accounts) {
  FirstStudyResult result;
  result.horizon = 60;
  result.configurations = {{"all", {}}};
  result.cells = {cell("single", true, {.002, .2, .5, .9}), cell("naive", false, {.0005, .005, .3, .6}),
                  cell("stream x", false, {.7})};
  const auto all = plots(result);
  const auto& roc = titled(all, "ROC: attackers over many fields")["curves"];
  ASSERT_EQ(roc.size(), 1U);
  EXPECT_EQ(at(roc[0], .25), .25);  // as low as .002: one of four each
  EXPECT_EQ(at(roc[0], .5), .5);    // as low as .2
  EXPECT_EQ(at(roc[0], 1), 1);
  const auto& delay = titled(all, "Detection delay")["curves"][0];
  EXPECT_EQ(at(delay, 39), 0);
  EXPECT_EQ(at(delay, 40), .5);
  const auto& calibration = titled(all, "Calibration")["curves"];
  ASSERT_EQ(calibration.size(), 2U);
  EXPECT_EQ(at(calibration[1], .01), .25);
  const auto& rungs = titled(all, "What the policy does")["bars"];
  ASSERT_EQ(rungs.size(), 3U);
  EXPECT_EQ(rungs[1]["values"], (json{.25, .25, 0, 0, .5}));  // review, limit, price, observe, allow
  EXPECT_EQ(titled(all, "ROC: streams of one family")["curves"].size(), 1U);
}

TEST(FrontierPlots, have_a_curve_for_every_cost_of_an_account_and_every_checkpoint) {
  FrontierResult result;
  FrontierRun unwatched, watched;
  unwatched.one_account = watched.one_account = true;
  unwatched.requests = unwatched.requests_sent = 100;
  watched.floor = .01;
  watched.requests = watched.requests_sent = 300;
  unwatched.accounts = watched.accounts = 1;
  watched.at_checkpoints = {.3, .5, .7, .8};
  result.runs = {{unwatched, watched}};
  const auto all = plots(result);
  const auto& costs = titled(all, "What extraction costs")["curves"];
  ASSERT_EQ(costs.size(), kAccountCosts.size());
  EXPECT_EQ(at(costs[0], .01), 3);
  const auto& coverage = titled(all, "Coverage against clustering")["curves"];
  ASSERT_EQ(coverage.size(), kCheckpoints.size());
  EXPECT_EQ(at(coverage[1], .01), .5);
  EXPECT_TRUE(plots(FrontierResult{}).empty());
}

TEST(SleeperPlots, count_who_is_flagged_by_the_nth_request_of_the_attack) {
  const std::vector<SleeperOutcome> outcomes = {{"naive", 0, false, 40, 0}, {"naive", 0, false, 0, 0}};
  const auto all = plots(outcomes);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(at(all[0]["curves"][0], 36), 0);
  EXPECT_EQ(at(all[0]["curves"][0], 40), .5);
}

TEST(AblationPlots, have_a_picture_a_block_that_was_run_with_a_bar_a_configuration) {
  std::vector<AblationRow> rows(3);
  rows[0] = {.block = AblationBlock::rank, .name = "rank 16", .honest_worst = .02, .attackers = .5};
  rows[1] = {.block = AblationBlock::rank, .name = "rank 64", .product = true, .honest_worst = .01, .attackers = .8};
  rows[2] = {.block = AblationBlock::window, .name = "window 64", .product = true, .attackers = .8};
  const auto all = plots(rows);
  ASSERT_EQ(all.size(), 2U);
  const auto text = all[0].dump();
  EXPECT_NE(text.find("rank 64 * (0.010)"), std::string::npos);
  EXPECT_EQ(text.find("window"), std::string::npos);
}

TEST(StudentsPlots, have_a_dot_for_every_account) {
  StudentsResult result;
  result.students.resize(3);
  result.students[0].honest = true;
  result.students[2].coverage = .4;
  result.students[2].fidelity.use_weighted = .3;
  const auto all = plots(result);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]["curves"][0]["points"].size(), 2U);
  EXPECT_EQ(all[0]["curves"][1]["points"].size(), 1U);
  EXPECT_EQ(at(all[0]["curves"][0], .4), .3);
}

}  // namespace
}  // namespace cms::lab
