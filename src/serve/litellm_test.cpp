#include "serve/litellm.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/random.hpp"

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
    for (const auto& body : {before, after}) {
      auto astral = body;
      astral.replace(astral.find("\"k\""), 3, R"("\ud83d\uDE80k")");
      EXPECT_EQ(account_of(astral), "\U0001F680k") << astral;
    }
  }
  EXPECT_TRUE(parse_litellm(R"({"x":NaN,"input_type":"response"})", kKey)->of_answer);
  EXPECT_FALSE(parse_litellm(R"({"x":NaN)", kKey));
}

TEST(ParseLitellm, keeps_pairs_of_surrogates_in_an_account_and_replaces_halves) {
  const auto named = [](std::string_view raw) {
    return account_of(fmt::format(R"({{"request_data":{{"user_api_key_hash":"{}"}}}})", raw));
  };
  EXPECT_EQ(named(R"(\ud83d\ude80rockets)"), "\U0001F680rockets");
  EXPECT_EQ(named(R"(\uDBFF\uDFFF)"), "\U0010FFFF");
  EXPECT_EQ(named(R"(\ud83drockets)"), "\uFFFDrockets");
  EXPECT_EQ(named(R"(\ude80\ud83d)"), "\uFFFD\uFFFD");
  EXPECT_EQ(named(R"(\ud83d\ud83d\ude80)"), "\uFFFD\U0001F680");
  EXPECT_EQ(named(R"(\ud83d\u0041)"), "\uFFFDA");
  EXPECT_EQ(named(R"(\\ud83d\\)"), R"(\ud83d\)");
  EXPECT_EQ(named(R"(\u0041\u00e9\u20AC\"\\\/\b\f\n\r\t)"), "A\u00e9\u20ac\"\\/\b\f\n\r\t");
}

TEST(ParseLitellm, reads_keys_however_they_are_escaped) {
  EXPECT_EQ(account_of(R"({"request\u005fdata":{"\u0075ser_api_key_hash":"k"}})"), "k");
  EXPECT_TRUE(parse_litellm(R"({"input\u005Ftype":"\u0072esponse"})", kKey)->of_answer);
  EXPECT_EQ(account_of(R"({"request_data":{"user_api_key_hash\\":"k","\"user_api_key_hash":"k"}})"), "");
}

TEST(ParseLitellm, decides_a_body_whose_texts_are_no_text_to_anybody) {
  const std::string end = R"(","request_data":{"user_api_key_hash":"k"}})";
  for (const auto* bytes : {"\xff", "\xc3", "\xed\xa0\x80", "a\nb\x01", "\\x", "\\u12", "\\u"}) {
    EXPECT_EQ(account_of(R"({"x":")" + std::string(bytes) + end), "k") << bytes;
  }
  EXPECT_EQ(account_of(std::string("{\"x\":\"\0", 7) + end), "k");
  EXPECT_EQ(account_of("\xEF\xBB\xBF{\"x\":\"" + end), "k");
  EXPECT_EQ(account_of(R"({"request_data":{"user_api_key_hash":"\x\u12z"}})"), "\uFFFDx\uFFFDu12z");
}

// A slow pass would be minutes here: every quote looks back at the backslashes before it.
TEST(ParseLitellm, passes_long_runs_of_quotes_and_backslashes_once) {
  const std::string end = R"(","request_data":{"user_api_key_hash":"k"}})";
  const std::size_t many = 4'000'000;
  EXPECT_EQ(account_of(R"({"x":")" + std::string(2 * many, '\\') + end), "k");
  EXPECT_EQ(account_of(R"({"x":")" + repeated("\\\"", many) + end), "k");
  EXPECT_FALSE(parse_litellm(R"({"x":")" + std::string(2 * many + 1, '\\') + "\"}", kKey));
}

// Bodies by chance: what is looked for is often there, at its place and elsewhere, once and twice.
class Bodies {
 public:
  std::string next() { return object(0); }
  // One byte of it is another.
  std::string spoilt(std::string body) {
    constexpr std::string_view kBytes = "{}[]\",:\\ x1";
    body[chance_.below(body.size())] = kBytes[chance_.below(kBytes.size())];
    return body;
  }

