// What a request to an inference API asks: the texts in its JSON body, and which of them are new.
//
// Read by keys, not by paths, so that every server with one of the common shapes will do: "messages" (OpenAI chat,
// Anthropic, Ollama), "prompt" (completions; a text or several), "input" (responses and embeddings; texts or messages),
// "structured_messages" or else "texts" (LiteLLM's guardrail), with "system" and "instructions" as messages before. The
// model's own earlier answers (role assistant) are not asked. A conversation is sent whole with every turn; what an
// account has sent lately is known by its hash, so that a turn counts by what is new in it: system prompts and earlier
// turns are not read again, whatever they are called. Of what is new the last message comes first, since the tap reads
// the beginning of a text. A body that is no JSON to us is read as the text that it is: servers' parsers take more than
// ours (NaN, halves of surrogate pairs, UTF-16; deeper nesting and more values than tap::check_json() lets through),
// and nobody should become invisible by that.
// Threads: asked() is pure; SentTexts has one owner. Cost: one pass over the body, one SHA-256 a message.
// The holes are said in docs/threat-model.md.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cms::serve {

// The messages of one prompt, oldest first, what stands before the conversation ("system") at the beginning; those of
// role assistant left out.
using Prompt = std::vector<std::string>;

inline constexpr std::size_t kPromptsMax = 64;  // of one body; the rest is not read

// Whether a request of this path (with or without query) asks a model something: its last segment is that of a known
// endpoint, such as "completions", "messages", "responses", "embeddings", "generate".
bool asks(std::string_view target);

// The prompts of a body: one, or several where "prompt" or "input" is a list of texts; none when it asks nothing, or
// asks by token ids or pictures alone. A body that is no JSON is one prompt: its text, what is no UTF-8 left out.
std::vector<Prompt> asked(std::string_view body);

class SentTexts {
 public:
  // At most `accounts_max` accounts are remembered, those that asked last; of each the last kTextsMax texts. Names are
  // kept as they come: who calls sees to it that they are names (pipeline::is_account_name()).
  explicit SentTexts(std::size_t accounts_max) : accounts_max_(accounts_max) {}

  static constexpr std::size_t kTextsMax = 64;

  // What of a prompt the account has not sent lately, the last message first, joined by empty lines, and remembers it;
  // the last message when all has been sent (a repetition is a request like others). Empty without messages.
  std::string take(const std::string& account, const Prompt& prompt);

 private:
  struct Sent {
    std::deque<std::uint64_t> hashes;  // oldest first
    std::uint64_t asked = 0;           // when, counted in prompts
  };
  void make_room();

  std::size_t accounts_max_;
  std::uint64_t prompts_ = 0;
  std::unordered_map<std::string, Sent> accounts_;
};

}  // namespace cms::serve
