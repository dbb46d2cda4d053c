#include "serve/litellm.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace cms::serve {
namespace {

constexpr std::string_view kKey = "user_api_key_hash";

std::string account_of(std::string_view body) {
  const auto question = parse_litellm(body, kKey);
  return question ? question->account : "no question";
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(ParseLitellm, reads_the_account_that_is_asked_for_where_it_belongs_and_nowhere_else) {
  EXPECT_EQ(account_of(R"({"texts":["x"],"request_data":{"a":{"b":[1]},"user_api_key_hash":"k"},"z":{}})"), "k");
  EXPECT_EQ(parse_litellm(R"({"request_data":{"user_api_key_team_id":"t"}})", "user_api_key_team_id")->account, "t");
  for (const auto* none : {R"({})", R"({"user_api_key_hash":"k"})", R"({"request_data":"k"})",
                           R"({"request_data":["k"]})",
                           R"({"request_data":{"x":{"user_api_key_hash":"k"}}})",
                           R"({"request_data":[{"user_api_key_hash":"k"}]})",
                           R"({"other":{"user_api_key_hash":"k"}})", R"({"request_data":{"user_api_key_hash":["k"]}})",
                           R"({"request_data":{"user_api_key_hash":{"user_api_key_hash":"k"}}})",
                           R"({"request_data":{"user_api_key_hash":7}})",
                           R"({"request_data":{"user_api_key_hash":null,"x":"k"}})"}) {
    EXPECT_EQ(account_of(none), "") << none;
  }
}

TEST(ParseLitellm, of_a_key_that_is_there_twice_the_last_counts) {
  EXPECT_EQ(account_of(R"({"request_data":{"user_api_key_hash":"a","user_api_key_hash":"b"}})"), "b");
  EXPECT_EQ(account_of(R"({"request_data":{"user_api_key_hash":"a","user_api_key_hash":1}})"), "");
  EXPECT_EQ(account_of(R"({"request_data":{"user_api_key_hash":"a"},"request_data":{}})"), "");
  EXPECT_EQ(account_of(R"({"request_data":{"user_api_key_hash":"a"},"request_data":3})"), "");
  EXPECT_FALSE(parse_litellm(R"({"input_type":"response","input_type":["response"]})", kKey)->of_answer);
}

TEST(ParseLitellm, tells_questions_about_answers_of_the_model) {
  EXPECT_TRUE(parse_litellm(R"({"input_type":"response"})", kKey)->of_answer);
  for (const auto* other :
       {R"({"input_type":"request"})", R"({"x":{"input_type":"response"}})", R"({"x":"response"})"}) {
    EXPECT_FALSE(parse_litellm(other, kKey)->of_answer) << other;
  }
}

TEST(ParseLitellm, what_is_no_json_object_is_no_question) {
  for (const auto* bad : {"", "[]", "7", "\"x\"", "{\"a\":", "{} {}", "\xff", "[{\"input_type\":\"response\"}]"}) {
    EXPECT_FALSE(parse_litellm(bad, kKey)) << bad;
  }
}

// A gateway that fails open lets through what cannot be read.
TEST(ParseLitellm, reads_the_account_however_deep_and_however_full_a_body_is) {
  const std::string end = R"(,"request_data":{"user_api_key_hash":"k"}})";
  const std::size_t deep = 1'000'000;
  EXPECT_EQ(account_of(R"({"structured_messages":)" + std::string(deep, '[') + std::string(deep, ']') + end), "k");
  EXPECT_EQ(account_of(R"({"texts":)" + repeated(R"({"a":)", deep) + "0" + std::string(deep, '}') + end), "k");
  EXPECT_EQ(account_of(R"({"texts":[0)" + repeated(",[]", deep) + "]" + end), "k");
  EXPECT_FALSE(parse_litellm(std::string(deep, '['), kKey));
}

TEST(ParseLitellm, reads_what_python_takes_for_json) {
  for (const auto* strange :
       {R"("\ud800")", R"("\uDFFF\uD83D")", R"("\\\ud800\"NaN\"")", "NaN",
        "-Infinity", "Infinity", "1e999", "-1E+999",
        "[NaN,1,true]"}) {
    const auto before = fmt::format(R"({{"texts":[{}],"request_data":{{"user_api_key_hash":"k"}}}})", strange);
    const auto after = fmt::format(R"({{"request_data":{{"user_api_key_hash":"k"}},"x":{{"y":{}}}}})", strange);
    EXPECT_EQ(account_of(before), "k") << before;
    EXPECT_EQ(account_of(after), "k") << after;
  }
  EXPECT_TRUE(parse_litellm(R"({"x":NaN,"input_type":"response"})", kKey)->of_answer);
  EXPECT_FALSE(parse_litellm(R"({"x":NaN)", kKey));
}

}  // namespace
}  // namespace cms::serve
