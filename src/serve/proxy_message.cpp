// What the proxy passes on of a message's head, and what it says itself.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "serve/caller.hpp"
#include "serve/proxy_session.hpp"
#include "serve/uri.hpp"

namespace cms::serve {

Headers forwarded(const Headers& headers) {
  std::vector<std::string> named;  // by Connection
  for (const auto& [key, value] : headers) {
    if (!same_word(key, "Connection")) continue;
    std::string_view rest = value;
    while (!rest.empty()) named.emplace_back(take_element(rest));
  }
  constexpr std::array<std::string_view, 12> kOfOneConnection{
      "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer",
      "Transfer-Encoding", "Upgrade", "Content-Length", "Expect", "HTTP2-Settings"};
  constexpr std::string_view kOurs = "X-CMS-";
  Headers kept;
  for (const auto& header : headers) {
    const std::string_view key = header.first;
    const auto is_key = [key](std::string_view other) { return same_word(key, other); };
    // Some servers take '_' for '-'.
    auto spelt = std::string(key.substr(0, kOurs.size()));
    std::ranges::replace(spelt, '_', '-');
    if (same_word(spelt, kOurs)) continue;
    if (std::ranges::any_of(kOfOneConnection, is_key) || std::ranges::any_of(named, is_key)) continue;
    kept.push_back(header);
  }
  return kept;
}

bool may_pass(const ProxyShared& shared, const std::string& target, const Headers& headers) {
  if (!target.starts_with('/')) return false;
  const auto dots = [](const std::string& segment) { return segment == "." || segment == ".."; };
  if (shared.upstream.target != "/") {
    const auto parts = parse_target(target);
    if (!parts || std::ranges::any_of(parts->segments, dots)) return false;
  }
  return !shared.options.key_header.empty() || !shows_several_keys(headers);
}

std::string outside(const ProxyShared& shared, std::string location, const Request& head) {
  const auto& upstream = shared.upstream;
  const auto inside = upstream.shown();
  if (!location.starts_with(inside)) return location;
  auto path = location.substr(inside.size());
  if (!path.empty() && path.front() != '/' && path.front() != '?') return location;  // another port or host
  if (upstream.target != "/" && path.starts_with(upstream.target)) path.erase(0, upstream.target.size());
  if (!path.starts_with('/')) path = "/" + path;
  const auto host = head.header("Host");
  return host.empty() ? path
                      : fmt::format("{}://{}{}", shared.options.tls.certificate.empty() ? "http" : "https", host, path);
}

Response api_error(unsigned status, std::string_view message, std::string_view type, std::string_view code) {
  Response response;
  response.status = status;
  const nlohmann::ordered_json error{{"message", message}, {"type", type}, {"param", nullptr}, {"code", code}};
  response.body = nlohmann::ordered_json{{"error", error}}.dump();
  return response;
}

}  // namespace cms::serve
