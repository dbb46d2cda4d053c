#include "tap/text.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace cms::tap
