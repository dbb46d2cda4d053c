#include "store/file_errors.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>

namespace cms::store {
namespace {

// In the order of rocksdb::FileOperationType.
constexpr std::array<const char*, 11> kOperations = {"read", "write", "truncate", "close", "flush", "sync", "fsync",
                                                     "range sync", "append", "positioned append", "open"};

const char* operation(rocksdb::FileOperationType type) {
  const auto place = static_cast<std::size_t>(type);
  return place < kOperations.size() ? kOperations[place] : "use";
}

std::string file_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

std::string line(const char* operation, const std::string& path, const rocksdb::IOStatus& status) {
  return fmt::format("{} {}: {}", operation, file_name(path), status.ToString());
}

class WatchedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WatchedFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string path, std::shared_ptr<FileErrors> errors)
      : FSWritableFileOwnerWrapper(std::move(file)), path_(std::move(path)), errors_(std::move(errors)) {}

  rocksdb::IOStatus Close(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    auto status = FSWritableFileOwnerWrapper::Close(options, debug);
    if (!status.ok()) errors_->add(line("close", path_, status));
    return status;
  }

 private:
  std::string path_;
  std::shared_ptr<FileErrors> errors_;
};

}  // namespace

void FileErrors::add(const std::string& what) {
  count_.fetch_add(1, std::memory_order_relaxed);
  if (tell_) tell_(what);
}

void FileErrors::OnIOError(const rocksdb::IOErrorInfo& info) {
  if (info.operation == rocksdb::FileOperationType::kClose) return;  // WatchedFile has told of it
  add(line(operation(info.operation), info.file_path, info.io_status));
}

void FileErrors::OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) {
  // A failed operation has been told of where it failed.
  if (!status->ok() && !status->IsIOError()) add(fmt::format("background work: {}", status->ToString()));
}

rocksdb::IOStatus WatchedFiles::seen(const char* operation, const Path& path, Status status) const {
  const bool missing = status.IsNotFound() || status.IsPathNotFound();
  if (!status.ok() && !missing) errors_->add(line(operation, path, status));
  return status;
}

rocksdb::IOStatus WatchedFiles::watched(const char* operation, const Path& path, Status status,
                                        std::unique_ptr<rocksdb::FSWritableFile>& file) const {
  if (status.ok()) file = std::make_unique<WatchedFile>(std::move(file), path, errors_);
  return seen(operation, path, std::move(status));
}

rocksdb::IOStatus WatchedFiles::NewWritableFile(const Path& path, const rocksdb::FileOptions& options,
                                                std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) {
  return watched("create", path, FileSystemWrapper::NewWritableFile(path, options, file, debug), *file);
}

rocksdb::IOStatus WatchedFiles::ReopenWritableFile(const Path& path, const rocksdb::FileOptions& options,
                                                   std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) {
  return watched("open", path, FileSystemWrapper::ReopenWritableFile(path, options, file, debug), *file);
}

rocksdb::IOStatus WatchedFiles::ReuseWritableFile(const Path& path, const Path& old,
                                                  const rocksdb::FileOptions& options,
                                                  std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) {
  return watched("reuse", path, FileSystemWrapper::ReuseWritableFile(path, old, options, file, debug), *file);
}

rocksdb::IOStatus WatchedFiles::NewRandomAccessFile(const Path& path, const rocksdb::FileOptions& options,
                                                    std::unique_ptr<rocksdb::FSRandomAccessFile>* file, Debug* debug) {
  return seen("open", path, FileSystemWrapper::NewRandomAccessFile(path, options, file, debug));
}

rocksdb::IOStatus WatchedFiles::CreateDir(const Path& path, const Options& options, Debug* debug) {
  return seen("make folder", path, FileSystemWrapper::CreateDir(path, options, debug));
}

rocksdb::IOStatus WatchedFiles::CreateDirIfMissing(const Path& path, const Options& options, Debug* debug) {
  return seen("make folder", path, FileSystemWrapper::CreateDirIfMissing(path, options, debug));
}

rocksdb::IOStatus WatchedFiles::NewSequentialFile(const Path& path, const rocksdb::FileOptions& options,
                                                  std::unique_ptr<rocksdb::FSSequentialFile>* file, Debug* debug) {
  return seen("open", path, FileSystemWrapper::NewSequentialFile(path, options, file, debug));
}

rocksdb::IOStatus WatchedFiles::NewDirectory(const Path& path, const Options& options,
                                             std::unique_ptr<rocksdb::FSDirectory>* folder, Debug* debug) {
  return seen("open folder", path, FileSystemWrapper::NewDirectory(path, options, folder, debug));
}

rocksdb::IOStatus WatchedFiles::FileExists(const Path& path, const Options& options, Debug* debug) {
  auto status = seen("look for", path, FileSystemWrapper::FileExists(path, options, debug));
  // RocksDB 7.8.3 asserts another status when this look-up fails (wal_manager.cc:76), and Debian builds it with
  // assertions: the process would end. Logs are never archived here, so there is no such folder.
  const bool archive = std::filesystem::path(path).filename() == "archive";
  return archive && !status.ok() ? Status::NotFound() : status;
}

rocksdb::IOStatus WatchedFiles::GetChildren(const Path& path, const Options& options, std::vector<Path>* names,
                                            Debug* debug) {
  return seen("list", path, FileSystemWrapper::GetChildren(path, options, names, debug));
}

rocksdb::IOStatus WatchedFiles::GetFileSize(const Path& path, const Options& options, std::uint64_t* bytes,
                                            Debug* debug) {
  return seen("size of", path, FileSystemWrapper::GetFileSize(path, options, bytes, debug));
}

rocksdb::IOStatus WatchedFiles::DeleteFile(const Path& path, const Options& options, Debug* debug) {
  return seen("remove", path, FileSystemWrapper::DeleteFile(path, options, debug));
}

rocksdb::IOStatus WatchedFiles::DeleteDir(const Path& path, const Options& options, Debug* debug) {
  return seen("remove folder", path, FileSystemWrapper::DeleteDir(path, options, debug));
}

rocksdb::IOStatus WatchedFiles::RenameFile(const Path& from, const Path& to, const Options& options, Debug* debug) {
  return seen("rename", from, FileSystemWrapper::RenameFile(from, to, options, debug));
}

}  // namespace cms::store