 private:
  template <std::size_t N>
  std::string one_of(const std::array<std::string_view, N>& all) {
    return std::string(all[chance_.below(N)]);
  }

  std::string space() { return one_of(std::array<std::string_view, 4>{"", "", " ", "\n\t\r"}); }

  std::string quoted(std::string_view ascii) {
    std::string text = "\"";
    for (const char c : ascii) {
      text += chance_.below(8) == 0 ? fmt::format("\\u{:04x}", static_cast<unsigned>(c)) : std::string(1, c);
    }
    return text + "\"";
  }

  std::string text() {
    constexpr std::array<std::string_view, 12> kPieces{
        "k", "response", R"(\\)", R"(\")", R"(\n)", R"(\/\b\f\r\t)", R"(\u00E9\u20ac)", "\u00e9",
        R"(\ud83d\uDE80)", "\U0001F680", "{[,:]}", ""};
    return "\"" + one_of(kPieces) + one_of(kPieces) + "\"";
  }

  std::string value(int depth, std::string_view key) {
    const auto kind = chance_.below(10);
    if (key == "request_data" && kind < 7) return object(depth);
    if (key == "input_type" && kind < 5) return quoted("response");
    if (key == "user_api_key_hash" && kind < 7) return text();
    if (kind < 3 || depth > 5) return one_of(std::array<std::string_view, 5>{"0", "-2.5e+3", "true", "false", "null"});
    if (kind < 6) return text();
    if (kind < 8) return object(depth);
    std::string list = "[" + space();
    for (auto left = chance_.below(3); left > 0; --left) list += value(depth + 1, "") + (left > 1 ? "," : "");
    return list + "]";
  }

  std::string object(int depth) {
    constexpr std::array<std::string_view, 6> kKeys{"input_type", "request_data", "user_api_key_hash", "x", "y", ""};
    std::string members = "{" + space();
    for (auto left = chance_.below(5); left > 0; --left) {
      const auto key = one_of(kKeys);
      members += quoted(key) + space() + ":" + space() + value(depth + 1, key) + space() + (left > 1 ? "," : "");
    }
    return members + "}";
  }

  Random chance_{7};
};

// By a parser that makes a whole of the body.
LitellmQuestion by_oracle(const nlohmann::json& body) {
  const auto text = [](const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
  };
  const auto data = body.find("request_data");
  const bool there = data != body.end() && data->is_object();
  return {text(body, "input_type") == "response", there ? text(*data, "user_api_key_hash") : ""};
}

TEST(ParseLitellm, says_of_any_body_what_a_parser_of_the_whole_says) {
  Bodies bodies;
  std::size_t accounts = 0, answers = 0, spoilt_and_whole = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto body = bodies.next();
    const auto said = parse_litellm(body, kKey);
    const auto expected = by_oracle(nlohmann::json::parse(body));
    ASSERT_TRUE(said) << body;
    ASSERT_EQ(said->account, expected.account) << body;
    ASSERT_EQ(said->of_answer, expected.of_answer) << body;
    accounts += expected.account.empty() ? 0 : 1;
    answers += expected.of_answer ? 1 : 0;
    ASSERT_FALSE(parse_litellm(std::string_view(body).substr(0, body.size() - 1), kKey)) << body;
    ASSERT_FALSE(parse_litellm(body + "x", kKey)) << body;
    // Where one byte is another it is refused by none who takes all that a parser takes.
    const auto spoilt = bodies.spoilt(body);
    const auto whole = nlohmann::json::parse(spoilt, nullptr, false);
    if (!whole.is_object()) continue;
    ++spoilt_and_whole;
    const auto of_spoilt = parse_litellm(spoilt, kKey);
    ASSERT_TRUE(of_spoilt) << spoilt;
    ASSERT_EQ(of_spoilt->account, by_oracle(whole).account) << spoilt;
    ASSERT_EQ(of_spoilt->of_answer, by_oracle(whole).of_answer) << spoilt;
  }
  EXPECT_GT(accounts, 500U);
  EXPECT_GT(answers, 500U);
  EXPECT_GT(spoilt_and_whole, 500U);
}

}  // namespace
}  // namespace cms::serve
