#include "lab/first_study_cells.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "lab/corpus_example.hpp"
#include "score/calibration.hpp"

namespace cms::lab {
namespace {

FirstStudyOptions small() {
  FirstStudyOptions options;
  options.requests = 12;
  options.ranking_accounts = 70;
  options.families = {};
  options.families.generalist = {"ask_a", "ask_b"};
  options.families.held_out = {"ask_c", "ask_d", "talk_b"};
  return options;
}

Study study_of(const FirstStudyOptions& options) {
  Study study;
  study.corpus = example(5).corpus();
  const auto split = split_corpus(study.corpus, first_study_split(options, 3));
  EXPECT_TRUE(split.has_value());
  study.split = split.value_or(Split{});
  return study;
}

// Texts of the accounts that rank and of those that make tables.
std::array<std::set<std::uint32_t>, 2> texts_by_half(const Study& study, const std::vector<ComposedAccount>& accounts) {
  std::array<std::set<std::uint32_t>, 2> texts;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    auto& half = texts[score::in_ranking_half("calibrate-" + std::to_string(i)) ? 1 : 0];
    for (const auto row : accounts[i].rows) half.insert(study.corpus.rows[row].text_id);
  }
  return texts;
}

std::size_t common(const std::array<std::set<std::uint32_t>, 2>& texts) {
  std::size_t count = 0;
  for (const auto text : texts[0]) count += texts[1].count(text);
  return count;
}

TEST(FirstStudyCells, halves_apart_share_no_text) {
  auto options = small();
  for (const bool apart : {false, true}) {
    options.halves_apart = apart;
    const auto study = study_of(options);
    Random random(1);
    const auto accounts = calibration_accounts(study, options, random);
    EXPECT_GT(accounts.size(), 100U);
    const auto shared = common(texts_by_half(study, accounts));
    EXPECT_EQ(shared == 0, apart) << shared;
  }
}

TEST(FirstStudyCells, by_kind_every_kind_ranks_and_families_held_out_only_rank) {
  auto options = small();
  options.by_kind = true;
  const auto study = study_of(options);
  Random random(1);
  const auto accounts = calibration_accounts(study, options, random);
  std::map<std::string, std::uint32_t> ranking;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    const bool ranks = score::in_ranking_half("calibrate-" + std::to_string(i));
    const bool unseen = accounts[i].kind.starts_with("unseen");
    EXPECT_TRUE(ranks || !unseen) << accounts[i].kind;
    ranking[accounts[i].kind] += ranks ? 1 : 0;
    for (const auto row : accounts[i].rows) {
      const auto& family = study.corpus.families[study.corpus.rows[row].family];
      const auto& held = options.families.held_out;
      EXPECT_EQ(std::find(held.begin(), held.end(), family) != held.end(), unseen) << accounts[i].kind << " " << family;
    }
  }
  EXPECT_GE(ranking["single"], 5U);
  EXPECT_GE(ranking["unseen single"], 5U);
  EXPECT_GE(ranking["unseen power"], 5U);
}

TEST(FirstStudyCells, declared_jobs_are_not_calibrated_on_and_have_no_goal) {
  for (const bool declared : {false, true}) {
    auto options = small();
    options.jobs_declared = declared;
    const auto study = study_of(options);
    Random random(1);
    bool any = false;
    for (const auto& account : calibration_accounts(study, options, random)) any |= account.kind == "batch";
    EXPECT_NE(any, declared);
    for (const auto& cell : honest_cells(study, options, 1, random)) {
      EXPECT_TRUE(cell.goal.has_value() || cell.name == "conversations" || (cell.name == "batch" && declared));
      EXPECT_FALSE(cell.goal.has_value() && cell.name == "batch" && declared);
    }
  }
}

// Accounts of 60 requests, and two families that attack.
FirstStudyOptions with_attackers() {
  auto options = small();
  options.requests = 60;
  options.families.report.instruction_sets = {"buy_a", "buy_b"};
  return options;
}

Study attacked_study(const FirstStudyOptions& options) {
  auto study = study_of(options);
  study.families = options.parts();
  return study;
}

// Of attackers' cells that are only reported, each of which has accounts.
std::vector<std::string> names_without_goals(const std::vector<Cell>& cells) {
  std::vector<std::string> names;
  for (const auto& cell : cells) {
    names.push_back(cell.name);
    EXPECT_FALSE(cell.honest || cell.goal) << cell.name;
    EXPECT_FALSE(cell.accounts.empty()) << cell.name;
  }
  return names;
}

