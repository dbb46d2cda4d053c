// What LiteLLM's generic guardrail asks: whose request it is, read out of the body without keeping it.
//
// Clients choose what stands in such a body, and one that could not be read would pass where the gateway fails open. So
// it is decided by one pass over its structure, however deep it is nested and however much it holds; what the tap reads
// of it later is bounded by asked.hpp. Of a key that is there twice the last counts. What does not change the structure
// is no error: words and numbers of any kind, as LiteLLM, a program in Python, takes some that are no JSON (NaN), bytes
// in texts that are no UTF-8, halves of surrogates and unknown escapes, which are U+FFFD in an account. The libraries'
// parsers refuse some of these, and simdjson holds four bytes for each byte of a body.
// Threads: pure. Cost: one pass, in which texts are passed by memchr; memory: the account, a bit a level.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cms::serve {

struct LitellmQuestion {
  bool of_answer = false;  // about what the model said, which is nobody's request
  std::string account;     // request_data's `account_key`, of any length; empty where it is not there, or no text
};

// `account_key` is ASCII. Nothing when the body is no JSON object: brackets that do not match, a quote, comma or colon
// that is missing, something behind the end.
std::optional<LitellmQuestion> parse_litellm(std::string_view body, std::string_view account_key);

}  // namespace cms::serve
