// SHA-256, for what must be told apart: model files, atlas files, accounts in a split; FNV-1a, for buckets.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cms {

using Digest = std::array<std::uint8_t, 32>;

// SHA-256 of `content` (FIPS 180-4, through OpenSSL). Cost: about 1 GB/s with SHA instructions.
Digest sha256(std::span<const std::uint8_t> content);

// SHA-256 of a file read in blocks, as 64 hex digits. Errors: `bad_input` when it cannot be read.
Result<std::string> sha256_file(const std::filesystem::path& path);

// Lower-case hex digits, two a byte.
std::string to_hex(std::span<const std::uint8_t> bytes);

// 64 bits of SHA-256 of `text`: the same on every machine, for splits that must never move.
std::uint64_t stable_hash(std::string_view text);

// One step of FNV-1a (Fowler, Noll, Vo) over 64 bits, where a few collisions do no harm; kFnvBasis is where it begins.
inline constexpr std::uint64_t kFnvBasis = 0xcbf29ce484222325ULL;
constexpr std::uint64_t fnv1a(std::uint64_t hash, std::uint64_t value) { return (hash ^ value) * 0x100000001b3ULL; }

}  // namespace cms
