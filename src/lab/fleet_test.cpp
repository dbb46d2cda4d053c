#include "lab/fleet.hpp"

#include <fmt/format.h>
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
    row.told = {{9, share / 2}, {7, share / 2}};
    row.parts = {{.6, 1, 9, .002}, {.4, .9, 4, .02}};
    result.campaigns.push_back({row});
    result.seeds.push_back(result.campaigns.size());
  }
  result.groups = {{"team", 20, group_flagged}, {"job", 400, false}};
  result.honest_communities = result.honest_communities_followed = 100;
  result.honest_told = {{6, 1}};
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

// Of 100 honest communities one may lie above the bar.
TEST(FleetGoals, are_read_above_the_evidence_that_honest_communities_have) {
  auto result = result_of(.96, false);
  result.honest_told = {{10, 1}, {8, 1}, {5, 1}};
  EXPECT_NEAR(told(result).at(kFound)["figure"], .455, 1e-12);
  EXPECT_EQ(told(result).at("fleet: evidence above which goals are read, nats")["figure"], 8);
  result.honest_told = {{10, 2}};  // two of one campaign: both are flagged, or none
  EXPECT_EQ(told(result).at(kFound)["figure"], 0);
  result.honest_told = {{10, 1}, {6.5, 1}};
  EXPECT_EQ(told(result).at(kFound)["holds"], true);
  result.honest_told.clear();
  EXPECT_EQ(told(result).at("fleet: evidence above which goals are read, nats")["figure"], 0) << "Campaign PoH .01";
  EXPECT_EQ(told(result).at(kFound)["holds"], true);
}

TEST(FleetGoals, count_honest_communities_that_an_earlier_look_flagged) {
  auto result = result_of(.96, false);
  result.honest_ever_told = {{6, 1}, {10, 1}, {8, 1}};
  EXPECT_NEAR(told(result).at(kFound)["figure"], .455, 1e-12);
  EXPECT_EQ(told(result).at("fleet: honest communities ever flagged there")["figure"], .01);
  EXPECT_EQ(told(result).at("fleet: honest communities ever flagged, looks: 1")["holds"], false);
}

TEST(FleetGoals, have_the_precision_of_seeds_in_which_any_account_is_told_of) {
  auto result = result_of(.96, false);
  const auto* what = "fleet: precision at Campaign PoH .01 where any account is told of, rotated";
  EXPECT_EQ(told(result).at(what)["figure"], nullptr);
  result.campaigns[1].front().precision = .4;
  EXPECT_EQ(told(result).at(what)["figure"], .4);
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
  const auto* second = " 2        0  0.860    0.860  0.60 1.00 9.0 0.002; 0.40 0.90 4.0 0.02;";
  EXPECT_NE(table.find(second), std::string::npos) << table;
}

TEST(FleetTable, says_what_is_found_at_each_share_of_honest_communities) {
  auto result = result_of(.96, false);
  result.honest_told = {{8, 1}, {6, 1}, {5, 1}};
  const auto table = describe(result);
  const auto row = [](const std::string& name, const std::string& figures) {
    return fmt::format("{:<60}{}\n", name, figures);
  };
  const auto has = [&](const std::string& line) { return table.find(line) != std::string::npos; };
  EXPECT_TRUE(has(row("evidence above, nats", "    8.000    8.000    6.000    5.000    0.000"))) << table;
  EXPECT_TRUE(has(row("honest communities", "    0.000    0.000    0.010    0.020    0.030"))) << table;
  EXPECT_TRUE(has(row("rotated", "    0.455    0.455    0.910    0.910    0.910"))) << table;
  EXPECT_TRUE(has("goals are read above 6.00 nats: 0 of 100 honest")) << table;
}

// Of two seeds; the bar is 6 nats.
TEST(FleetTable, says_who_is_told_beside_a_campaign_at_poh_01_and_above_the_bar) {
  auto result = result_of(1, false);
  result.honest_told = {{8, 1}, {6, 1}};
  for (auto& rows : result.campaigns) {
    auto& row = rows.front();
    row.accounts = 10;
    row.told = {{9, .5, 4}, {6, .2, 7}};
    row.honest_communities = 30;
    row.honest_communities_flagged = 3;
    row.honest_communities_told = {{9, 1}, {5, 2}};
    row.honest_told = 11;
  }
  result.campaigns[1].front().told = {{6, .2, 7}};  // nobody above the bar: no precision
  const auto line = fmt::format("{:<60} {:>7} {:>11} {:>7} {:>6} {:>13} {:>11} {:>13} {:>13}\n", "all", 6, 60, 0, 0, 22,
                                2, 5, 4);
  const auto table = describe(result);
  EXPECT_NE(table.find(line), std::string::npos) << table;
  const auto said = told(result);
  EXPECT_DOUBLE_EQ(said.at("fleet: honest communities flagged beside campaigns where goals are read")["figure"],
                   2. / 60);
  const auto* precision = "fleet: precision where at most .01 of honest communities are ever flagged, rotated";
  EXPECT_DOUBLE_EQ(said.at(precision)["figure"], 5. / 9);
}

TEST(FleetUpdate, of_a_small_fleet_takes_some_time) {
  const auto seconds = time_update(3'000, 50, {}, 1);
  ASSERT_TRUE(seconds);
  EXPECT_GT(*seconds, 0);
}

}  // namespace
}  // namespace cms::lab
