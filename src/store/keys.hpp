// Tenants' keys, and what is done with a key: seal and open (AES-256-GCM, NIST SP 800-38D), and keyed hashes
// (HMAC-SHA256, RFC 2104), through OpenSSL.
//
// A key file holds 64 hex digits and a newline, is readable by its owner alone, and is made by `cms key`. A key wipes
// its memory when it goes. Threads: plain values. Cost: about 2 us a call.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/result.hpp"

namespace cms::store {

struct Key {
  std::array<std::uint8_t, 32> bytes{};

  Key() = default;
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  ~Key();
  bool operator==(const Key&) const = default;
};

// By tenant.
using KeyRing = std::map<std::string, Key>;

// Errors: `bad_input` when the file is missing, not 64 hex digits, or may be read by others than its owner.
Result<Key> read_key(const std::filesystem::path& path);
// 64 hex digits, as an environment variable holds them. Errors: `bad_input`, without repeating what was given.
Result<Key> parse_key(std::string_view digits);
// A new key from the machine's randomness, written with mode 600. Errors: `usage` when the file is there, `failed`.
Result<void> make_key(const std::filesystem::path& path);

// Fills `bytes` from the machine's randomness. Errors: `failed`.
Result<void> random_bytes(std::span<std::uint8_t> bytes);

inline constexpr std::size_t kNonceBytes = 12;
inline constexpr std::size_t kTagBytes = 16;
// What sealing adds to a content.
inline constexpr std::size_t kSealBytes = kNonceBytes + kTagBytes;
using Nonce = std::array<std::uint8_t, kNonceBytes>;

// Appends nonce, ciphertext and tag to `out`. `bound` is what the content belongs to: it is not stored, and opening
// needs the same. A nonce must never be used twice under a key: 96 random bits for at most 2^32 contents. Errors:
// `failed`.
Result<void> seal(const Key& key, const Nonce& nonce, std::string_view bound, std::span<const std::uint8_t> content,
                  std::string& out);
// The same with a nonce of 96 random bits. Errors: `failed`.
Result<void> seal_anew(const Key& key, std::string_view bound, std::span<const std::uint8_t> content, std::string& out);
// The content of what seal() appended. Errors: `bad_input` when it is not what was sealed with this key for `bound`.
Result<Bytes> open(const Key& key, std::string_view bound, std::string_view sealed);

// HMAC-SHA256.
Digest keyed_hash(const Key& key, std::string_view text);
// A key of its own for each use of `key`.
Key derive(const Key& key, std::string_view use);

}  // namespace cms::store
