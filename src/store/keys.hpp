// Tenants' keys, and the two things that are done with a key: seal and open (AES-256-GCM through OpenSSL).
//
// A key file holds 64 hex digits and a newline, is readable by its owner alone, and is made by `cms key`. Keys are
// wiped from memory when they go. Threads: plain values. Cost: some microseconds a call.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace cms::store {

using Key = std::array<std::uint8_t, 32>;

// By tenant.
using KeyRing = std::map<std::string, Key>;

// Errors: `bad_input` when the file is missing, not 64 hex digits, or may be read by others than its owner.
Result<Key> read_key(const std::filesystem::path& path);
// 64 hex digits, as an environment variable holds them. Errors: `bad_input`, without repeating what was given.
Result<Key> parse_key(std::string_view digits);
// A new key from the machine's randomness, written with mode 600. Errors: `usage` when the file is there.
Result<void> make_key(const std::filesystem::path& path);

}  // namespace cms::store
