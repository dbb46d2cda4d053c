#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lab/made_up.hpp"

namespace cms::lab {
namespace {

void add(std::vector<MadeUpAccount>& accounts, const std::string& kind, bool honest, int count, int flagged) {
  for (int i = 0; i < count; ++i) {
    MadeUpAccount one;
    one.kind = kind, one.honest = honest, one.poh_min = i < flagged ? .01 : .5;
    accounts.push_back(std::move(one));
  }
}

TEST(MadeUpTable, honest_kinds_alone_have_a_goal_and_it_is_the_first_studys) {
  std::vector<MadeUpAccount> accounts;
  add(accounts, "single", true, 100, 1);
  add(accounts, "power", true, 100, 2);
  add(accounts, "batch", true, 100, 3);
  add(accounts, "conversations", true, 100, 50);
  add(accounts, "naive, instruction sets", false, 100, 100);
  add(accounts, "random words", false, 100, 0);
  std::istringstream lines(goal_lines(accounts));
  std::map<std::string, nlohmann::json> told;
  for (std::string line; std::getline(lines, line);) {
    const auto read = nlohmann::json::parse(line);
    told[read["what"]] = read;
  }
  const auto of = [&](const std::string& kind) { return told.at("made-up: share flagged, " + kind); };
  EXPECT_EQ(of("single")["holds"], true);
  EXPECT_EQ(of("power")["holds"], false);
  EXPECT_EQ(of("power")["goal"], "<= 0.01");
  EXPECT_EQ(of("batch")["goal"], "<= 0.03");
  EXPECT_EQ(of("batch")["holds"], true);
  for (const auto* kind : {"conversations", "naive, instruction sets", "random words"}) {
    EXPECT_EQ(of(kind)["goal"], "-");
    EXPECT_TRUE(of(kind)["holds"].is_null());
  }
  EXPECT_EQ(told.at("made-up: fidelity (use-weighted), single")["goal"], "-");
}

}  // namespace
}  // namespace cms::lab
