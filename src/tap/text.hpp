// What of a text is read: UTF-8, words and characters.
//
// A word is a run without white space, a character one Unicode code point; white space is Unicode's White_Space and
// the four separators U+001C..U+001F, as Python's str.split() has it. Threads: pure. Cost: linear.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cms::tap {

// True for well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF).
bool is_utf8(std::string_view text);

// How much of a text is read; 0 means all.
struct TextLimits {
  std::uint32_t words_max = 0;
  std::uint32_t chars_max = 0;
};

// The first words of `text` (UTF-8), then the first characters of those.
std::string cut_text(std::string_view text, const TextLimits& limits);

// Of a word, and of the white space between two, more characters than these are not read.
inline constexpr std::uint32_t kRunCharsMax = 8192;

// `text` (UTF-8) with at most kRunCharsMax characters of each word and of each run of white space, their first; a word
// ends here at a space or a control character from tab to carriage return, which are white space to everybody. Some
// models' splitters into tokens are regular expressions of the standard library, which recurse a frame a character
// (some 300 bytes): without it who writes the text chooses how deep.
std::string without_endless_runs(std::string_view text);

// The whole of `text` (UTF-8) in consecutive pieces of at most so many words and characters, every line feed beginning
// a new one: what cut_text() leaves of a line is cut again, inside a word where characters say so, and no character of
// a word is lost or read twice. Words are joined by one space each; where words_max > 0 the first piece of a line is
// cut_text()'s. None of a text without words.
std::vector<std::string> segments(std::string_view text, const TextLimits& limits);

}  // namespace cms::tap
