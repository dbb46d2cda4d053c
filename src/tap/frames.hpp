// A file of frames that only grows: what was appended and synced survives a kill or a power cut, whole or not at all.
//
// A frame is its length (8 bytes), the first 8 bytes of its SHA-256 and its payload. Reading stops at the first frame
// that is short or damaged; the next append overwrites it. Threads: one owner; the file is locked. Cost: linear.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/files.hpp"
#include "base/result.hpp"

namespace cms::tap {

class FrameFile {
 public:
  // Opens or creates `path` and reads its whole frames. Errors: `failed` when it cannot be written, or another
  // process has it open.
  static Result<FrameFile> open(const std::filesystem::path& path);

  FrameFile(FrameFile&& other) noexcept;
  FrameFile& operator=(FrameFile&& other) noexcept;
  ~FrameFile();

  [[nodiscard]] const std::vector<Bytes>& frames() const { return frames_; }

  // Adds a frame and makes it durable. Errors: `failed`; the frames before it are untouched.
  Result<void> append(Bytes payload);
  // Forgets all frames.
  Result<void> clear();

 private:
  FrameFile(int lock, std::filesystem::path path);
  Result<void> read_frames();

  int lock_ = -1;                   // descriptor that holds the lock
  std::filesystem::path path_;
  std::optional<AppendFile> file_;
  std::vector<Bytes> frames_;
};

}  // namespace cms::tap
