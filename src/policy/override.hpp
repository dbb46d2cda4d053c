// What an analyst decided of one account: a small document beside the account, kind kOverrideKind in the store.
//
// {"action": "allow", "until": 1800000000, "why": "known customer, ticket 4711"}; every key is there, no other is.
// Threads: plain values. Cost: some microseconds.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "types/score.hpp"

namespace cms::policy {

inline constexpr std::string_view kOverrideKind = "override";
inline constexpr std::size_t kWhyBytesMax = 1024;
// The last second of the year 9999: an end beyond it has no date to be told by. No new override may have one; those
// that lie in a store from before are read as they are.
inline constexpr double kUntilMax = 253402300799;

struct Override {
  Action action = Action::allow;
  double until = 0;  // seconds since 1970; from then on it says nothing
  std::string why;   // 1 to kWhyBytesMax bytes of UTF-8

  bool operator==(const Override&) const = default;
};

// The action of a name; nothing where there is none.
std::optional<Action> parse_action(std::string_view name);

// Errors: `bad_input`, naming the key: no JSON object, a key missing, unknown or of the wrong type, an action that is
// none, an end that is no finite number, no reason or too long a one.
Result<Override> parse_override(std::string_view text);

// parse_override() gives back the same.
std::string format_override(const Override& value);

}  // namespace cms::policy
