#include "serve/webhook_message.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "serve/rfc3339.hpp"

namespace cms::serve {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kKeyBytesMin = 24, kKeyBytesMax = 64;
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(std::span<const std::uint8_t> bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  return text;
}

// Empty when the text is no base64 with its padding.
Bytes from_base64(std::string_view text) {
  const auto letters = text.substr(0, std::min(text.find('='), text.size()));
  const std::size_t padding = text.size() - letters.size();
  if (text.empty() || text.size() % 4 != 0 || padding > 2) return {};
  if (letters.find_first_not_of(kBase64) != std::string_view::npos) return {};
  if (text.substr(letters.size()).find_first_not_of('=') != std::string_view::npos) return {};
  Bytes bytes(text.size() / 4 * 3);
  if (EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size())) < 0) {
    return {};
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace

Result<std::vector<Bytes>> parse_webhook_secrets(std::string_view text) {
  const auto wrong = [] {
    return fail(ErrorCode::bad_input, "the secret of a webhook must be whsec_ and 24 to 64 bytes in base64; make one "
                                      "with: echo whsec_$(openssl rand -base64 32)");
  };
  constexpr std::string_view kBlanks = " \t\r\n";
  std::vector<Bytes> keys;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    if (text.empty()) break;
    const auto word = text.substr(0, std::min(text.find_first_of(kBlanks), text.size()));
    text.remove_prefix(word.size());
    if (!word.starts_with(kPrefix)) return wrong();
    Bytes key = from_base64(word.substr(kPrefix.size()));
    if (key.size() < kKeyBytesMin || key.size() > kKeyBytesMax) return wrong();
    keys.push_back(std::move(key));
  }
  if (keys.empty()) return wrong();
  return keys;
}

std::string webhook_signature(std::span<const Bytes> keys, std::string_view id, std::int64_t timestamp,
                              std::string_view body) {
  const std::string content = fmt::format("{}.{}.{}", id, timestamp, body);
  std::string result;
  for (const auto& key : keys) {
    std::array<std::uint8_t, 32> code{};
    unsigned size = code.size();
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(content.data()), content.size(), code.data(), &size);
    result += (result.empty() ? "v1," : " v1,") + base64(code);
  }
  return result;
}

std::string webhook_body(const Event& event) {
  nlohmann::ordered_json body;
  body["type"] = fmt::format("cms.{}", name(event.kind));
  body["timestamp"] = rfc3339(event.time);
  body["data"] = event_json(event);
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_wanted(const Event& event, std::string_view tenant, std::span<const Action> actions) {
  if (!tenant.empty() && !event.tenant.empty() && event.tenant != tenant) return false;
  if (event.kind == EventKind::store_failed || event.kind == EventKind::store_recovered) return true;
  if (event.kind == EventKind::campaign) return true;
  if (event.kind != EventKind::action_changed) return false;
  const auto listed = [&](const std::optional<Action>& action) {
    return action && std::find(actions.begin(), actions.end(), *action) != actions.end();
  };
  return actions.empty() || listed(event.before) || listed(event.action);
}

}  // namespace cms::serve
