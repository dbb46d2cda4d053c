#include "tap/json_lines.hpp"

#include <gtest/gtest.h>

namespace cms::tap {
namespace {

std::string error_of(std::string_view text) {
  const auto json = parse_json(text);
  if (json) return "no error";
  EXPECT_EQ(json.error().code, ErrorCode::bad_input);
  return json.error().message;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

// An array is a value, and so is each of what it holds.
std::string zeros(std::size_t count) {
  std::string text = "[0";
  for (std::size_t i = 1; i < count; ++i) text += ",0";
  return text + "]";
}

TEST(ParseJson, takes_64_levels_and_no_more_however_deep_the_text_goes) {
  EXPECT_TRUE(parse_json(nested(64)));
  for (const std::size_t depth : {65U, 100'000U, 10'000'000U}) {
    EXPECT_EQ(error_of(nested(depth)), "nested deeper than 64");
    EXPECT_EQ(error_of(std::string(depth, '[')), "nested deeper than 64");
  }
}

TEST(ParseJson, takes_262144_values_and_no_more_however_small_they_are) {
  EXPECT_TRUE(parse_json(zeros((1 << 18) - 1)));
  EXPECT_EQ(error_of(zeros(1 << 18)), "more than 262144 values");
  std::string empty = "[[]";
  for (int i = 0; i < 1 << 18; ++i) empty += ",[]";
  EXPECT_EQ(error_of(empty + "]"), "more than 262144 values");
}

TEST(ParseJson, brackets_and_commas_within_a_text_are_none) {
  const auto json = parse_json("{\"a\":\"\\\"" + std::string(1 << 19, ',') + std::string(1000, '[') + "\"}");
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["a"].get_ref<const std::string&>().size(), 1U + (1U << 19) + 1000);
}

TEST(ParseJson, what_is_no_json_is_an_error_and_what_is_keeps_the_order_that_is_asked_for) {
  EXPECT_EQ(error_of(""), "not JSON");
  EXPECT_EQ(error_of("[1,"), "not JSON");
  EXPECT_EQ(error_of("\"\xff\""), "not UTF-8");
  EXPECT_EQ(parse_json<nlohmann::ordered_json>(R"({"b":1,"a":2})")->dump(), R"({"b":1,"a":2})");
  EXPECT_EQ(parse_json("[1]")->size(), 1U);
  EXPECT_EQ(parse_object("[1]").error().message, "not a JSON object");
}

}  // namespace
}  // namespace cms::tap
