#include "lab/corpus.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "lab/corpus_example.hpp"

namespace cms::lab {
namespace {

const std::vector<float> kPoint(kExampleRank, 1.0F);

std::uint32_t text_id(const std::string& a, const std::string& b, const CorpusOptions& options) {
  Example two;
  two.add("f", "human", "", 0, a, kPoint);
  two.add("g", "distill", "", 0, b, kPoint);
  const auto corpus = make_corpus(two.infos, two.points, kExampleRank, options);
  EXPECT_TRUE(corpus.has_value());
  return corpus ? corpus->rows[1].text_id : 99;
}

TEST(corpus, texts_that_differ_in_case_or_white_space_only_are_one_text) {
  EXPECT_EQ(text_id("  Hello\n\tWorld ", "hello world", {}), 0U);
  EXPECT_EQ(text_id("hello world", "helloworld", {}), 1U);
  EXPECT_EQ(text_id("hello world", "hello world again", {}), 1U);
}

TEST(corpus, texts_that_agree_as_far_as_the_model_reads_are_one_text) {
  EXPECT_EQ(text_id("one two three", "one  two four", {.words_max = 2}), 0U);
  EXPECT_EQ(text_id("one two three", "one six three", {.words_max = 2}), 1U);
  EXPECT_EQ(text_id("abcdef", "abcxyz", {.chars_max = 3}), 0U);
  EXPECT_EQ(text_id("ab def", "ab xyz", {.chars_max = 3}), 0U);
  EXPECT_EQ(text_id("\xC3\xA4\xC3\xB6x", "\xC3\xA4\xC3\xB6y", {.chars_max = 2}), 0U);
  EXPECT_EQ(text_id("\xC3\xA4\xC3\xB6x", "\xC3\xA4\xC3\xBCx", {.chars_max = 2}), 1U);
}

TEST(corpus, conversations_are_known_by_family_and_name) {
  Example all;
  all.add("f", "human", "1", 0, "a", kPoint);
  all.add("f", "human", "1", 1, "b", kPoint);
  all.add("f", "human", "2", 0, "c", kPoint);
  all.add("g", "human", "1", 0, "d", kPoint);
  const auto corpus = all.corpus();

  EXPECT_EQ(corpus.rows[0].conversation, corpus.rows[1].conversation);
  EXPECT_EQ(corpus.rows[0].split_key, corpus.rows[1].split_key);
  EXPECT_NE(corpus.rows[0].conversation, corpus.rows[2].conversation);
  EXPECT_NE(corpus.rows[0].conversation, corpus.rows[3].conversation);
  EXPECT_NE(corpus.rows[0].split_key, corpus.rows[3].split_key);
  EXPECT_EQ(corpus.rows[1].turn, 1);
}

TEST(corpus, streams_that_pose_as_conversations_are_none) {
  Example all;
  for (int i = 0; i < 61; ++i) all.add("export", "people", "1", i, fmt::format("p{}", i), kPoint);
  for (int i = 0; i < 60; ++i) all.add("talk", "people", "1", i, fmt::format("t{}", i), kPoint);
  for (int i = 0; i < 3; ++i) all.add("bought", "distiller", "1", i, fmt::format("d{}", i), kPoint);
  const auto corpus = all.corpus();

  for (const auto& row : corpus.rows) {
    EXPECT_EQ(row.conversation != kNoConversation, corpus.families[row.family] == "talk");
  }
  EXPECT_NE(corpus.rows[0].split_key, corpus.rows[1].split_key);
}

TEST(corpus, points_become_unit_vectors) {
  const auto corpus = example(1).corpus();
  for (std::uint32_t i = 0; i < corpus.rows.size(); ++i) EXPECT_NEAR(cosine(corpus, i, i), 1, 1e-5);
}

TEST(corpus, cosine_is_the_dot_product_whatever_the_rank) {
  Random random(4);
  for (const std::uint32_t rank : {1U, 7U, 8U, 9U, 64U}) {
    std::vector<float> points;
    for (std::uint32_t i = 0; i < 2 * rank; ++i) points.push_back(static_cast<float>(random.normal()));
    Example two;
    two.add("f", "human", "", 0, "a", {});
    two.add("f", "human", "", 0, "b", {});
    const auto corpus = make_corpus(two.infos, points, rank, CorpusOptions{});
    ASSERT_TRUE(corpus.has_value());
    double dot = 0;
    for (std::uint32_t k = 0; k < rank; ++k) dot += double{corpus->point(0)[k]} * double{corpus->point(1)[k]};
    EXPECT_NEAR(cosine(*corpus, 0, 1), dot, 1e-6);
  }
}

TEST(corpus, rows_it_cannot_use_are_named) {
  const auto message = [](const Example& all) {
    const auto corpus = make_corpus(all.infos, all.points, kExampleRank, CorpusOptions{});
    EXPECT_FALSE(corpus.has_value());
    if (corpus) return std::string();
    EXPECT_EQ(corpus.error().code, ErrorCode::bad_input);
    return corpus.error().message;
  };
  Example good;
  good.add("f", "human", "", 0, "a", kPoint);
  auto bad = good;
  bad.add("f", "robot", "", 0, "b", kPoint);
  EXPECT_NE(message(bad).find("row 1"), std::string::npos);
  bad = good;
  bad.infos[0].more["text"] = 7;
  EXPECT_NE(message(bad).find("text"), std::string::npos);
  bad = good;
  bad.infos[0].more["text"] = " \n";
  EXPECT_NE(message(bad).find("text"), std::string::npos);
  bad = good;
  bad.infos[0].more.erase("family");
  EXPECT_NE(message(bad).find("family"), std::string::npos);
  bad = good;
  bad.infos[0].more = nullptr;
  EXPECT_NE(message(bad).find("row 0"), std::string::npos);
  bad = good;
  bad.points.pop_back();
  EXPECT_NE(message(bad).find("points"), std::string::npos);
  bad = good;
  bad.points[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(message(bad).find("row 0"), std::string::npos);
  bad = good;
  bad.points.assign(kExampleRank, 0);
  EXPECT_NE(message(bad).find("row 0"), std::string::npos);
}

TEST(corpus, the_nearest_unused_rows_are_those_a_full_sort_finds) {
  const auto corpus = example(2).corpus();
  const auto pool = people(corpus);
  Random random(5);
  for (int round = 0; round < 20; ++round) {
    UsedTexts used(corpus);
    for (int i = 0; i < 200; ++i) used.take(pool[random.below(pool.size())]);
    const auto from = pool[random.below(pool.size())];

    std::vector<std::uint32_t> expected(pool);
    std::stable_sort(expected.begin(), expected.end(), [&](std::uint32_t a, std::uint32_t b) {
      return cosine(corpus, from, a) > cosine(corpus, from, b);
    });
    UsedTexts taken = used;
    std::erase_if(expected, [&](std::uint32_t row) { return !taken.take(row); });
    expected.resize(15);

    EXPECT_EQ(nearest_unused(corpus, pool, from, 15, used), expected);
  }
}

TEST(corpus, a_draw_gives_every_text_once_and_every_row_of_equal_right) {
  const auto corpus = example(3).corpus();
  const auto pool = distillers(corpus);
  Random random(6);
  EXPECT_EQ(draw(corpus, pool, 10000, random).size(), distinct_texts(corpus, pool));

  const auto small = of_families(corpus, pool, std::vector<std::string>{"buy_c"});
  std::vector<int> times(corpus.rows.size());
  for (int round = 0; round < 4000; ++round) {
    for (const auto row : draw(corpus, small, 20, random)) ++times[row];
  }
  // 400 expected each, standard deviation 19.
  for (const auto row : small) EXPECT_NEAR(times[row], 400, 100);
}

TEST(corpus, families_partition_a_pool) {
  const auto corpus = example(3).corpus();
  const auto pool = people(corpus);
  const auto families = by_family(corpus, pool);
  std::size_t count = 0;
  for (std::size_t f = 0; f < families.size(); ++f) {
    count += families[f].size();
    EXPECT_EQ(families[f], of_families(corpus, pool, std::vector<std::string>{corpus.families[f]}));
  }
  EXPECT_EQ(count, pool.size());
}

}  // namespace
}  // namespace cms::lab
