#include "tap/replace_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cms::tap {
namespace {

using Path = std::filesystem::path;

Result<void> sync(const Path& path, int flags) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  const int status = descriptor < 0 ? -1 : ::fsync(descriptor);
  const int number = errno;
  if (descriptor >= 0) ::close(descriptor);
  // Some file systems do not let a folder be synced and say EINVAL; nothing is lost by that.
  if (status == 0 || (flags == O_DIRECTORY && number == EINVAL)) return {};
  return fail(ErrorCode::failed, fmt::format("cannot sync {}: {}", path.string(), std::strerror(number)));
}

}  // namespace

Result<void> replace_file(const Path& temporary, const Path& target) {
  CMS_CHECK(sync(temporary, 0));
  if (::rename(temporary.c_str(), target.c_str()) != 0) {
    const int number = errno;
    return fail(ErrorCode::failed, fmt::format("cannot rename {} to {}: {}", temporary.string(), target.string(),
                                               std::strerror(number)));
  }
  return sync(target.has_parent_path() ? target.parent_path() : Path("."), O_DIRECTORY);
}

}  // namespace cms::tap
