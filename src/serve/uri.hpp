// Request targets taken apart: percent-encoding, path segments, query (RFC 3986).
//
// Everything here comes from outside; what is malformed gives nothing, never a guess. Threads: pure. Cost: linear.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cms::serve {

struct Target {
  std::vector<std::string> segments;                        // of the path, decoded; "/" has none
  std::vector<std::pair<std::string, std::string>> query;   // decoded, in order

  // The only value of `key`; nothing when it is missing or there are several.
  [[nodiscard]] std::optional<std::string_view> value(std::string_view key) const;
  [[nodiscard]] std::size_t count(std::string_view key) const;
};

// Decoded text; nothing for a broken escape, for what is not UTF-8 afterwards, and for NUL. A '+' is a space where
// `plus_is_space`, as forms send it.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space = false);
// Everything but unreserved characters escaped.
std::string percent_encoded(std::string_view text);

// Nothing when the target does not begin with '/', or a part does not decode. A '/' that is escaped belongs to its
// segment: accounts may have any name.
std::optional<Target> parse_target(std::string_view target);

// A whole number and nothing else.
std::optional<std::uint64_t> parse_count(std::string_view text);
// A finite number and nothing else.
std::optional<double> parse_number(std::string_view text);

// Bytes of lower-case hex digits; nothing for anything else.
std::optional<std::string> from_hex(std::string_view digits);

}  // namespace cms::serve
