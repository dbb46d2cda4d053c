// What the tokens file and the check of a token share: the one way a secret is hashed.
#pragma once

#include <string>
#include <string_view>

namespace cms::serve {

// SHA-256 of salt (hex digits) and secret (text) as hex digits.
std::string secret_hash(std::string_view salt_hex, std::string_view secret);

}  // namespace cms::serve
