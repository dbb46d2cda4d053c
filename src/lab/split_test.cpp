#include "lab/split.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "lab/corpus_example.hpp"

namespace cms::lab {
namespace {

Split split_of(const Corpus& corpus, const SplitOptions& options) {
  const auto split = split_corpus(corpus, options);
  EXPECT_TRUE(split.has_value()) << (split ? "" : split.error().message);
  return split.value_or(Split{});
}

std::map<std::uint32_t, int> part_of_row(const Split& split) {
  std::map<std::uint32_t, int> parts;
  int part = 0;
  for (const auto* pool : {&split.fit, &split.calibrate, &split.test}) {
    for (const auto row : *pool) EXPECT_TRUE(parts.emplace(row, part).second) << "row " << row << " twice";
    ++part;
  }
  return parts;
}

TEST(split, no_text_and_no_conversation_lies_in_two_parts) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto corpus = example(seed).corpus();
    const auto split = split_of(corpus, {.seed = seed, .unseen = {"ask_a", "buy_a"}, .manifold = {"talk_b"}});

    EXPECT_TRUE(check_disjoint(corpus, split).has_value());
    std::map<std::uint32_t, std::set<int>> texts;
    std::map<std::uint32_t, std::set<int>> talks;
    for (const auto& [row, part] : part_of_row(split)) {
      texts[corpus.rows[row].text_id].insert(part);
      if (corpus.rows[row].conversation != kNoConversation) talks[corpus.rows[row].conversation].insert(part);
    }
    for (const auto& [text, parts] : texts) EXPECT_EQ(parts.size(), 1U);
    for (const auto& [talk, parts] : talks) EXPECT_EQ(parts.size(), 1U);
  }
}

TEST(split, pools_apart_share_no_text_and_no_conversation_and_hold_nearly_every_row) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto corpus = example(seed).corpus();
    const auto split = split_of(corpus, {.seed = seed});
    const auto pools = apart(corpus, split.calibrate, 3, seed);
    ASSERT_EQ(pools.size(), 3U);
    std::map<std::uint32_t, std::size_t> part_of_text, part_of_talk;
    std::size_t rows = 0;
    for (std::size_t part = 0; part < pools.size(); ++part) {
      EXPECT_GT(pools[part].size(), split.calibrate.size() / 6);
      rows += pools[part].size();
      for (const auto row : pools[part]) {
        EXPECT_EQ(part_of_text.emplace(corpus.rows[row].text_id, part).first->second, part);
        const auto talk = corpus.rows[row].conversation;
        if (talk != kNoConversation) EXPECT_EQ(part_of_talk.emplace(talk, part).first->second, part);
      }
    }
    EXPECT_LE(rows, split.calibrate.size());
    EXPECT_GT(rows + 20, split.calibrate.size());
  }
}

TEST(split, every_row_is_in_a_part_or_counted_as_dropped) {
  const auto corpus = example(1).corpus();
  const auto split = split_of(corpus, {});
  EXPECT_EQ(part_of_row(split).size() + split.dropped_count, corpus.rows.size());
  EXPECT_GT(split.dropped_count, 0U);
  EXPECT_LT(split.dropped_count, 20U);
}

TEST(split, equal_texts_of_two_families_of_distillers_are_kept_on_one_side) {
  const auto corpus = example(1).corpus();
  const auto parts = part_of_row(split_of(corpus, {}));
  std::map<std::uint32_t, std::vector<std::uint32_t>> rows_of_text;
  for (const auto row : distillers(corpus)) rows_of_text[corpus.rows[row].text_id].push_back(row);
  std::size_t pairs = 0;
  for (const auto& [text, rows] : rows_of_text) {
    if (rows.size() < 2) continue;
    ++pairs;
    EXPECT_EQ(parts.at(rows[0]), parts.at(rows[1]));
  }
  EXPECT_EQ(pairs, 60U);
}

