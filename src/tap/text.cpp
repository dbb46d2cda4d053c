#include "tap/text.hpp"

namespace cms::tap {
namespace {

// Decodes the character at the front of `text`: its length in bytes, 0 when it is ill-formed (Unicode table 3-7).
std::size_t decode(std::string_view text, char32_t& character) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) {
    character = first;
    return 1;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  character = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
    character = (character << 6) | (byte(i) & 0x3FU);
  }
  const bool overlong = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  return overlong || surrogate || character > 0x10FFFF ? 0 : length;
}

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

// The words of `text` joined by one space each, at most `words_max`.
std::string first_words(std::string_view text, std::uint32_t words_max) {
  std::string words;
  std::uint32_t count = 0;
  bool inside = false;
  for (std::size_t i = 0; i < text.size();) {
    char32_t character = 0;
    const std::size_t length = decode(text.substr(i), character);
    if (length == 0) break;
    const bool space = is_space(character);
    if (!space && !inside) {
      if (count == words_max) break;
      if (count > 0) words.push_back(' ');
      ++count;
    }
    if (!space) words.append(text.substr(i, length));
    inside = !space;
    i += length;
  }
  return words;
}

std::string first_characters(std::string_view text, std::uint32_t chars_max) {
  std::size_t end = 0;
  for (std::uint32_t count = 0; count < chars_max && end < text.size(); ++count) {
    char32_t character = 0;
    const std::size_t length = decode(text.substr(end), character);
    if (length == 0) break;
    end += length;
  }
  return std::string(text.substr(0, end));
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    char32_t character = 0;
    const std::size_t length = decode(text.substr(i), character);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string without_endless_runs(std::string_view text) {
  std::string kept;
  std::uint32_t run = 0;
  bool spaces = false;
  for (std::size_t i = 0; i < text.size();) {
    char32_t character = 0;
    const std::size_t length = decode(text.substr(i), character);
    if (length == 0) break;
    // What not everybody calls white space ends no run: a splitter that does not may be in a word still.
    const bool plain = character == ' ' || (character >= 0x09 && character <= 0x0D);
    const bool ends = spaces ? !is_space(character) : plain;
    run = ends ? 1 : run + 1;
    if (ends) spaces = plain;
    if (run <= kRunCharsMax) kept.append(text.substr(i, length));
    i += length;
  }
  return kept;
}

std::vector<std::string> segments(std::string_view text, const TextLimits& limits) {
  std::vector<std::string> pieces;
  std::uint32_t words = 0, characters = 0;  // of the last piece
  bool inside = false, line_ended = true;
  for (std::size_t i = 0; i < text.size();) {
    char32_t character = 0;
    const std::size_t length = decode(text.substr(i), character);
    if (length == 0) break;
    if (is_space(character)) {
      inside = false;
      line_ended = line_ended || character == '\n';
      i += length;
      continue;
    }
    const auto full = [&] { return limits.chars_max > 0 && characters == limits.chars_max; };
    const auto begin = [&] { pieces.emplace_back(), words = 1, characters = 0, line_ended = false; };
    if (!inside && (line_ended || words == limits.words_max || full())) {
      begin();
    } else if (!inside) {
      pieces.back().push_back(' ');
      ++characters, ++words;
    }
    if (full()) begin();
    pieces.back().append(text.substr(i, length));
    ++characters;
    inside = true;
    i += length;
  }
  return pieces;
}

std::string cut_text(std::string_view text, const TextLimits& limits) {
  std::string cut = limits.words_max > 0 ? first_words(text, limits.words_max) : std::string(text);
  return limits.chars_max > 0 ? first_characters(cut, limits.chars_max) : cut;
}

}  // namespace cms::tap
