// What the proxy passes on of a message's head, and what it says itself.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "serve/proxy_session.hpp"

namespace cms::serve {

Headers forwarded(const Headers& headers) {
  std::vector<std::string> named;  // by Connection
  for (const auto& [key, value] : headers) {
    if (!same_word(key, "Connection")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      auto one = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
      while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
      named.emplace_back(one);
    }
  }
  constexpr std::array<std::string_view, 12> kOfOneConnection{
      "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer",
      "Transfer-Encoding", "Upgrade", "Content-Length", "Expect", "HTTP2-Settings"};
  constexpr std::string_view kOurs = "X-CMS-";
  Headers kept;
  for (const auto& header : headers) {
    const std::string_view key = header.first;
    const auto is_key = [key](std::string_view other) { return same_word(key, other); };
    if (same_word(key.substr(0, kOurs.size()), kOurs)) continue;
    if (std::ranges::any_of(kOfOneConnection, is_key) || std::ranges::any_of(named, is_key)) continue;
    kept.push_back(header);
  }
  return kept;
}

Response api_error(unsigned status, std::string_view message, std::string_view type, std::string_view code) {
  Response response;
  response.status = status;
  const nlohmann::ordered_json error{{"message", message}, {"type", type}, {"param", nullptr}, {"code", code}};
  response.body = nlohmann::ordered_json{{"error", error}}.dump();
  return response;
}

}  // namespace cms::serve