TEST(split, unseen_families_lie_in_test_and_manifold_families_in_fit) {
  const auto corpus = example(2).corpus();
  const SplitOptions options{.unseen = {"ask_b", "talk_a"}, .manifold = {"buy_c"}};
  const auto split = split_of(corpus, options);
  for (const auto* pool : {&split.fit, &split.calibrate}) {
    EXPECT_TRUE(of_families(corpus, *pool, options.unseen).empty());
  }
  for (const auto* pool : {&split.calibrate, &split.test}) {
    EXPECT_TRUE(of_families(corpus, *pool, options.manifold).empty());
  }
  EXPECT_EQ(of_families(corpus, split.fit, options.manifold).size(), 200U);
  EXPECT_EQ(of_families(corpus, split.test, std::vector<std::string>{"ask_b"}).size(), 160U);
}

TEST(split, shares_are_kept_and_what_they_leave_is_in_no_part) {
  const auto corpus = example(3).corpus();
  const auto split = split_of(corpus, {.fit = 0.5, .calibrate = 0.2, .test = 0.1});
  const auto count = static_cast<double>(corpus.rows.size());
  EXPECT_NEAR(static_cast<double>(split.fit.size()) / count, 0.5, 0.06);
  EXPECT_NEAR(static_cast<double>(split.calibrate.size()) / count, 0.2, 0.06);
  EXPECT_NEAR(static_cast<double>(split.test.size()) / count, 0.1, 0.06);
  EXPECT_TRUE(split_of(corpus, {.fit = 0, .calibrate = 0, .test = 1}).fit.empty());
}

TEST(split, a_row_stays_in_its_part_when_the_corpus_grows) {
  auto all = example(4);
  auto first = all;
  first.infos.resize(700);
  first.points.resize(700 * kExampleRank);
  const auto small = part_of_row(split_of(first.corpus(), {}));
  const auto large = part_of_row(split_of(all.corpus(), {}));
  for (const auto& [row, part] : small) EXPECT_EQ(large.at(row), part);
}

TEST(split, the_seed_moves_rows_and_the_same_seed_does_not) {
  const auto corpus = example(5).corpus();
  const auto one = split_of(corpus, {.seed = 1});
  EXPECT_EQ(one.fit, split_of(corpus, {.seed = 1}).fit);
  EXPECT_NE(one.fit, split_of(corpus, {.seed = 2}).fit);
}

TEST(split, the_check_finds_a_planted_text_and_a_torn_conversation) {
  const auto corpus = example(6).corpus();
  auto split = split_of(corpus, {});
  ASSERT_TRUE(check_disjoint(corpus, split).has_value());

  auto planted = split;
  planted.test.push_back(split.fit.front());
  EXPECT_FALSE(check_disjoint(corpus, planted).has_value());

  const auto in_talk = [&](std::uint32_t row) { return corpus.rows[row].conversation != kNoConversation; };
  const auto torn = std::find_if(split.fit.begin(), split.fit.end(), in_talk);
  ASSERT_NE(torn, split.fit.end());
  split.calibrate.push_back(*torn);
  split.fit.erase(torn);
  EXPECT_FALSE(check_disjoint(corpus, split).has_value());
}

TEST(split, options_that_make_no_sense_are_refused) {
  const auto corpus = example(7).corpus();
  const auto code = [&](const SplitOptions& options) {
    const auto split = split_corpus(corpus, options);
    return split ? ErrorCode::failed : split.error().code;
  };
  EXPECT_EQ(code({.fit = 0.7}), ErrorCode::usage);
  EXPECT_EQ(code({.fit = -0.1}), ErrorCode::usage);
  EXPECT_EQ(code({.unseen = {"nobody"}}), ErrorCode::usage);
  EXPECT_EQ(code({.manifold = {"nobody"}}), ErrorCode::usage);
  EXPECT_EQ(code({.unseen = {"ask_a"}, .manifold = {"ask_a"}}), ErrorCode::usage);
  EXPECT_EQ(code({.unseen = {"ask_a"}, .held_out = {"ask_a"}}), ErrorCode::usage);
}

}  // namespace
}  // namespace cms::lab
