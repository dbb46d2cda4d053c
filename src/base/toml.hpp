// TOML from outside: configurations, policies that are tried out, experiments.
//
// toml++ builds and frees tables by recursion, and bounds what is nested in brackets but not the parts of a key:
// "a.a.a..." of 62 KB overflows a stack. So depth is counted in the text first. Grammar: toml.io/en/v1.0.0.
// Threads: pure. Cost: linear.
#pragma once

#include <string>
#include <string_view>
#include <toml++/toml.h>

#include "base/result.hpp"

namespace cms {

inline constexpr std::size_t kTomlDepthMax = 64;  // parts of a key, and of those it lies in within its line

// Errors: `bad_input` as "NAME, line N, column M: ..." (from 1): deeper than that, not TOML.
Result<toml::table> parse_toml(std::string_view text, const std::string& name);

}  // namespace cms
