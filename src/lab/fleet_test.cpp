#include "lab/fleet.hpp"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace cms::lab {
namespace {

FleetResult result_of(double found, bool group_flagged) {
  FleetResult result;
  for (const double share : {found, found - .1}) {
    CampaignRow row;
    row.name = "rotated";
    row.goal = .9;
    row.found = share;
    row.found_at.fill(share);
    row.parts = {{.6, 1, .002}, {.4, .9, .02}};
    result.campaigns.push_back({row});
    result.seeds.push_back(result.campaigns.size());
  }
  result.groups = {{"team", 20, group_flagged}, {"job", 400, false}};
  result.honest_communities = result.honest_communities_followed = 100;
  result.honest_communities_flagged = 1;
  for (std::size_t r = 0; r < kRanks; ++r) result.levels[r] = .001 * static_cast<double>(r + 1);
  return result;
}

std::map<std::string, nlohmann::json> told(const FleetResult& result) {
  std::istringstream lines(goal_lines(result));
  std::map<std::string, nlohmann::json> made;
  for (std::string line; std::getline(lines, line);) {
    const auto one = nlohmann::json::parse(line);
    made[one["what"]] = one;
  }
  return made;
}

constexpr const char* kFound = "fleet: members found where at most .01 of honest communities are ever flagged, rotated";

TEST(FleetGoals, are_held_by_the_mean_over_seeds) {
  EXPECT_EQ(told(result_of(.96, false)).at(kFound)["holds"], true);
  EXPECT_EQ(told(result_of(.94, false)).at(kFound)["holds"], false);
}

TEST(FleetGoals, are_of_the_highest_rank_at_which_honest_communities_are_let_be) {
  auto result = result_of(.96, false);
  result.honest_communities_at = {0, 0, 1, 2, 3, 3, 3, 3};
  result.honest_communities_ever_at = {0, 1, 1, 1, 4, 4, 4, 4};
  for (auto& rows : result.campaigns) rows.front().found_at = {.1, .2, .5, .95, .95, .95, .95, .95};
  EXPECT_EQ(told(result).at(kFound)["figure"], .5);
  EXPECT_EQ(told(result).at("fleet: the rank where goals are read")["figure"], 3);
  for (auto& rows : result.campaigns) rows.front().found_at[2] = .95;
  EXPECT_EQ(told(result).at(kFound)["holds"], true);
  result.honest_communities_at.fill(2);
  EXPECT_EQ(told(result).at(kFound)["holds"], false);
  EXPECT_EQ(told(result).at(kFound)["figure"], nullptr);
}

// r / (N + 1) stops at .01: what follows is the same level, and no rank.
TEST(FleetGoals, name_no_rank_beyond_the_usual_level) {
  auto result = result_of(.96, false);
  result.levels = {.002, .004, .006, .008, .01, .01, .01, .01};
  EXPECT_EQ(told(result).at("fleet: the rank where goals are read")["figure"], 5);
  EXPECT_FALSE(told(result).contains("fleet: honest communities ever flagged at rank 6"));
  result.levels.fill(.01);  // so few rank that nothing is flagged at all
  EXPECT_EQ(told(result).at("fleet: the rank where goals are read")["figure"], 1);
}

TEST(FleetGoals, count_honest_communities_that_an_earlier_look_flagged) {
  auto result = result_of(.96, false);
  result.honest_communities_ever = 3;
  result.honest_communities_ever_at = {0, 3, 3, 3, 3, 3, 3, 3};
  for (auto& rows : result.campaigns) rows.front().found_at = {.5, .9, .9, .9, .9, .9, .9, .9};
  EXPECT_EQ(told(result).at(kFound)["figure"], .5);
  EXPECT_EQ(told(result).at("fleet: honest communities ever flagged, looks: 1")["holds"], false);
  result.honest_communities_ever_at.fill(2);
  EXPECT_EQ(told(result).at(kFound)["figure"], nullptr);
}

TEST(FleetGoals, fail_where_honest_groups_are_flagged) {
  const auto good = told(result_of(1, false)), bad = told(result_of(1, true));
  EXPECT_EQ(good.at("fleet: honest groups flagged, all")["holds"], true);
  EXPECT_EQ(bad.at("fleet: honest groups flagged, all")["holds"], false);
  EXPECT_EQ(bad.at("fleet: honest groups flagged, team")["figure"], 1);
  EXPECT_EQ(bad.at("fleet: honest groups flagged, 10-29 accounts")["figure"], 1);
  EXPECT_EQ(bad.at("fleet: honest groups flagged, 300-1000 accounts")["figure"], 0);
  EXPECT_EQ(good.at("fleet: honest communities flagged")["holds"], true);
}

TEST(FleetTable, says_of_each_seed_what_communities_a_campaign_is) {
  const auto table = describe(result_of(.96, false));
  EXPECT_NE(table.find(" 2        0  0.860    0.860  0.60 1.00 0.002; 0.40 0.90 0.02;"), std::string::npos) << table;
}

TEST(FleetTable, has_a_dash_where_every_rank_flags_too_many_honest_communities) {
  auto result = result_of(.96, false);
  result.honest_communities_ever_at.fill(2);
  const auto table = describe(result);
  EXPECT_NE(table.find(" 2        0  0.860        -  0.60 1.00 0.002;"), std::string::npos) << table;
  EXPECT_NE(table.find("at each more than .01"), std::string::npos) << table;
}

TEST(FleetTable, says_by_rank_what_is_found_and_where_goals_are_read) {
  auto result = result_of(.96, false);
  result.honest_communities_ever_at = {0, 1, 1, 2, 3, 4, 5, 6};
  const auto table = describe(result);
  EXPECT_NE(table.find(" 0.000 0.010 0.010 0.020 0.030 0.040 0.050 0.060\n"), std::string::npos) << table;
  EXPECT_NE(table.find("goals are read at rank 3: 1 of 100 honest"), std::string::npos) << table;
}

TEST(FleetUpdate, of_a_small_fleet_takes_some_time) {
  const auto seconds = time_update(3'000, 50, {}, 1);
  ASSERT_TRUE(seconds);
  EXPECT_GT(*seconds, 0);
}

}  // namespace
}  // namespace cms::lab