TEST(FirstStudyCells, who_evades_averages_has_cells_without_a_goal_and_bursts_are_of_one_sender) {
  const auto options = with_attackers();
  const auto study = attacked_study(options);
  Random random(1);
  const auto cells = evasive_cells(study, options, random);
  for (const auto& cell : cells) {
    for (const auto& account : cell.accounts) {
      for (std::size_t i = 0; i < account.rows.size(); ++i) {
        EXPECT_EQ(account.from_attacker[i], account.from_attacker[i - i % 25]) << cell.name;
      }
    }
  }
  EXPECT_EQ(names_without_goals(cells),
            (std::vector<std::string>{"alternating, instruction sets", "alternating, people's prompts",
                                      "diluted 50%, bursts of 25", "diluted 30%, bursts of 25"}));
}

TEST(FirstStudyCells, who_is_all_alike_has_cells_without_a_goal_and_holds_what_they_are_named_after_or_is_short) {
  const auto options = with_attackers();
  const auto study = attacked_study(options);
  Random random(1);
  const auto cells = alike_cells(study, options, random);
  for (const auto& cell : cells) {
    for (const auto& account : cell.accounts) {
      ASSERT_TRUE(cell.similarity.has_value());
      const auto likeness = likeness_of(study.corpus, account.rows);
      EXPECT_TRUE(likeness.least >= *cell.similarity || likeness.requests == options.requests) << cell.name;
    }
  }
  EXPECT_EQ(names_without_goals(cells),
            (std::vector<std::string>{"alike -0.2, instruction sets", "alike -0.2, people's prompts",
                                      "alike 0.0, instruction sets", "alike 0.0, people's prompts"}));
}

TEST(FirstStudyCells, there_is_a_diluted_cell_for_each_share_and_only_known_shares_have_goals) {
  auto options = with_attackers();
  options.goals = Goals::lab;
  options.shares = {.5, .125};
  const auto study = attacked_study(options);
  Random random(1);
  std::map<std::string, bool> has_goal;
  for (const auto& cell : first_study_cells(study, options, 3, random)) {
    if (cell.name.starts_with("diluted")) has_goal[cell.name] = cell.goal.has_value();
  }
  EXPECT_EQ(has_goal, (std::map<std::string, bool>{{"diluted 50%", true}, {"diluted 12.5%", false}}));
}

TEST(FirstStudyCells, shares_that_are_none_or_there_twice_are_refused) {
  EXPECT_TRUE(check_shares({.5, .3, 1}).has_value());
  const std::vector<std::vector<double>> none = {{0}, {-.1}, {1.1}, {std::nan("")}, {.5, .3, .5}};
  for (const auto& shares : none) {
    ASSERT_FALSE(check_shares(shares).has_value());
    EXPECT_EQ(check_shares(shares).error().code, ErrorCode::usage);
  }
}

TEST(FirstStudyCells, say_of_which_part_their_texts_are) {
  const auto options = with_attackers();
  const auto study = attacked_study(options);
  Random random(1);
  TextsUsed texts;
  note_ground(study, calibration_accounts(study, options, random), options.requests, texts);
  note_cells(study, first_study_cells(study, options, 3, random), texts);
  std::map<std::string, std::set<std::string>> parts;
  for (const auto& use : texts.as_json()) {
    for (const auto& [part, count] : use["texts"].items()) parts[use["what"].get<std::string>()].insert(part);
  }
  EXPECT_EQ(parts["atlas"], (std::set<std::string>{"fit"}));
  for (const auto* what : {"honest accounts that make the tables", "honest accounts that rank"}) {
    EXPECT_EQ(parts[what], (std::set<std::string>{"calibrate"})) << what;
  }
  for (const auto* what : {"honest accounts under test", "attackers", "attackers, their honest requests"}) {
    EXPECT_EQ(parts[what], (std::set<std::string>{"test"})) << what;
  }
}

TEST(FirstStudyGoals, the_lab_asks_no_less_than_the_study_and_also_for_speed) {
  for (const auto* cell : {"systematic, instruction sets", "naive, people's prompts", "clustered, instruction sets",
                           "diluted 50%", "sorted, people's prompts"}) {
    EXPECT_GE(*goal_of(cell, Goals::lab).flagged, *goal_of(cell, Goals::study).flagged) << cell;
    EXPECT_FALSE(goal_of(cell, Goals::study).median_first_flag) << cell;
  }
  EXPECT_EQ(goal_of("batch", Goals::lab).flagged, goal_of("batch", Goals::study).flagged);
  EXPECT_EQ(*goal_of("stream alpaca", Goals::lab).median_first_flag, 96);
  EXPECT_FALSE(goal_of("no such cell", Goals::lab).flagged);
}

}  // namespace
}  // namespace cms::lab
