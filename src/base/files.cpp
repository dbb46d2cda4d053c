#include "base/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cms {
namespace {

tl::unexpected<Error> fail_errno(ErrorCode code, std::string_view action, const std::filesystem::path& path) {
  const int number = errno;
  return fail(code, fmt::format("cannot {} {}: {}", action, path.string(), std::strerror(number)));
}

Result<void> write_all(int descriptor, std::span<const std::uint8_t> content, const std::filesystem::path& path) {
  std::size_t written = 0;
  while (written < content.size()) {
    const ssize_t count = ::write(descriptor, content.data() + written, content.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail_errno(ErrorCode::failed, "write", path);
    written += static_cast<std::size_t>(count);
  }
  return {};
}

Result<void> sync_path(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int status = descriptor < 0 ? -1 : ::fsync(descriptor);
  const int number = errno;
  struct stat what{};
  const bool is_folder = descriptor >= 0 && ::fstat(descriptor, &what) == 0 && S_ISDIR(what.st_mode);
  if (descriptor >= 0) ::close(descriptor);
  // Some file systems do not let a folder be synced and say EINVAL; nothing is lost by that.
  if (status == 0 || (is_folder && number == EINVAL)) return {};
  errno = number;
  return fail_errno(ErrorCode::failed, "sync", path);
}

// What a new file may be to others, as the user's umask says; asking for it sets it for a moment.
mode_t new_file_mode() {
  static const mode_t mask = [] {
    const mode_t current = ::umask(077);
    ::umask(current);
    return current;
  }();
  return 0666 & ~mask;
}

// Gives a finished file owner, group and mode of the one whose place it takes: who could read that goes on reading it.
// The owner first, since another owner takes bits of the mode away.
Result<void> take_after(const std::filesystem::path& target, const std::filesystem::path& temporary) {
  struct stat old {}, fresh {};
  if (::stat(target.c_str(), &old) != 0) return {};
  if (::stat(temporary.c_str(), &fresh) != 0) return fail_errno(ErrorCode::failed, "look at", temporary);
  const bool foreign = old.st_uid != fresh.st_uid || old.st_gid != fresh.st_gid;
  if (foreign && ::chown(temporary.c_str(), old.st_uid, old.st_gid) != 0) {
    const int number = errno;
    return fail(ErrorCode::failed,
                fmt::format("cannot replace {} by a file of the same owner: {}; do it as that owner or as root, or run "
                            "chown {}:{} {} before and chown {}:{} {} after",
                            target.string(), std::strerror(number), fresh.st_uid, fresh.st_gid, target.string(),
                            old.st_uid, old.st_gid, target.string()));
  }
  if (::chmod(temporary.c_str(), old.st_mode & 07777) == 0) return {};
  return fail_errno(ErrorCode::failed, "set the mode of", target);
}

// Where a write to `path` really goes: through symbolic links. A device or a pipe must not become a file.
Result<std::filesystem::path> write_target(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return fail(ErrorCode::failed, fmt::format("cannot write {}: not a regular file", path.string()));
  }
  if (!std::filesystem::is_symlink(std::filesystem::symlink_status(path, error))) return path;
  auto target = std::filesystem::weakly_canonical(path, error);
  if (error) return fail(ErrorCode::failed, fmt::format("cannot follow {}: {}", path.string(), error.message()));
  return target;
}

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

Result<Bytes> read_file(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail_errno(ErrorCode::bad_input, "open", path);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || S_ISDIR(status.st_mode)) {
    ::close(descriptor);
    return fail(ErrorCode::bad_input, fmt::format("cannot read {}: not a file", path.string()));
  }
  Bytes content;
  content.reserve(static_cast<std::size_t>(status.st_size));
  Bytes block(1 << 20);
  while (true) {
    const ssize_t count = ::read(descriptor, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      auto error = fail_errno(ErrorCode::bad_input, "read", path);
      ::close(descriptor);
      return error;
    }
    if (count == 0) break;
    content.insert(content.end(), block.begin(), block.begin() + count);
  }
  ::close(descriptor);
  return content;
}

Result<std::string> read_text_file(const std::filesystem::path& path) {
  CMS_TRY(content, read_file(path));
  return std::string(content.begin(), content.end());
}

Result<void> write_file(const std::filesystem::path& name, std::span<const std::uint8_t> content) {
  CMS_TRY(path, write_target(name));
  std::string temporary = path.string() + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return fail_errno(ErrorCode::failed, "create a file beside", path);
  auto result = write_all(descriptor, content, path);
  std::error_code ignored;
  const bool is_new = !std::filesystem::exists(path, ignored);  // another stays for its owner alone until it replaces
  if (result && is_new && ::fchmod(descriptor, new_file_mode()) != 0) {
    result = fail_errno(ErrorCode::failed, "set the mode of", path);
  }
  if (::close(descriptor) != 0 && result) result = fail_errno(ErrorCode::failed, "close", path);
  if (result) result = replace_file(temporary, path);
  if (!result) ::unlink(temporary.c_str());
  return result;
}

Result<void> replace_file(const std::filesystem::path& temporary, const std::filesystem::path& target) {
  CMS_CHECK(take_after(target, temporary));
  CMS_CHECK(sync_path(temporary));
  if (::rename(temporary.c_str(), target.c_str()) != 0) {
    return fail_errno(ErrorCode::failed, "rename a new file to", target);
  }
  // A rename is durable only once the folder that holds the name is.
  return sync_path(target.has_parent_path() ? target.parent_path() : std::filesystem::path("."));
}

Result<void> write_file(const std::filesystem::path& path, std::string_view content) {
  return write_file(path, as_bytes(content));
}

AppendFile::AppendFile(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<AppendFile> AppendFile::open(const std::filesystem::path& path, std::uint64_t size) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return fail_errno(ErrorCode::failed, "open for writing", path);
  AppendFile file(descriptor, path);
  if (::ftruncate(descriptor, static_cast<off_t>(size)) != 0) return fail_errno(ErrorCode::failed, "truncate", path);
  if (::lseek(descriptor, 0, SEEK_END) < 0) return fail_errno(ErrorCode::failed, "seek in", path);
  return file;
}

Result<void> AppendFile::append(std::span<const std::uint8_t> content) {
  return write_all(descriptor_, content, path_);
}

Result<void> AppendFile::append(std::string_view content) {
  return append(as_bytes(content));
}

Result<void> AppendFile::sync() {
  if (::fdatasync(descriptor_) != 0) return fail_errno(ErrorCode::failed, "sync", path_);
  return {};
}

}  // namespace cms
