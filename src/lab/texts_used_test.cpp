#include "lab/texts_used.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "lab/corpus_example.hpp"
#include "lab/study.hpp"

namespace cms::lab {
namespace {

using nlohmann::json;

const std::vector<float> kPoint(kExampleRank, 1.0F);

// Rows 0 and 1 are of one text of two families, 4 is in no part.
Study small_study(std::uint64_t seed) {
  Example rows;
  rows.add("talk", "human", "", 0, "a", kPoint);
  rows.add("ask", "human", "", 0, "A ", kPoint);
  rows.add("ask", "human", "", 0, "b", kPoint);
  rows.add("alpaca", "distill", "", 0, "c", kPoint);
  rows.add("alpaca", "distill", "", 0, "d", kPoint);
  Study study;
  study.corpus = rows.corpus();
  study.split.fit = {0, 1};
  study.split.calibrate = {2};
  study.split.test = {3};
  study.split.seed = seed;
  return study;
}

const std::vector<std::uint32_t> kAll = {0, 1, 2, 3, 4, 3};

TEST(TextsUsed, are_distinct_texts_by_part_with_the_families_of_every_row) {
  TextsUsed used;
  const auto study = small_study(1);
  used.add("everything", study, kAll);
  used.add("everything", study, kAll);
  const auto told = used.as_json();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]["what"], "everything");
  EXPECT_EQ(told[0]["texts"].dump(), R"({"calibrate":1,"fit":1,"outside":1,"test":1})");
  EXPECT_EQ(told[0]["people"], json::array({"ask", "talk"}));
  EXPECT_EQ(told[0]["distillers"], json::array({"alpaca"}));
}

TEST(TextsUsed, of_several_seeds_are_their_mean_and_what_used_none_is_not_told) {
  TextsUsed used;
  used.add("atlas", small_study(1), std::vector<std::uint32_t>{2});
  used.add("atlas", small_study(2), std::vector<std::uint32_t>{0, 2, 3});
  used.add("nothing", small_study(1), Pool{});
  const auto told = used.as_json();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]["texts"]["calibrate"], 1);
  EXPECT_EQ(told[0]["texts"]["fit"], std::lround(.5));
}

TEST(TextsUsed, of_attackers_are_told_apart_from_their_honest_requests) {
  TextsUsed used;
  const std::vector<ComposedAccount> accounts = {{"diluted", {2, 3}, {false, true}}, {"naive", {4}, {true}}};
  const std::vector<ComposedAccount> honest = {{"single", {0, 2}, {false, false}}};
  const auto study = small_study(1);
  used.add("attackers", study, accounts);
  used.add("honest", study, honest);
  const auto told = used.as_json();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0]["what"], "attackers");
  EXPECT_EQ(told[0]["texts"].dump(), R"({"outside":1,"test":1})");
  EXPECT_EQ(told[1]["what"], "attackers, their honest requests");
  EXPECT_EQ(told[1]["people"], json::array({"ask"}));
  EXPECT_EQ(told[2]["texts"].dump(), R"({"calibrate":1,"fit":1})");
}

TEST(TextsUsed, of_another_set_keep_apart_by_their_prefix) {
  TextsUsed used, layers;
  layers.add("atlas", small_study(1), std::vector<std::uint32_t>{0});
  used.add_all("layers: ", layers);
  used.add("atlas", small_study(1), std::vector<std::uint32_t>{2});
  const auto told = used.as_json();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0]["what"], "layers: atlas");
  EXPECT_EQ(told[0]["texts"].dump(), R"({"fit":1})");
  EXPECT_EQ(told[1]["texts"].dump(), R"({"calibrate":1})");
}

TEST(TextsUsed, are_printed_a_line_a_use_and_many_families_as_their_number) {
  TextsUsed used;
  used.add("everything", small_study(1), kAll);
  for (std::uint32_t i = 0; i < 12; ++i) used.add("many", 1, {i, "test", "f" + std::to_string(i), Origin::people});
  const auto text = used.describe();
  EXPECT_NE(text.find("calibrate 1, fit 1, outside 1, test 1"), std::string::npos) << text;
  EXPECT_NE(text.find("people: ask, talk; distillers: alpaca\n"), std::string::npos) << text;
  EXPECT_NE(text.find("people: 12 families\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace cms::lab
