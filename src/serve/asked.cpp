#include "serve/asked.hpp"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/hash.hpp"

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

// The first eight bytes of a cryptographic hash: who could find two texts of one hash could hide one behind the other.
std::uint64_t hash_of(std::string_view text) {
  const auto digest = sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  std::uint64_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof(hash));
  return hash;
}

}  // namespace

std::vector<Prompt> asked(std::string_view body) {
  const auto parsed = Json::parse(body, nullptr, false);
  if (!parsed.is_object()) return {};
  const auto at = [&parsed](const char* key) -> const Json& {
    static const Json nothing;
    const auto found = parsed.find(key);
    return found == parsed.end() ? nothing : *found;
  };
  Prompt before;
  add(before, at("system"));
  add(before, at("instructions"));
  std::vector<Prompt> prompts;
  if (const auto& messages = at("messages"); are_messages(messages)) {
    add_messages(prompts.emplace_back(before), messages);
  }
  for (const char* key : {"prompt", "input"}) {
    const auto& given = at(key);
    if (given.is_string()) {
      add(prompts.emplace_back(before), given);
    } else if (are_messages(given)) {
      add_messages(prompts.emplace_back(before), given);
    } else if (given.is_array()) {
      for (const auto& one : given) {
        if (one.is_string()) add(prompts.emplace_back(before), one);
      }
    }
  }
  std::erase_if(prompts, [](const Prompt& prompt) { return prompt.empty(); });
  return prompts;
}

std::string SentTexts::take(const std::string& account, const Prompt& prompt) {
  if (prompt.empty()) return {};
  if (accounts_.size() >= accounts_max_ && !accounts_.contains(account)) make_room();
  auto& sent = accounts_[account];
  sent.asked = ++prompts_;
  std::string text;
  for (const auto& message : prompt) {
    const auto hash = hash_of(message);
    if (std::ranges::find(sent.hashes, hash) != sent.hashes.end()) continue;
    sent.hashes.push_back(hash);
    if (sent.hashes.size() > kTextsMax) sent.hashes.pop_front();
    if (!text.empty()) text += "\n\n";
    text += message;
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
