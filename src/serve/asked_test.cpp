#include "serve/asked.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

namespace cms::serve {
namespace {

using Prompts = std::vector<Prompt>;

TEST(Asked, reads_conversations_without_the_models_answers) {
  EXPECT_EQ(asked(R"({"model":"m","messages":[{"role":"system","content":"be kind"},{"role":"user","content":"one"},
                     {"role":"assistant","content":"two"},{"role":"user","content":"three"}]})"),
            (Prompts{{"be kind", "one", "three"}}));
}

TEST(Asked, reads_content_in_parts_and_leaves_pictures_out) {
  EXPECT_EQ(asked(R"({"messages":[{"role":"user","content":[{"type":"text","text":"what is"},
                     {"type":"image_url","image_url":{"url":"data:"}},{"type":"text","text":"this"}]}]})"),
            (Prompts{{"what is\nthis"}}));
  EXPECT_EQ(asked(R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})"), Prompts{});
}

TEST(Asked, reads_the_shapes_of_other_apis) {
  EXPECT_EQ(asked(R"({"prompt":"one"})"), (Prompts{{"one"}}));
  EXPECT_EQ(asked(R"({"prompt":["one","two"]})"), (Prompts{{"one"}, {"two"}}));
  EXPECT_EQ(asked(R"({"system":"s","messages":[{"role":"user","content":"u"}]})"), (Prompts{{"s", "u"}}));
  EXPECT_EQ(asked(R"({"system":"s","prompt":["one","two"]})"), (Prompts{{"s", "one"}, {"two"}}));
  EXPECT_EQ(asked(R"({"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"u"}]})"),
            (Prompts{{"s", "u"}}));
  EXPECT_EQ(asked(R"({"instructions":"s","input":"u"})"), (Prompts{{"s", "u"}}));
  EXPECT_EQ(asked(R"({"input":[{"role":"user","content":[{"type":"input_text","text":"u"}]}]})"), (Prompts{{"u"}}));
  EXPECT_EQ(asked(R"({"input":["a","b"]})"), (Prompts{{"a"}, {"b"}}));
}

TEST(Asked, reads_what_litellms_guardrail_is_told_messages_before_texts) {
  EXPECT_EQ(asked(R"({"texts":["a","b"],"structured_messages":[{"role":"user","content":[{"type":"text","text":"a"}]},
                     {"role":"assistant","content":"b"}],"request_data":{"user_api_key_hash":"k"}})"),
            (Prompts{{"a"}}));
  EXPECT_EQ(asked(R"({"texts":["a","b"],"structured_messages":null})"), (Prompts{{"a", "b"}}));
  EXPECT_EQ(asked(R"({"texts":{},"structured_messages":[1]})"), Prompts{});
}

TEST(Asked, finds_nothing_where_nothing_is_asked_in_words) {
  for (const auto* body : {"", "[]", "null", "3", "{}", R"({"prompt":[1,2,3]})", R"({"prompt":[[1,2],[3]]})",
                           R"({"messages":"x"})", R"({"messages":[1]})", R"({"messages":[{"role":"user"}]})",
                           R"({"input":null})", "\x01\xff", R"({"messages":[{"role":3,"content":{}}]})"}) {
    EXPECT_TRUE(asked(body).empty()) << body;
  }
}

