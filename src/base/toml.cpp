#include "base/toml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace cms {
namespace {

tl::unexpected<Error> wrong(const std::string& name, std::size_t line, std::size_t column, std::string_view what) {
  return fail(ErrorCode::bad_input, fmt::format("{}, line {}, column {}: {}", name, line, column, what));
}

// Behind the text in quotes that begins at `at`; one that is not closed ends with its line, or the whole.
std::size_t behind_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const bool escapes = quote == '"';
  const std::string triple(3, quote);
  const bool long_text = text.substr(at).starts_with(triple);
  for (at += long_text ? 3 : 1; at < text.size(); ++at) {
    if (escapes && text[at] == '\\') {
      ++at;
    } else if (long_text && text.substr(at).starts_with(triple)) {
      const auto end = text.find_first_not_of(quote, at);  // two quotes may stand right before those that close
      return std::min({end, at + 5, text.size()});
    } else if (!long_text && (text[at] == quote || text[at] == '\n')) {
      return at + 1;
    }
  }
  return text.size();
}

// Where a key, or what is nested in brackets, comes to be too deep; the text's size where nothing does.
std::size_t too_deep_at(std::string_view text) {
  std::vector<std::size_t> outside;  // depths where brackets that are open were opened
  std::size_t depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = behind_quoted(text, at);
      continue;
    }
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '[' || c == '{') outside.push_back(depth);
    if (c == '[' || c == '{' || c == '.') ++depth;
    if (c == ',' || c == '\n') depth = outside.empty() ? 0 : outside.back() + 1;
    if ((c == ']' || c == '}') && !outside.empty()) {
      depth = outside.back();
      outside.pop_back();
    }
    if (depth > kTomlDepthMax) return at;
    ++at;
  }
  return text.size();
}

}  // namespace

Result<toml::table> parse_toml(std::string_view text, const std::string& name) {
  if (const auto at = too_deep_at(text); at < text.size()) {
    const auto before = text.substr(0, at);
    const auto line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
    return wrong(name, line, at - (before.rfind('\n') + 1) + 1, fmt::format("nested deeper than {}", kTomlDepthMax));
  }
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    const auto where = error.source().begin;
    return wrong(name, where.line, where.column, error.description());
  }
}

}  // namespace cms
