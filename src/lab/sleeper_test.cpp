#include "lab/sleeper.hpp"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "lab/corpus.hpp"
#include "lab/demo_example.hpp"

namespace cms::lab {
namespace {

struct Pools {
  Corpus corpus;
  std::vector<std::uint32_t> people, distillers;
};

Pools pools() {
  const auto set = annotated_set();
  Pools made{*make_corpus(set.rows, set.values, set.manifest.dimension, {}), {}, {}};
  const auto all = all_rows(made.corpus);
  made.people = subset(made.corpus, all, [](const CorpusRow& row) { return row.origin == Origin::people; });
  made.distillers = subset(made.corpus, all, [](const CorpusRow& row) { return row.origin == Origin::distiller; });
  return made;
}

TEST(Sleeper, sleeps_attacks_and_is_honest_again_with_no_text_twice) {
  const auto made = pools();
  Random random(1);
  for (const bool systematic_attack : {false, true}) {
    for (const auto& attack : {made.people, made.distillers}) {
      for (const std::uint32_t asleep : {0U, 30U, 200U}) {
        const auto one = sleeper(made.corpus, {attack, made.people}, asleep, 40, 60, systematic_attack, random);
        ASSERT_TRUE(one);
        EXPECT_EQ(one->onset, asleep);
        EXPECT_EQ(one->end, asleep + 40);
        std::set<std::uint32_t> texts;
        for (std::uint32_t i = 0; i < one->account.rows.size(); ++i) {
          EXPECT_TRUE(texts.insert(made.corpus.rows[one->account.rows[i]].text_id).second);
          EXPECT_EQ(one->account.from_attacker[i], i >= one->onset && i < one->end);
        }
      }
    }
  }
}

TEST(Sleeper, is_nothing_where_the_cover_cannot_fill_the_sleep) {
  const auto made = pools();
  Random random(2);
  EXPECT_FALSE(sleeper(made.corpus, {made.distillers, made.people}, 100'000, 40, 0, false, random));
}

TEST(SleeperGoals, hold_where_the_delay_is_at_most_twice_the_early_one) {
  const auto outcome = [](std::uint32_t asleep, std::uint32_t delay) {
    return SleeperOutcome{"naive", asleep, false, delay, 0};
  };
  // Median over all accounts: two of three flagged, the third later than any.
  const std::vector<SleeperOutcome> outcomes = {outcome(0, 30),  outcome(0, 50),   outcome(0, 0),
                                                outcome(50, 90), outcome(50, 100), outcome(50, 101),
                                                outcome(99, 20), outcome(99, 0),   outcome(99, 0),
                                                outcome(200, 101), outcome(200, 102), outcome(200, 103)};
  std::istringstream lines(goal_lines(outcomes));
  std::vector<nlohmann::json> told;
  for (std::string line; std::getline(lines, line);) told.push_back(nlohmann::json::parse(line));
  std::erase_if(told, [](const nlohmann::json& line) {
    return !line["what"].get<std::string>().starts_with("sleeper: delay");
  });
  ASSERT_EQ(told.size(), 4U);
  EXPECT_EQ(told[0]["figure"], 50);
  EXPECT_TRUE(told[0]["holds"].is_null());
  EXPECT_EQ(told[1]["holds"], true);   // 100 of 100
  EXPECT_EQ(told[2]["holds"], false);  // the median account was never flagged
  EXPECT_TRUE(told[2]["figure"].is_null());
  EXPECT_EQ(told[3]["holds"], false);  // 102 of 100
}

TEST(SleeperGoals, fail_where_more_than_one_in_a_hundred_is_flagged_while_still_honest) {
  std::vector<SleeperOutcome> outcomes;
  for (std::uint32_t i = 0; i < 100; ++i) {
    outcomes.push_back({"naive", 0, false, 9, 0});
    outcomes.push_back({"naive", 50, i < 1, 9, 0});
    outcomes.push_back({"naive", 200, i < 2, 9, 0});
  }
  std::istringstream lines(goal_lines(outcomes));
  std::map<std::string, nlohmann::json> held;
  for (std::string line; std::getline(lines, line);) {
    const auto read = nlohmann::json::parse(line);
    held[read["what"]] = read["holds"];
  }
  EXPECT_EQ(held.size(), 5U);  // nobody is honest before an attack at once
  EXPECT_EQ(held.at("sleeper: flagged in 50 honest requests before the attack, naive"), true);
  EXPECT_EQ(held.at("sleeper: flagged in 200 honest requests before the attack, naive"), false);
}

}  // namespace
}  // namespace cms::lab
