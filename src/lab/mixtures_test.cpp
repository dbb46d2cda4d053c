#include "lab/mixtures.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "lab/mixtures_ranked.hpp"

namespace cms::lab {
namespace {

constexpr std::size_t kTest = 4;  // any: all are ranked alike

TestedAccount account(double value, double poh) {
  TestedAccount one;
  one.tests[kTest] = value;
  one.poh = poh, one.evidence = value;
  return one;
}

// 199 honest accounts rank, at 0 to 198: p of a value is (1 + those at least as great) / 200.
TestedSeed seed_of(std::vector<std::vector<TestedAccount>> cells) {
  TestedSeed seed;
  for (int i = 198; i >= 0; --i) seed.ranking.push_back(account(i, 1));
  seed.cells = std::move(cells);
  return seed;
}

// The first cell calibrated, the others are under test.
std::vector<Cell> cells_of(std::size_t count) {
  std::vector<Cell> cells(count);
  cells.front().calibration_kind = true;
  return cells;
}

MixturesResult ranked(const TestedSeed& seed) {
  MixturesResult result;
  result.cells.resize(seed.cells.size());
  add_cells(seed, cells_of(seed.cells.size()), 1, result);
  return result;
}

TEST(Mixtures, a_test_alone_flags_who_at_most_one_in_a_hundred_of_those_that_rank_come_up_to) {
  const auto cell = ranked(seed_of({{account(198.5, 1), account(198, 1), account(197, 1), account(0, 0)}})).cells[0];
  EXPECT_EQ(cell.accounts, 4U);
  EXPECT_DOUBLE_EQ(cell.alone[kTest], .5);  // p of .005 and .01; the third has .015, the last all of them above it
  EXPECT_DOUBLE_EQ(cell.score, .25);
}

TEST(Mixtures, the_score_or_a_test_flags_at_half_the_level_of_each) {
  const auto result = ranked(seed_of({{account(198.5, 1)},    // p .005
                                      {account(198, 1)},      // p .01, enough alone
                                      {account(0, .005)},
                                      {account(0, .01)}}));   // enough for the score alone
  const double expected[][3] = {{1, 1, 0}, {1, 0, 0}, {0, 1, 1}, {0, 0, 1}};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(result.cells[i].alone[kTest], expected[i][0]) << i;
    EXPECT_EQ(result.cells[i].together[kTest], expected[i][1]) << i;
    EXPECT_EQ(result.cells[i].score, expected[i][2]) << i;
  }
}

TEST(Mixtures, areas_are_against_accounts_of_the_kinds_that_calibrated) {
  const auto result = ranked(seed_of({{account(1, 1), account(3, 1)}, {account(2, 1)}, {account(9, 1)}}));
  EXPECT_DOUBLE_EQ(result.cells[0].areas[kTest], .5);
  EXPECT_DOUBLE_EQ(result.cells[1].areas[kTest], .5);
  EXPECT_DOUBLE_EQ(result.cells[2].areas[kTest], 1);
  EXPECT_DOUBLE_EQ(result.cells[2].score_area, 1);
  EXPECT_DOUBLE_EQ(result.cells[2].areas[kTest + 1], .5);  // where all are 0
}

TEST(Mixtures, shares_are_means_over_seeds_and_accounts_are_all_of_them) {
  MixturesResult result;
  result.cells.resize(1);
  add_cells(seed_of({{account(500, 1)}}), cells_of(1), .5, result);
  add_cells(seed_of({{account(0, 1), account(500, 1)}}), cells_of(1), .5, result);
  EXPECT_EQ(result.cells[0].accounts, 3U);
  EXPECT_DOUBLE_EQ(result.cells[0].alone[kTest], .75);
}

TEST(Mixtures, who_ranks_is_said_by_the_name_and_by_age_as_in_the_scores_calibration) {
  int ranking = 0;
  for (int i = 0; i < 400; ++i) {
    score::Trajectory account;
    account.account = fmt::format("calibrate-{}", i);
    account.requests = 150;
    const bool old = ranks(account, 150);
    EXPECT_EQ(old, score::in_ranking_half(account.account));
    EXPECT_FALSE(ranks(account, 151));
    ranking += old ? 1 : 0;
  }
  EXPECT_GT(ranking, 150);
  EXPECT_LT(ranking, 250);
}

}  // namespace
}  // namespace cms::lab
