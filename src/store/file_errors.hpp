// Tells of file operations that fail under RocksDB, also of those it survives or does by itself: background flushes,
// compactions, clean-up. Inner header of this folder.
//
// Threads: RocksDB's own call it, several at a time. Reference: rocksdb/listener.h,
// rocksdb/file_system.h.
#pragma once

#include <rocksdb/file_system.h>
#include <rocksdb/listener.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cms::store {

class FileErrors final : public rocksdb::EventListener {
 public:
  // `tell` may be empty; it gets a line without account names or content.
  explicit FileErrors(std::function<void(const std::string&)> tell) : tell_(std::move(tell)) {}

  [[nodiscard]] std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  void add(const std::string& what);

  const char* Name() const override { return "cms::store::FileErrors"; }
  bool ShouldBeNotifiedOnFileIO() override { return true; }
  void OnIOError(const rocksdb::IOErrorInfo& info) override;
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override;

 private:
  std::function<void(const std::string&)> tell_;
  std::atomic<std::uint64_t> count_{0};
};

// A file system that tells of what the listener does not hear of: files, names and folders that cannot be opened, made,
// read or removed, and files whose closing nobody looks at (CURRENT, the first manifest). What is not there is no
// failure.
class WatchedFiles final : public rocksdb::FileSystemWrapper {
 public:
  WatchedFiles(const std::shared_ptr<rocksdb::FileSystem>& files, std::shared_ptr<FileErrors> errors)
      : FileSystemWrapper(files), errors_(std::move(errors)) {}
  const char* Name() const override { return "cms::store::WatchedFiles"; }

  using Path = std::string;
  using Options = rocksdb::IOOptions;
  using Debug = rocksdb::IODebugContext;
  using Status = rocksdb::IOStatus;
  Status NewWritableFile(const Path& path, const rocksdb::FileOptions& options,
                         std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) override;
  Status ReopenWritableFile(const Path& path, const rocksdb::FileOptions& options,
                            std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) override;
  Status ReuseWritableFile(const Path& path, const Path& old, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) override;
  Status NewRandomAccessFile(const Path& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSRandomAccessFile>* file, Debug* debug) override;
  Status CreateDir(const Path& path, const Options& options, Debug* debug) override;
  Status CreateDirIfMissing(const Path& path, const Options& options, Debug* debug) override;
  Status NewSequentialFile(const Path& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSSequentialFile>* file, Debug* debug) override;
  Status NewDirectory(const Path& path, const Options& options, std::unique_ptr<rocksdb::FSDirectory>* folder,
                      Debug* debug) override;
  Status FileExists(const Path& path, const Options& options, Debug* debug) override;
  Status GetChildren(const Path& path, const Options& options, std::vector<Path>* names, Debug* debug) override;
  Status GetFileSize(const Path& path, const Options& options, std::uint64_t* bytes, Debug* debug) override;
  Status DeleteFile(const Path& path, const Options& options, Debug* debug) override;
  Status DeleteDir(const Path& path, const Options& options, Debug* debug) override;
  Status RenameFile(const Path& from, const Path& to, const Options& options, Debug* debug) override;

 private:
  Status seen(const char* operation, const Path& path, Status status) const;
  Status watched(const char* operation, const Path& path, Status status,
                 std::unique_ptr<rocksdb::FSWritableFile>& file) const;

  std::shared_ptr<FileErrors> errors_;
};

}  // namespace cms::store
