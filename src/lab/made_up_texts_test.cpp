#include "lab/made_up_texts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "lab/words.hpp"

namespace cms::lab {
namespace {

using Texts = std::vector<std::string>;

const Texts kVocabulary = {"red", "green", "blue", "stone", "river"};

std::string drawn_words(std::size_t words, Random& random) { return random_words(kVocabulary, words, random); }

TEST(Vocabulary, is_the_most_frequent_words_first) {
  const Texts texts = {"The cat, the dog", "a cat and THE bird"};
  EXPECT_EQ(vocabulary_of(texts, 3), (Texts{"the", "cat", "a"}));
  EXPECT_EQ(vocabulary_of(texts, 100).size(), 6U);
  EXPECT_TRUE(vocabulary_of({}, 10).empty());
}

TEST(RandomWords, are_words_of_the_vocabulary_each_as_likely) {
  Random random(1);
  const auto words = words_of(random_words(kVocabulary, 5'000, random));
  ASSERT_EQ(words.size(), 5'000U);
  for (const auto& word : kVocabulary) {
    EXPECT_NEAR(static_cast<double>(std::ranges::count(words, word)), 1'000, 120) << word;
  }
}

TEST(RandomCharacters, are_letters_in_runs_as_long_as_words) {
  Random random(2);
  const auto words = words_of(random_characters(kVocabulary, 1'000, random));
  ASSERT_EQ(words.size(), 1'000U);
  std::set<std::string> distinct;
  for (const auto& word : words) {
    EXPECT_TRUE(word.size() >= 3 && word.size() <= 5) << word;
    EXPECT_TRUE(std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; })) << word;
    distinct.insert(word);
  }
  EXPECT_GT(distinct.size(), 900U);
}

TEST(MadeUp, texts_are_as_long_as_their_models_differ_and_are_no_longer_than_what_is_read) {
  Random random(3);
  const Texts models = {"one two three", "one two three four five six seven", std::string(50, 'x') + " y"};
  const auto texts = made_up(60, models, drawn_words, random);
  ASSERT_EQ(texts.size(), 60U);
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 60U);
  for (const auto& text : texts) {
    const auto words = words_of(text).size();
    EXPECT_TRUE(words == 2 || words == 3 || words == 7) << text;
  }
  std::string long_model;
  for (int i = 0; i < 60; ++i) long_model += "word ";
  for (const auto& text : made_up(10, Texts{long_model}, drawn_words, random)) {
    EXPECT_LE(words_of(text).size(), 24U);
    EXPECT_LE(text.size(), 144U);
  }
}

TEST(MadeUp, ends_where_no_more_texts_differ) {
  Random random(4);
  EXPECT_EQ(made_up(50, Texts{"one"}, drawn_words, random).size(), kVocabulary.size());
}

std::size_t differing(const std::string& a, const std::string& b) {
  std::istringstream left(a), right(b);
  std::string x, y;
  std::size_t count = 0;
  while (left >> x && right >> y) count += x != y ? 1 : 0;
  return count;
}

TEST(Changed, differs_in_one_word_the_one_that_lowers_confidence_most) {
  // Confidence falls with every "stone"; all 3 x 5 changes are tried for sure.
  const auto confidence = [](const std::string& text) {
    return 1.0 - .1 * static_cast<double>(std::ranges::count(words_of(text), std::string("stone")));
  };
  Random random(5);
  const auto text = changed("Show My Room", kVocabulary, confidence, [](const auto&) { return false; }, {.tries = 300},
                            random);
  ASSERT_TRUE(text);
  EXPECT_EQ(differing(*text, "Show My Room"), 1U);
  EXPECT_EQ(confidence(*text), .9);
}

TEST(Changed, is_never_the_text_itself_nor_one_that_is_taken) {
  Random random(6);
  std::set<std::string> taken;
  const auto is_taken = [&](const std::string& text) { return taken.contains(text); };
  const auto confidence = [](const std::string& text) { return static_cast<double>(text.size()); };
  while (const auto text = changed("red", kVocabulary, confidence, is_taken, {.tries = 200}, random)) {
    EXPECT_NE(*text, "red");
    ASSERT_TRUE(taken.insert(*text).second);
  }
  EXPECT_EQ(taken.size(), kVocabulary.size() - 1);
  EXPECT_FALSE(changed("", kVocabulary, confidence, is_taken, {}, random));
}

}  // namespace
}  // namespace cms::lab