TEST(Asked, survives_a_deep_and_a_cut_body) {
  EXPECT_EQ(asked(std::string(100'000, '[')).size(), 1u);
  const auto deep = R"({"prompt":"rain","x":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_EQ(asked(deep), (Prompts{{deep}})) << "nobody is invisible by it";
  std::string full = R"({"prompt":"rain","x":[0)";
  for (int i = 0; i < 1 << 18; ++i) full += ",0";
  EXPECT_EQ(asked(full + "]}"), (Prompts{{full + "]}"}}));
  const std::string whole = R"({"messages":[{"role":"user","content":[{"type":"text","text":"caf\u00e9"}]}]})";
  for (std::size_t cut = 1; cut < whole.size(); ++cut) EXPECT_EQ(asked(whole.substr(0, cut)).size(), 1u) << cut;
  std::mt19937 chance(7);
  for (int i = 0; i < 20'000; ++i) {
    auto changed = whole;
    changed[chance() % changed.size()] = static_cast<char>(chance());
    for (const auto& prompt : asked(changed)) EXPECT_FALSE(prompt.empty());
  }
}

TEST(Asked, reads_what_other_parsers_take_for_json_as_text) {
  EXPECT_EQ(asked(R"({"prompt":"what is rain?","x":NaN})"), (Prompts{{R"({"prompt":"what is rain?","x":NaN})"}}));
  EXPECT_EQ(asked(R"({"prompt":"rain","x":"\ud800"})").size(), 1u);
  std::string wide = "\xff\xfe";
  for (const char c : std::string_view(R"({"prompt":"rain"})")) wide += {c, '\0'};
  EXPECT_EQ(asked(wide), (Prompts{{R"({"prompt":"rain"})"}}));
}

TEST(Asked, reads_a_bounded_number_of_prompts) {
  std::string body = R"({"system":")" + std::string(100'000, 's') + R"(","prompt":["a")";
  for (int i = 0; i < 10'000; ++i) body += R"(,"a")";
  const auto prompts = asked(body + "]}");
  EXPECT_EQ(prompts.size(), kPromptsMax);
  std::size_t bytes = 0;
  for (const auto& prompt : prompts) {
    for (const auto& text : prompt) bytes += text.size();
  }
  EXPECT_LT(bytes, body.size());
}

TEST(Asked, knows_the_paths_that_ask_a_model) {
  for (const auto* path : {"/v1/chat/completions", "/v1/chat/completions/?x=1", "/api/chat", "/v1/messages",
                           "/openai/deployments/a/embeddings", "/completion"}) {
    EXPECT_TRUE(asks(path)) << path;
  }
  for (const auto* path : {"/", "", "/health", "/v1/models", "/metrics?completions", "/v1/completions/x"}) {
    EXPECT_FALSE(asks(path)) << path;
  }
}

TEST(SentTexts, gives_what_is_new_of_a_growing_conversation) {
  SentTexts sent(10);
  EXPECT_EQ(sent.take("a", {"be kind", "one"}), "one\n\nbe kind");
  EXPECT_EQ(sent.take("a", {"be kind", "one", "two"}), "two");
  EXPECT_EQ(sent.take("a", {"be kind", "another talk"}), "another talk");
  EXPECT_EQ(sent.take("b", {"be kind", "one"}), "one\n\nbe kind");
}

TEST(SentTexts, puts_the_question_before_what_changes_with_every_request) {
  SentTexts sent(10);
  for (int i = 0; i < 20; ++i) {
    const auto question = fmt::format("question {}", i);
    EXPECT_TRUE(sent.take("a", {fmt::format("today is day {}", i), question}).starts_with(question));
  }
}

TEST(SentTexts, takes_a_repetition_for_a_request) {
  SentTexts sent(10);
  EXPECT_EQ(sent.take("a", {"s", "q"}), "q\n\ns");
  EXPECT_EQ(sent.take("a", {"s", "q"}), "q");
  EXPECT_EQ(sent.take("a", {"s", "q"}), "q");
}

TEST(SentTexts, hides_no_question_in_a_system_message) {
  SentTexts sent(10);
  sent.take("a", {"first question", "go on"});
  EXPECT_EQ(sent.take("a", {"second question", "go on"}), "second question");
}

TEST(SentTexts, remembers_boundedly_much) {
  SentTexts sent(4);
  for (int i = 0; i < 1000; ++i) sent.take(fmt::format("{}", i), {"text"});
  EXPECT_EQ(sent.take("999", {"text", "more"}), "more");
  EXPECT_EQ(sent.take("0", {"text", "more"}), "more\n\ntext");
  for (std::size_t i = 0; i <= SentTexts::kTextsMax; ++i) sent.take("long", {fmt::format("text {}", i)});
  EXPECT_EQ(sent.take("long", {"text 0", "new"}), "new\n\ntext 0");
  EXPECT_EQ(sent.take("nobody", {}), "");
}

}  // namespace
}  // namespace cms::serve
