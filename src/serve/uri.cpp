#include "serve/uri.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tap/text.hpp"

namespace cms::serve {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

template <typename Number>
std::optional<Number> parsed(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Calls `take` with each part between separators; false as soon as it says so.
template <typename Take>
bool for_each_part(std::string_view text, char separator, const Take& take) {
  while (true) {
    const auto end = std::min(text.find(separator), text.size());
    if (!take(text.substr(0, end))) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<std::string_view> Target::value(std::string_view key) const {
  if (count(key) != 1) return std::nullopt;
  return std::ranges::find(query, key, &std::pair<std::string, std::string>::first)->second;
}

std::size_t Target::count(std::string_view key) const {
  return static_cast<std::size_t>(std::ranges::count(query, key, &std::pair<std::string, std::string>::first));
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += plus_is_space && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (decoded.find('\0') != std::string::npos || !tap::is_utf8(decoded)) return std::nullopt;
  return decoded;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      encoded += c;
    } else {
      fmt::format_to(std::back_inserter(encoded), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::optional<Target> parse_target(std::string_view target) {
  if (!target.starts_with('/')) return std::nullopt;
  target.remove_prefix(1);
  target = target.substr(0, target.find('#'));
  const auto question = target.find('?');
  const auto path = target.substr(0, question);
  Target result;
  const auto take_segment = [&](std::string_view part) {
    auto segment = percent_decoded(part);
    if (segment) result.segments.push_back(std::move(*segment));
    return segment.has_value();
  };
  if (!path.empty() && !for_each_part(path, '/', take_segment)) return std::nullopt;
  if (question == std::string_view::npos) return result;
  const auto take_pair = [&](std::string_view part) {
    if (part.empty()) return true;
    const auto equals = part.find('=');
    auto key = percent_decoded(part.substr(0, equals), true);
    auto value = percent_decoded(equals == std::string_view::npos ? "" : part.substr(equals + 1), true);
    if (!key || !value) return false;
    result.query.emplace_back(std::move(*key), std::move(*value));
    return true;
  };
  if (!for_each_part(target.substr(question + 1), '&', take_pair)) return std::nullopt;
  return result;
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  return parsed<std::uint64_t>(text);
}

std::optional<double> parse_number(std::string_view text) {
  const auto number = parsed<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<std::string> from_hex(std::string_view digits) {
  std::string bytes;
  if (digits.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    if (digit(digits[i]) < 0 || digit(digits[i + 1]) < 0) return std::nullopt;
    bytes += static_cast<char>(digit(digits[i]) * 16 + digit(digits[i + 1]));
  }
  return bytes;
}

}  // namespace cms::serve
