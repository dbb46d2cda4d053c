// What a webhook sends, and how it is signed: Standard Webhooks.
//
// Pure functions; the sending is in serve/webhook.hpp. Cost: some microseconds.
// Reference: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "serve/event.hpp"

namespace cms::serve {

// The keys of "whsec_" + base64, 24 to 64 bytes each; several, parted by blanks, while a secret is being changed.
// Errors: `bad_input`, which never repeats what was given.
Result<std::vector<Bytes>> parse_webhook_secrets(std::string_view text);

// The value of webhook-signature: "v1," + base64 of HMAC-SHA256 over "id.timestamp.body", one for each key, parted by
// blanks. `timestamp` in seconds since 1970.
std::string webhook_signature(std::span<const Bytes> keys, std::string_view id, std::int64_t timestamp,
                              std::string_view body);

// {"type":"cms.KIND","timestamp":"2023-11-14T22:13:20.250Z","data":EVENT}.
std::string webhook_body(const Event& event);

// True for a change into or out of one of `actions`, so that who hears of a limit hears of its end, and for
// store_failed, store_recovered and every campaign, which is told in shadow too. No actions: every change. With a
// tenant nothing of another; what is of no tenant is of the whole daemon, and everybody's.
bool is_wanted(const Event& event, std::string_view tenant, std::span<const Action> actions);

}  // namespace cms::serve
