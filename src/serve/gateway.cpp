#include "serve/gateway.hpp"

#include <algorithm>
#include <cmath>

#include "serve/caller.hpp"

namespace cms::serve {
namespace {

std::string_view first(const Headers& headers, std::string_view wanted) {
  if (wanted.empty()) return {};
  const auto found = std::ranges::find_if(headers, [&](const auto& one) { return same_word(one.first, wanted); });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace

std::optional<std::string> account_of(const store::Store& store, std::string_view tenant, const Headers& headers,
                                      const Whose& whose) {
  const auto known = [](Result<std::string> account) {
    return account ? std::optional(std::move(*account)) : std::nullopt;
  };
  if (const auto name = first(headers, whose.account_header); !name.empty()) {
    return known(account_of_name(store, tenant, name));
  }
  const bool any_key = whose.account_header.empty() && whose.key_header.empty();
  const auto shown = any_key ? api_key_of(headers) : api_key_in(first(headers, whose.key_header));
  // Gateways join headers of one name by commas, and servers take the first: the second must not make another account.
  return known(account_of_key(store, tenant, shown.substr(0, shown.find(','))));
}

Verdict ask_gate(Gate& gate, std::string_view tenant, const std::optional<std::string>& account) {
  return account ? gate.ask({std::string(tenant), *account}) : Verdict();
}

Headers verdict_headers(const Verdict& verdict) {
  Headers headers{{std::string(kTier), std::string(name(verdict.decision.action))},
                  {std::string(kDecision), verdict.pass ? "pass" : "wait"}};
  if (verdict.stale) headers.emplace_back(kStale, "true");
  return headers;
}

std::uint64_t retry_after_s(const Verdict& verdict) {
  return static_cast<std::uint64_t>(std::max(1.0, std::ceil(verdict.retry_after_s)));
}

Response wait_response(const Verdict& verdict) {
  Response response;
  response.status = 429;
  response.type = "application/problem+json";
  response.headers = {{"Retry-After", std::to_string(retry_after_s(verdict))}, {"Cache-Control", "no-store"}};
  response.body = R"({"type":"about:blank","title":"Too Many Requests","status":429,)"
                  R"("detail":"Too many requests; send it again after the seconds that Retry-After says."})" "\n";
  return response;
}

}  // namespace cms::serve
