#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lab/packed.hpp"

namespace cms::lab {
namespace {

PackedCell cell_named(const std::string& name, const std::vector<double>& sent, std::uint64_t dropped) {
  PackedCell cell;
  cell.tap = kChosenTap, cell.name = name, cell.goal = .9;
  cell.accounts = sent.size(), cell.dropped = dropped, cell.sent = sent;
  for (const double requests : sent) cell.requests += requests;
  return cell;
}

std::string flagged_by_chosen(const std::string& name) { return name + " through tap " + kChosenTap + ": flagged"; }

std::map<std::string, nlohmann::json> told(const std::vector<PackedCell>& cells) {
  std::istringstream lines(goal_lines(cells));
  std::map<std::string, nlohmann::json> all;
  for (std::string line; std::getline(lines, line);) {
    const auto read = nlohmann::json::parse(line);
    EXPECT_TRUE(all.emplace(read["what"], read).second) << line;
  }
  return all;
}

TEST(PackedTable, says_how_many_requests_accounts_had_and_how_many_accounts_were_dropped) {
  auto cell = cell_named("wrapper of 4", {150, 104, 120}, 2);
  cell.flagged = 3, cell.flag_requests = {30, 40, 50}, cell.flag_questions = {30, 40, 50};
  auto again = cell;
  again.tap = "first";
  const auto all = told({cell, again});
  EXPECT_EQ(all.at("wrapper of 4: requests sent, median")["figure"], 120);
  EXPECT_EQ(all.at("wrapper of 4: requests sent, least")["figure"], 104);
  EXPECT_EQ(all.at("wrapper of 4: accounts dropped for having too few")["figure"], 2);
  EXPECT_EQ(all.at(flagged_by_chosen("wrapper of 4"))["holds"], true);
  EXPECT_NE(describe({cell}).find("wrapper of 4                      3       2      120   104    1.000"),
            std::string::npos)
      << describe({cell});
}

TEST(PackedTable, says_the_horizon_of_each_view) {
  auto cell = cell_named("single", {150}, 0);
  EXPECT_EQ(describe({cell}).rfind(std::string("tap ") + kChosenTap + "\n", 0), 0U) << describe({cell});
  cell.horizons = {311.4, 150};
  EXPECT_EQ(describe({cell}).rfind(std::string("tap ") + kChosenTap + ", horizon 311 and 150 points\n", 0), 0U)
      << describe({cell});
}

TEST(PackedTable, a_kind_without_accounts_keeps_its_goal_and_has_no_figure) {
  const auto cell = cell_named("wrapper of 8", {}, 60);
  const auto line = told({cell}).at(flagged_by_chosen("wrapper of 8"));
  EXPECT_TRUE(line["figure"].is_null());
  EXPECT_TRUE(line["holds"].is_null());
  EXPECT_EQ(line["goal"], ">= 0.90");
  EXPECT_NE(describe({cell}).find("wrapper of 8                      0      60\n"), std::string::npos);
  EXPECT_EQ(describe({cell}).find("nan"), std::string::npos);
}

}  // namespace
}  // namespace cms::lab
