// Ed25519 signatures (RFC 8032, through OpenSSL) over files that must come from whom one trusts.
//
// Keys are PEM files, as `openssl genpkey -algorithm ed25519 -out key.pem` and
// `openssl pkey -in key.pem -pubout -out public.pem` write them. Threads: pure but for reading the key.
#pragma once

#include <filesystem>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace cms {

// Signature of `message`, 64 bytes. Errors: `bad_input` when the file holds no Ed25519 private key.
Result<Bytes> sign(std::span<const std::uint8_t> message, const std::filesystem::path& private_key);

// Succeeds when `signature` is that of `message` under the key. Errors: `refused` when it is not, `bad_input` when the
// file holds no Ed25519 public key.
Result<void> verify(std::span<const std::uint8_t> message, std::span<const std::uint8_t> signature,
                    const std::filesystem::path& public_key);

}  // namespace cms
