// Whose request of an inference API this is: the account behind an API key, without keeping the key.
//
// An account is called "key-" and 16 hex digits of a hash of its API key, keyed by the tenant: the key itself is never
// stored, logged or sent on by CMS, and who has the names cannot tell the keys. Where there is no key the other end's
// address stands for it ("address-" and its hash), so that every request belongs to some account. Where somebody else
// names the account and the name is none, its hash is one ("name-"), so that it is decided and observed like others.
// Threads: pure but for the store's keys, which never change. Cost: one HMAC-SHA256, and a SHA-256 of what is hashed.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "serve/http_message.hpp"
#include "store/store.hpp"

namespace cms::serve {

// The API key that a request shows: "Authorization: Bearer KEY", "x-api-key" or "api-key", without what servers strip
// at its ends; empty when it shows none.
std::string_view api_key_of(const Headers& headers);

// The key in the value of a header that holds one, with or without "Bearer ".
std::string_view api_key_in(std::string_view value);

// Whether a request shows more than one key: a header of them twice, or keys that differ. Which one counts is the
// server's to say, so whoever decides by the other is led astray.
bool shows_several_keys(const Headers& headers);

// The account of an API key, whatever its bytes. Errors: `usage` for a tenant that has no key, `bad_input` for an API
// key that is empty.
Result<std::string> account_of_key(const store::Store& store, std::string_view tenant, std::string_view api_key);

// The account that a gateway calls so, whatever it says: `name` where it is one, else the account of its hash, which is
// never longer. Who chose an endless name would otherwise be nobody's, and every copy of the name would be as long.
// Errors: `usage` for a tenant that has no key, `bad_input` for an empty name.
Result<std::string> account_of_name(const store::Store& store, std::string_view tenant, std::string_view name);

// The account of an address, for requests without a key. Errors: as account_of_key().
Result<std::string> account_of_address(const store::Store& store, std::string_view tenant, std::string_view address);

}  // namespace cms::serve
