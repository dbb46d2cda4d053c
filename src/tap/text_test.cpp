#include "tap/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"

namespace cms::tap {
namespace {

TEST(Text, words_are_cut_first_then_characters) {
  EXPECT_EQ(cut_text("  one two\n\nthree ", {.words_max = 2, .chars_max = 0}), "one two");
  EXPECT_EQ(cut_text("one two three", {.words_max = 2, .chars_max = 5}), "one t");
  EXPECT_EQ(cut_text("one two three", {.words_max = 9, .chars_max = 0}), "one two three");
}

TEST(Text, without_limits_it_is_left_alone) { EXPECT_EQ(cut_text(" a\n b ", {}), " a\n b "); }

TEST(Text, a_character_is_a_code_point_and_never_split) {
  EXPECT_EQ(cut_text("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80x", {.words_max = 0, .chars_max = 3}),
            "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(Text, unicode_spaces_part_words) {
  EXPECT_EQ(cut_text("a\xC2\xA0" "b\xE3\x80\x80" "c", {.words_max = 2, .chars_max = 0}), "a b");
}

TEST(Text, well_formed_utf8_is_told_from_ill_formed) {
  EXPECT_TRUE(is_utf8("plain \xC3\xA4 \xF4\x8F\xBF\xBF"));
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Segments, follow_one_another_at_words_then_inside_words) {
  using Pieces = std::vector<std::string>;
  EXPECT_EQ(segments(" one two three\tfour five ", {.words_max = 2, .chars_max = 0}),
            (Pieces{"one two", "three four", "five"}));
  EXPECT_EQ(segments("one twothree four", {.words_max = 3, .chars_max = 7}), (Pieces{"one two", "three f", "our"}));
  EXPECT_EQ(segments("abcd ef", {.words_max = 9, .chars_max = 5}), (Pieces{"abcd ", "ef"}));
  EXPECT_EQ(segments("a  b", {}), (Pieces{"a b"}));
}

TEST(Segments, begin_anew_with_every_line) {
  using Pieces = std::vector<std::string>;
  EXPECT_EQ(segments("one two three\n\n four\r\n five", {.words_max = 2, .chars_max = 0}),
            (Pieces{"one two", "three", "four", "five"}));
}

TEST(Segments, a_text_without_words_has_none) {
  EXPECT_TRUE(segments("", {.words_max = 3, .chars_max = 9}).empty());
  EXPECT_TRUE(segments(" \n\xC2\xA0", {.words_max = 3, .chars_max = 9}).empty());
}

// Words of letters of one to four bytes, parted by white space of every kind.
std::string random_text(Random& random) {
  const std::string letters[] = {"a", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "7", "."};
  const std::string spaces[] = {" ", "\n", "\t", "\xC2\xA0", "\xE3\x80\x80", "  "};
  std::string text;
  for (auto words = random.below(30); words > 0; --words) {
    for (auto count = 1 + random.below(12); count > 0; --count) text += letters[random.below(6)];
    text += spaces[random.below(6)];
  }
  return text;
}

std::string without_spaces(const std::string& text) {
  std::string joined = cut_text(text, {.words_max = UINT32_MAX, .chars_max = 0});
  std::erase(joined, ' ');
  return joined;
}

TEST(WithoutEndlessRuns, keeps_the_beginning_of_each_run_and_all_that_comes_after_it) {
  const auto repeated = [](const std::string& one, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += one;
    return text;
  };
  const std::string edge = repeated("a", kRunCharsMax), wide = repeated("\xC3\xA4", kRunCharsMax);
  EXPECT_EQ(without_endless_runs(edge + " b"), edge + " b");
  EXPECT_EQ(without_endless_runs(edge + "a b"), edge + " b");
  EXPECT_EQ(without_endless_runs(wide + "ab c"), wide + " c") << "characters, not bytes";
  EXPECT_EQ(without_endless_runs(repeated("\n", 100'000) + "What?"), repeated("\n", kRunCharsMax) + "What?");
  EXPECT_LE(without_endless_runs(repeated("!\x1C", 500'000)).size(), kRunCharsMax) << "no white space to std::regex";
  EXPECT_LE(without_endless_runs(repeated("!\xC2\xA0", 500'000)).size(), 3 * kRunCharsMax);
  EXPECT_LE(without_endless_runs(repeated("\n\xC2\xA0", 500'000)).size(), 3 * kRunCharsMax);
  Random random(11);
  for (int round = 0; round < 200; ++round) {
    const auto text = random_text(random);
    EXPECT_EQ(without_endless_runs(text), text);
  }
}

// Up to the first line feed after a word.
std::string first_line(const std::string& text) {
  const auto word = text.find_first_not_of(" \n\t");
  return word == std::string::npos ? text : text.substr(0, text.find('\n', word));
}

std::size_t count_characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

TEST(Segments, lose_and_double_no_character_keep_their_bounds_and_begin_as_the_cut_does) {
  Random random(7);
  for (int round = 0; round < 2'000; ++round) {
    const auto text = random_text(random);
    const TextLimits limits = {static_cast<std::uint32_t>(1 + random.below(6)),
                               static_cast<std::uint32_t>(random.below(20))};
    const auto pieces = segments(text, limits);
    std::string joined;
    for (const auto& piece : pieces) {
      joined += piece;
      EXPECT_TRUE(is_utf8(piece));
      EXPECT_FALSE(cut_text(piece, {.words_max = 1, .chars_max = 0}).empty()) << "a piece without a word";
      EXPECT_LE(std::count(piece.begin(), piece.end(), ' '), limits.words_max);
      EXPECT_EQ(cut_text(piece, {.words_max = limits.words_max, .chars_max = 0}) + (piece.ends_with(' ') ? " " : ""),
                piece);
      EXPECT_TRUE(limits.chars_max == 0 || count_characters(piece) <= limits.chars_max);
    }
    EXPECT_EQ(without_spaces(joined), without_spaces(text));
    EXPECT_EQ(pieces.empty() ? "" : pieces.front(), cut_text(first_line(text), limits));
  }
}

}  // namespace
}  // namespace cms::tap
