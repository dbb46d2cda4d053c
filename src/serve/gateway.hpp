// What gateways are answered, whatever they speak: whose account a request is, and the gate's verdict in their forms.
//
// A gateway shows its own token and hands on what it knows of a request; an account is never taken from a header that
// the gateway's configuration has not named, so clients cannot choose whose they are. Nothing here tells a client more
// than that there were too many requests. Page: docs/gateways.md. api_gateway.cpp speaks HTTP, ext_authz.cpp gRPC.
// Threads: pure but for the store's keys. Cost: one HMAC-SHA256 where the account is that of an API key or of a hash.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "serve/gate.hpp"
#include "serve/http_message.hpp"

namespace cms::serve {

// Gateway to CMS: its token where Authorization is the client's; and who the client is, set by the gateway itself.
inline constexpr std::string_view kGatewayToken = "X-CMS-Token";
inline constexpr std::string_view kGatewayAccount = "X-CMS-Account";
inline constexpr std::string_view kGatewayKey = "X-CMS-Api-Key";
// CMS to gateway, and on to the upstream: the action on the account (policy's words), and `pass` or `wait` for this
// request; with `wait`, when the next may pass, in seconds.
inline constexpr std::string_view kTier = "X-CMS-Tier";
inline constexpr std::string_view kDecision = "X-CMS-Decision";
inline constexpr std::string_view kRetryAfter = "X-CMS-Retry-After";
// `true` where the store refuses, so that the action may be older than the account's last requests; else not there.
inline constexpr std::string_view kStale = "X-CMS-Stale";

// Which headers say who the client is, as the gateway's configuration names them. Both empty: the client's API key.
struct Whose {
  std::string_view account_header;  // holds the account's name
  std::string_view key_header;      // holds an API key, with or without "Bearer "
};

// The first of these that is there: the account's name (of what is none, account_of_name()), the account of the key.
// Nothing where neither is shown.
std::optional<std::string> account_of(const store::Store& store, std::string_view tenant, const Headers& headers,
                                      const Whose& whose);

// Asks the gate; who shows no account passes as unknown.
Verdict ask_gate(Gate& gate, std::string_view tenant, const std::optional<std::string>& account);

// kTier and kDecision, and kStale where it is so.
Headers verdict_headers(const Verdict& verdict);
// Whole seconds, at least 1.
std::uint64_t retry_after_s(const Verdict& verdict);

// What a client that has to wait is given: 429 with Retry-After and problem details that name neither CMS nor a reason.
Response wait_response(const Verdict& verdict);

}  // namespace cms::serve
