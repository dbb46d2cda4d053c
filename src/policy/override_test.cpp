#include "policy/override.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cms::policy {
namespace {

TEST(Override, what_was_written_is_read_back) {
  for (const auto action : {Action::allow, Action::observe, Action::price, Action::limit, Action::review}) {
    const Override written{action, 1800000000.25, "ticket \"4711\", \xC3\xA4"};
    const auto read = parse_override(format_override(written));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, written);
  }
}

TEST(Override, every_key_is_needed_and_no_other_is_taken) {
  const std::string whole = R"({"action":"allow","until":1,"why":"x"})";
  EXPECT_TRUE(parse_override(whole));
  for (const auto* text : {R"({"until":1,"why":"x"})", R"({"action":"allow","why":"x"})",
                           R"({"action":"allow","until":1})",
                           R"({"action":"allow","until":1,"why":"x","more":1})"}) {
    const auto read = parse_override(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::bad_input);
  }
}

TEST(Override, values_of_the_wrong_kind_are_refused) {
  for (const auto* text :
       {"", "[]", "null", "{", R"({"action":"block","until":1,"why":"x"})", R"({"action":3,"until":1,"why":"x"})",
        R"({"action":"allow","until":"2027","why":"x"})", R"({"action":"allow","until":1e999,"why":"x"})",
        R"({"action":"allow","until":1,"why":""})", R"({"action":"allow","until":1,"why":{"a":[[[1]]]}})",
        "{\"action\":\"allow\",\"until\":1,\"why\":\"\xFF\"}"}) {
    EXPECT_FALSE(parse_override(text)) << text;
  }
  EXPECT_FALSE(parse_override(R"({"action":"allow","until":1,"why":")" + std::string(kWhyBytesMax + 1, 'x') + "\"}"));
  EXPECT_FALSE(parse_override(std::string(1'000'000, '[')));
}

TEST(Override, only_the_five_actions_have_names) {
  EXPECT_EQ(parse_action("review"), Action::review);
  EXPECT_FALSE(parse_action("Review"));
  EXPECT_FALSE(parse_action("block"));
  EXPECT_FALSE(parse_action(""));
}

}  // namespace
}  // namespace cms::policy
