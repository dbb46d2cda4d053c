// What LiteLLM's generic guardrail asks: whose request it is, read out of the body without keeping it.
//
// Clients choose what stands in such a body, and one that could not be read would pass where the gateway fails open. So
// it is decided by one pass that keeps three texts, however deep the body is nested and however much it holds; what the
// tap reads of it later is bounded by asked.hpp. Of a key that is there twice the last counts. What LiteLLM, a program
// in Python, takes for JSON is read as it would: NaN, numbers beyond a double, halves of surrogates.
// Threads: pure. Cost: one pass over the body, some 100 MB/s, and over a copy where it is not JSON to everybody;
// memory: the longest text in it, a bit a level.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cms::serve {

struct LitellmQuestion {
  bool of_answer = false;  // about what the model said, which is nobody's request
  std::string account;     // request_data's `account_key`; empty where it is not there, or no text
};

// Nothing when the body is no JSON object.
std::optional<LitellmQuestion> parse_litellm(std::string_view body, std::string_view account_key);

}  // namespace cms::serve
