// The number of the last acknowledged commit, kept in a small file beside RocksDB's own.
//
// A damaged end of a write-ahead log looks like one that a killed program left unfinished, and is cut off. The anchor
// tells the two apart: it is written after each commit's sync, so a store that comes up with fewer commits than its
// anchor has lost some that were acknowledged. It is synced only now and then: after a power cut it may be old, and is
// never ahead. Two slots are written in turn, so a write that failed spoils one of them alone. Layout:
// docs/formats/store.md. Threads: one owner. Cost: one small write a commit.
#pragma once

#include <rocksdb/env.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/result.hpp"

namespace cms::store {

inline constexpr const char* kAnchorName = "anchor";
// Commits from one sync of the anchor to the next.
inline constexpr std::uint64_t kAnchorSyncEvery = 256;

// What the anchor of a folder says; nothing when there is none. Errors: `bad_input` when it is damaged, `failed`.
Result<std::optional<std::uint64_t>> read_anchor(rocksdb::Env& environment, const std::filesystem::path& folder);

class Anchor {
 public:
  // Opens or makes. Errors: `failed`.
  static Result<Anchor> open(rocksdb::Env& environment, const std::filesystem::path& folder);
  // Errors: `failed`.
  Result<void> write(std::uint64_t commits);
  Result<void> sync();

 private:
  explicit Anchor(std::unique_ptr<rocksdb::RandomRWFile> file) : file_(std::move(file)) {}
  std::unique_ptr<rocksdb::RandomRWFile> file_;
};

}  // namespace cms::store
