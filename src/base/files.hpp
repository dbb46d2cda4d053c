// Files read whole and written so that nothing good is ever lost.
//
// A write goes to a temporary file beside its target, is synced, then renamed over it and the folder synced: a
// reader sees the old content or the new, never a part. What replaces a file has its owner, group and mode. Threads:
// safe for different paths.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace cms {

// Whole content. Errors: `bad_input` when the file is missing or cannot be read; the message names it.
Result<Bytes> read_file(const std::filesystem::path& path);
Result<std::string> read_text_file(const std::filesystem::path& path);

// Replaces `path` with `content`, atomically and durably. Errors: `failed` (no folder, no permission, disk full, or a
// file of another owner, to whom a new one cannot be given: the message says which chown helps); the old file is
// untouched then and no temporary file is left behind.
Result<void> write_file(const std::filesystem::path& path, std::span<const std::uint8_t> content);
Result<void> write_file(const std::filesystem::path& path, std::string_view content);

// Puts a finished file in the place of another, durably, for files too large or too many to pass as content: gives
// `temporary` owner, group and mode of `target`, syncs it, renames it over `target` (same folder), syncs the folder.
// Errors: as write_file(); `target` is then what it was, and `temporary` is left to the caller.
Result<void> replace_file(const std::filesystem::path& temporary, const std::filesystem::path& target);

// Appends to a growing file that a killed program can continue. Errors as write_file.
class AppendFile {
 public:
  // Opens `path` for appending at `size` bytes, cutting off whatever lies behind; creates it when missing.
  static Result<AppendFile> open(const std::filesystem::path& path, std::uint64_t size);

  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  ~AppendFile();

  Result<void> append(std::span<const std::uint8_t> content);
  Result<void> append(std::string_view content);
  // Makes everything appended so far durable (fdatasync).
  Result<void> sync();

 private:
  AppendFile(int descriptor, std::filesystem::path path);
  int descriptor_ = -1;
  std::filesystem::path path_;
};

}  // namespace cms
