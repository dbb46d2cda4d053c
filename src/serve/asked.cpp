#include "serve/asked.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/hash.hpp"
#include "tap/json_lines.hpp"
#include "tap/text.hpp"

namespace cms::serve {
namespace {

using Json = nlohmann::json;

// A content is a text, or parts of which some are texts.
std::string text_of(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (!content.is_array()) return text;
  for (const auto& part : content) {
    const Json* found = nullptr;
    if (part.is_string()) {
      found = &part;
    } else if (part.is_object()) {
      if (const auto at = part.find("text"); at != part.end() && at->is_string()) found = &*at;
      if (const auto at = part.find("content"); !found && at != part.end() && at->is_string()) found = &*at;
    }
    if (!found) continue;
    if (!text.empty()) text += "\n";
    text += found->get<std::string>();
  }
  return text;
}

void add(Prompt& prompt, const Json& content) {
  auto text = text_of(content);
  if (!text.empty()) prompt.push_back(std::move(text));
}

bool is_answer(const Json& message) {
  const auto role = message.find("role");
  return role != message.end() && role->is_string() && *role == "assistant";
}

void add_messages(Prompt& prompt, const Json& messages) {
  for (const auto& message : messages) {
    if (!message.is_object() || is_answer(message)) continue;
    if (const auto content = message.find("content"); content != message.end()) add(prompt, *content);
  }
}

bool are_messages(const Json& list) {
  return list.is_array() && std::ranges::any_of(list, [](const Json& one) { return one.is_object(); });
}

// LiteLLM's guardrail is told messages where there are any, and else all texts of one request.
void add_guardrail(std::vector<Prompt>& prompts, const Json& messages, const Json& texts) {
  if (are_messages(messages)) {
    add_messages(prompts.emplace_back(), messages);
  } else if (texts.is_array()) {
    auto& prompt = prompts.emplace_back();
    for (const auto& text : texts) add(prompt, text);
  }
}

// The UTF-8 of bytes that may be anything: control characters and what is no UTF-8 left out, so that UTF-16 of plain
// English reads as English.
std::string plain_text(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size();) {
    std::size_t size = 1;
    while (size < 4 && i + size < bytes.size() && (bytes[i + size] & 0xC0) == 0x80) ++size;
    const auto letter = bytes.substr(i, size);
    const bool control = size == 1 && static_cast<unsigned char>(letter.front()) < ' ';
    if (!control && tap::is_utf8(letter)) text += letter;
    i += size;
  }
  return text;
}

// The first eight bytes of a cryptographic hash: who could find two texts of one hash could hide one behind the other.
std::uint64_t hash_of(std::string_view text) {
  const auto digest = sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  std::uint64_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof(hash));
  return hash;
}

}  // namespace

bool asks(std::string_view target) {
  target = target.substr(0, target.find_first_of("?#"));
  while (target.ends_with('/')) target.remove_suffix(1);
  const auto slash = target.rfind('/');
  const auto last = slash == std::string_view::npos ? target : target.substr(slash + 1);
  constexpr std::array<std::string_view, 10> kEndpoints{"completions", "completion", "messages", "responses",
                                                        "embeddings",  "embedding",  "chat",     "generate",
                                                        "embed",       "infill"};
  return std::ranges::find(kEndpoints, last) != kEndpoints.end();
}

std::vector<Prompt> asked(std::string_view body) {
  const auto parsed = tap::parse_json(body);
  if (!parsed) {
    auto text = plain_text(body);
    return text.empty() ? std::vector<Prompt>() : std::vector<Prompt>{{std::move(text)}};
  }
  if (!parsed->is_object()) return {};
  const auto at = [&parsed](const char* key) -> const Json& {
    static const Json nothing;
    const auto found = parsed->find(key);
    return found == parsed->end() ? nothing : *found;
  };
  std::vector<Prompt> prompts;
  if (const auto& messages = at("messages"); are_messages(messages)) add_messages(prompts.emplace_back(), messages);
  add_guardrail(prompts, at("structured_messages"), at("texts"));
  for (const char* key : {"prompt", "input"}) {
    const auto& given = at(key);
    if (given.is_string()) {
      add(prompts.emplace_back(), given);
    } else if (are_messages(given)) {
      add_messages(prompts.emplace_back(), given);
    } else if (given.is_array()) {
      for (const auto& one : given) {
        if (prompts.size() == kPromptsMax) break;
        if (one.is_string()) add(prompts.emplace_back(), one);
      }
    }
  }
  std::erase_if(prompts, [](const Prompt& prompt) { return prompt.empty(); });
  // Once, with the first: it is the same for all.
  Prompt before;
  add(before, at("system"));
  add(before, at("instructions"));
  if (!prompts.empty()) prompts.front().insert(prompts.front().begin(), before.begin(), before.end());
  return prompts;
}

std::string SentTexts::take(const std::string& account, const Prompt& prompt) {
  if (prompt.empty()) return {};
  if (accounts_.size() >= accounts_max_ && !accounts_.contains(account)) make_room();
  auto& sent = accounts_[account];
  sent.asked = ++prompts_;
  std::string text;
  for (auto message = prompt.rbegin(); message != prompt.rend(); ++message) {
    const auto hash = hash_of(*message);
    if (std::ranges::find(sent.hashes, hash) != sent.hashes.end()) continue;
    sent.hashes.push_back(hash);
    if (sent.hashes.size() > kTextsMax) sent.hashes.pop_front();
    if (!text.empty()) text += "\n\n";
    text += *message;
  }
  return text.empty() ? prompt.back() : text;
}

// Half of the accounts go at once, so that a walk over all is rare.
void SentTexts::make_room() {
  std::vector<std::uint64_t> times;
  for (const auto& [account, sent] : accounts_) times.push_back(sent.asked);
  if (times.empty()) return;
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  std::erase_if(accounts_, [limit = *middle](const auto& one) { return one.second.asked <= limit; });
}

}  // namespace cms::serve
