// What a request to an inference API asks: the texts in its JSON body, and which of them are new.
//
// Read by keys, not by paths, so that every server with one of the common shapes will do: "messages" (OpenAI chat,
// Anthropic, Ollama), "prompt" (completions; a text or several), "input" (responses and embeddings; texts or messages),
// with "system" and "instructions" as messages before. The model's own earlier answers (role assistant) are not asked.
// A conversation is sent whole with every turn; what an account has sent lately is known by its hash, so that a turn
// counts by what is new in it: system prompts and earlier turns are not read again, whatever they are called.
// Threads: asked() is pure; SentTexts has one owner. Cost: one pass over the body, one SHA-256 a message.
// The hole is said in docs/threat-model.md: what is put into a made-up answer is not read.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cms::serve {

// The messages of one prompt, oldest first; those of role assistant left out.
using Prompt = std::vector<std::string>;

// The prompts of a body: one, or several where "prompt" or "input" is a list of texts; none when it is no JSON object,
// asks nothing, or asks by token ids or pictures alone. Texts that are not UTF-8 are left out.
std::vector<Prompt> asked(std::string_view body);

class SentTexts {
 public:
  // At most `accounts_max` accounts are remembered, those that asked last; of each the last kTextsMax texts.
  explicit SentTexts(std::size_t accounts_max) : accounts_max_(accounts_max) {}

  static constexpr std::size_t kTextsMax = 64;

  // What of a prompt the account has not sent lately, joined by empty lines, and remembers it; the last message when
  // all has been sent (a repetition is a request like others). Empty for a prompt without messages.
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
