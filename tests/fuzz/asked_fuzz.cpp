// Bytes as the body of a request to an inference API: prompts of valid UTF-8, no more than there may be, and of each
// what is new, which is the last message where all was sent before; and as a question of LiteLLM's guardrail, whose
// account is that of the JSON made whole.
#include "serve/asked.hpp"

#include "serve/litellm.hpp"
#include "tap/json_lines.hpp"
#include "tap/text.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace cms {

namespace {

constexpr const char* kKey = "user_api_key_hash";

void check_litellm(std::string_view body) {
  if (body.find('\0') != std::string_view::npos) return;  // there the parser of the whole ends
  const auto question = serve::parse_litellm(body, kKey);
  const auto whole = tap::parse_object(body);
  fuzz::expect(!whole || question, "a JSON object is a question");
  if (!question || !whole) return;  // deeper than may be made whole
  const auto data = whole->find("request_data");
  std::string account;
  if (data != whole->end() && data->is_object()) {
    if (const auto at = data->find(kKey); at != data->end() && at->is_string()) account = at->get<std::string>();
  }
  fuzz::expect(question->account == account, "the account is the one that stands there");
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  std::vector<Bytes> all;
  for (const std::string_view body :
       {R"({"messages":[{"role":"system","content":"be brief"},{"role":"user","content":[{"text":"hi"}]}]})",
        R"({"prompt":["one","two \u00e4"],"max_tokens":3})", R"({"input":"embed me","instructions":"shortly"})",
        R"({"system":[{"type":"text","text":"s"}],"messages":[{"role":"assistant","content":"a"},{"content":"b"}]})",
        R"({"input_type":"request","texts":["a"],"structured_messages":[{"content":"b"}],"request_data":)"
        R"({"user_api_key_hash":"k","metadata":{"x":[1]}}})",
        R"({"texts":[NaN,"\ud800\\"],"request\u005fdata":{"user_api_key_hash":"\ud83d\ude80\n"}})",
        "no JSON at all"}) {
    all.emplace_back(body.begin(), body.end());
  }
  const auto deep = R"({"prompt":"p","texts":)" + std::string(2000, '[') + std::string(2000, ']') + "}";
  all.emplace_back(deep.begin(), deep.end());
  return all;
}

}  // namespace cms

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cms;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  check_litellm(body);
  const auto prompts = serve::asked(body);
  fuzz::expect(prompts.size() <= serve::kPromptsMax, "no more prompts are read than may be");
  serve::SentTexts sent(2);
  bool any = false;
  for (const auto& prompt : prompts) {
    for (const auto& message : prompt) fuzz::expect(tap::is_utf8(message), "a message is UTF-8");
    const auto fresh = sent.take("a", prompt);
    fuzz::expect(fresh.empty() || !prompt.empty(), "nothing comes out of no message");
    const auto again = sent.take("a", prompt);
    if (prompt.size() <= serve::SentTexts::kTextsMax) {
      fuzz::expect(prompt.empty() || again == prompt.back(), "what was sent before counts by its last message");
    }
    any |= !fresh.empty();
  }
  fuzz::accepted += any ? 1 : 0;
  return 0;
}
