#include "serve/litellm.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <vector>

namespace cms::serve {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool is_high(char32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(char32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// The unit of UTF-16 that \uXXXX at the front stands for.
std::optional<char32_t> unit_of(std::string_view raw) {
  if (raw.size() < 6 || !raw.starts_with("\\u")) return std::nullopt;
  std::uint32_t unit = 0;
  const auto* const end = raw.data() + 6;
  if (std::from_chars(raw.data() + 2, end, unit, 16).ptr != end) return std::nullopt;
  return unit;
}

// Takes the escape off the front; within quotes a byte follows every backslash.
char32_t take_escape(std::string_view& raw) {
  if (const auto unit = unit_of(raw)) {
    raw.remove_prefix(6);
    const auto second = is_high(*unit) ? unit_of(raw) : std::nullopt;
    if (!second || !is_low(*second)) return is_high(*unit) || is_low(*unit) ? kReplacement : *unit;
    raw.remove_prefix(6);
    return 0x10000 + ((*unit - 0xD800) << 10) + (*second - 0xDC00);
  }
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
  const auto letter = kLetters.find(raw[1]);
  const bool known = letter != std::string_view::npos;
  raw.remove_prefix(known ? 2 : 1);
  return known ? static_cast<char32_t>(kMeant[letter]) : kReplacement;
}

void append_utf8(std::string& text, char32_t letter) {
  const auto put = [&text](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  const auto rest = [&](int shift) { put(0x80 | (letter >> shift & 0x3F)); };
  if (letter < 0x80) return put(letter);
  if (letter < 0x800) {
    put(0xC0 | letter >> 6);
  } else if (letter < 0x10000) {
    put(0xE0 | letter >> 12);
    rest(6);
  } else {
    put(0xF0 | letter >> 18);
    rest(12);
    rest(6);
  }
  rest(0);
}

// What stands between two quotes, as the text that it is.
std::string unescaped(std::string_view raw) {
  std::string text;
  while (!raw.empty()) {
    const auto plain = std::min(raw.find('\\'), raw.size());
    text += raw.substr(0, plain);
    raw.remove_prefix(plain);
    if (!raw.empty()) append_utf8(text, take_escape(raw));
  }
  return text;
}

// Whether what stands between two quotes is `text`, which is ASCII; no letter's escape has more than six bytes.
bool is(std::string_view raw, std::string_view text) {
  return raw == text || (raw.size() <= 6 * text.size() && unescaped(raw) == text);
}

// Walks over the structure: brackets that match, commas and colons where they belong. What a word or a number says, and
// what bytes a text has, is looked at nowhere but in the keys and texts that are asked for.
class Scanner {
 public:
  Scanner(std::string_view body, std::string_view account_key) : body_(body), account_key_(account_key) {}

  bool of_answer = false;
  std::string_view account;  // as it stands between its quotes

  // False when it is no JSON object.
  bool scan() {
    for (; at_ < body_.size(); ++at_) {
      const char c = body_[at_];
      if (c == ' ' || c == '\n' || c == '\t' || c == '\r') continue;
      if (open_.empty() && c != '{') return false;
      if (!step(c)) return false;
    }
    return open_.empty() && next_ == Next::more;
  }

 private:
  // What may come; `more`: a comma, or the end of what is open.
  enum class Next : std::uint8_t { value, first_value, key, first_key, colon, more };

  // Ends at the last byte of what it took.
  bool step(char c) {
    switch (c) {
      case '"': return text();
      case '{':
      case '[': return open(c == '{');
      case '}':
      case ']': return close(c == '}');
      case ',': return go(Next::more, open_.back() ? Next::key : Next::value);
      case ':': return go(Next::colon, Next::value);
      default: return word(c);
    }
  }

  bool go(Next from, Next to) {
    if (next_ != from) return false;
    next_ = to;
    return true;
  }

  bool open(bool object) {
    if (!value({})) return false;
    open_.push_back(object);
    account_next_ = false;
    next_ = object ? Next::first_key : Next::first_value;
    return true;
  }

  bool close(bool object) {
    const bool may = next_ == Next::more || next_ == Next::first_key || next_ == Next::first_value;
    if (!may || open_.back() != object) return false;
    open_.pop_back();
    next_ = Next::more;
    return true;
  }

  bool word(char c) {
    const auto is_part = [](char part) {
      return std::isalnum(static_cast<unsigned char>(part)) || part == '-' || part == '+' || part == '.';
    };
    if (!is_part(c)) return false;
    while (at_ + 1 < body_.size() && is_part(body_[at_ + 1])) ++at_;
    return value({});
  }

  // A quote ends the text when the backslashes before it are even in number. They are counted backwards, none of them
  // twice, so that a text is passed by the library's search for a byte.
  bool text() {
    const auto from = at_ + 1;
    for (auto quote = body_.find('"', from); quote != std::string_view::npos; quote = body_.find('"', quote + 1)) {
      auto first = quote;
      while (first > from && body_[first - 1] == '\\') --first;
      if ((quote - first) % 2 != 0) continue;
      at_ = quote;
      const auto raw = body_.substr(from, quote - from);
      return next_ == Next::key || next_ == Next::first_key ? key(raw) : value(raw);
    }
    return false;
  }

  bool key(std::string_view raw) {
    if (open_.size() == 1) {
      input_type_next_ = is(raw, "input_type");
      request_data_ = is(raw, "request_data");
    } else if (open_.size() == 2) {
      account_next_ = request_data_ && is(raw, account_key_);
    }
    next_ = Next::colon;
    return true;
  }

  // `raw` is empty where it is no text: it counts as an empty one.
  bool value(std::string_view raw) {
    if (next_ != Next::value && next_ != Next::first_value) return false;
    next_ = Next::more;
    if (open_.size() == 1 && input_type_next_) of_answer = is(raw, "response");
    if (open_.size() == 1 && request_data_) account = {};
    if (open_.size() == 2 && account_next_) account = raw;
    return true;
  }

  std::string_view body_, account_key_;
  std::size_t at_ = 0;
  Next next_ = Next::value;
  std::vector<bool> open_;                               // whether the bracket of a level is an object's
  bool input_type_next_ = false, request_data_ = false;  // what the last key of the whole was
  bool account_next_ = false;                            // whether the last key within request_data was the account's
};

}  // namespace

std::optional<LitellmQuestion> parse_litellm(std::string_view body, std::string_view account_key) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  Scanner scanner(body, account_key);
  if (!scanner.scan()) return std::nullopt;
  return LitellmQuestion{scanner.of_answer, unescaped(scanner.account)};
}

}  // namespace cms::serve
