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
  EXPECT_EQ(asked(R"({"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"u"}]})"),
            (Prompts{{"s", "u"}}));
  EXPECT_EQ(asked(R"({"instructions":"s","input":"u"})"), (Prompts{{"s", "u"}}));
  EXPECT_EQ(asked(R"({"input":[{"role":"user","content":[{"type":"input_text","text":"u"}]}]})"), (Prompts{{"u"}}));
  EXPECT_EQ(asked(R"({"input":["a","b"]})"), (Prompts{{"a"}, {"b"}}));
}

TEST(Asked, finds_nothing_where_nothing_is_asked_in_words) {
  for (const auto* body : {"", "{", "[]", "null", "3", "{}", R"({"prompt":[1,2,3]})", R"({"prompt":[[1,2],[3]]})",
                           R"({"messages":"x"})", R"({"messages":[1]})", R"({"messages":[{"role":"user"}]})",
                           R"({"input":null})", "{\"prompt\":\"\xff\"}", R"({"messages":[{"role":3,"content":{}}]})"}) {
    EXPECT_TRUE(asked(body).empty()) << body;
  }
}

TEST(Asked, survives_a_deep_and_a_cut_body) {
  EXPECT_TRUE(asked(std::string(100'000, '[')).empty());
  const std::string whole = R"({"messages":[{"role":"user","content":[{"type":"text","text":"caf\u00e9"}]}]})";
  for (std::size_t cut = 0; cut < whole.size(); ++cut) EXPECT_TRUE(asked(whole.substr(0, cut)).empty()) << cut;
  std::mt19937 chance(7);
  for (int i = 0; i < 20'000; ++i) {
    auto changed = whole;
    changed[chance() % changed.size()] = static_cast<char>(chance());
    for (const auto& prompt : asked(changed)) EXPECT_FALSE(prompt.empty());
  }
}

TEST(SentTexts, gives_what_is_new_of_a_growing_conversation) {
  SentTexts sent(10);
  EXPECT_EQ(sent.take("a", {"be kind", "one"}), "be kind\n\none");
  EXPECT_EQ(sent.take("a", {"be kind", "one", "two"}), "two");
  EXPECT_EQ(sent.take("a", {"be kind", "another talk"}), "another talk");
  EXPECT_EQ(sent.take("b", {"be kind", "one"}), "be kind\n\none");
}

TEST(SentTexts, takes_a_repetition_for_a_request) {
  SentTexts sent(10);
  EXPECT_EQ(sent.take("a", {"s", "q"}), "s\n\nq");
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
  EXPECT_EQ(sent.take("0", {"text", "more"}), "text\n\nmore");
  for (std::size_t i = 0; i <= SentTexts::kTextsMax; ++i) sent.take("long", {fmt::format("text {}", i)});
  EXPECT_EQ(sent.take("long", {"text 0", "new"}), "text 0\n\nnew");
  EXPECT_EQ(sent.take("nobody", {}), "");
}

}  // namespace
}  // namespace cms::serve
