#include "tap/frames.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/hash.hpp"

namespace cms::tap {
namespace {

constexpr std::size_t kHeadBytes = 16;

std::uint64_t checksum(std::span<const std::uint8_t> payload) {
  const auto digest = sha256(payload);
  std::uint64_t value = 0;
  std::memcpy(&value, digest.data(), sizeof(value));
  return value;
}

}  // namespace

FrameFile::FrameFile(int lock, std::filesystem::path path) : lock_(lock), path_(std::move(path)) {}

FrameFile::FrameFile(FrameFile&& other) noexcept
    : lock_(std::exchange(other.lock_, -1)), path_(std::move(other.path_)), file_(std::move(other.file_)),
      frames_(std::move(other.frames_)) {}

FrameFile& FrameFile::operator=(FrameFile&& other) noexcept {
  std::swap(lock_, other.lock_);
  std::swap(path_, other.path_);
  std::swap(file_, other.file_);
  std::swap(frames_, other.frames_);
  return *this;
}

FrameFile::~FrameFile() {
  if (lock_ >= 0) ::close(lock_);
}

Result<FrameFile> FrameFile::open(const std::filesystem::path& path) {
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) {
    const int number = errno;
    return fail(ErrorCode::failed, fmt::format("cannot open {} for writing: {}", path.string(), std::strerror(number)));
  }
  FrameFile file(lock, path);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::failed, fmt::format("{} is in use by another capture", path.string()));
  }
  CMS_CHECK(file.read_frames());
  return file;
}

Result<void> FrameFile::read_frames() {
  CMS_TRY(content, read_file(path_));
  const std::span<const std::uint8_t> bytes(content);
  std::size_t end = 0;
  while (bytes.size() - end >= kHeadBytes) {
    ByteReader reader(bytes.subspan(end));
    const auto size = reader.get<std::uint64_t>();
    const auto expected = reader.get<std::uint64_t>();
    if (size > reader.left() || size == 0) break;
    const auto payload = bytes.subspan(end + kHeadBytes, size);
    if (checksum(payload) != expected) break;
    frames_.emplace_back(payload.begin(), payload.end());
    end += kHeadBytes + size;
  }
  CMS_TRY(file, AppendFile::open(path_, end));
  file_.emplace(std::move(file));
  return {};
}

Result<void> FrameFile::append(Bytes payload) {
  ByteWriter writer;
  writer.put<std::uint64_t>(payload.size());
  writer.put(checksum(payload));
  Bytes frame = writer.take();
  frame.insert(frame.end(), payload.begin(), payload.end());
  CMS_CHECK(file_->append(frame));
  CMS_CHECK(file_->sync());
  frames_.push_back(std::move(payload));
  return {};
}

Result<void> FrameFile::clear() {
  frames_.clear();
  CMS_TRY(file, AppendFile::open(path_, 0));
  file_.emplace(std::move(file));
  return {};
}

}  // namespace cms::tap
