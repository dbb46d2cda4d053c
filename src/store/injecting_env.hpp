// A file system for proofs: it fails one chosen operation, hangs, or forgets at a crash what was never synced.
//
// It lies over the machine's. Operations are counted from 1: creating, opening, reading, appending, syncing, closing,
// reopening, renaming, linking, locking, looking for and removing files, making, reading, syncing and removing folders.
// Giving a lock back does not fail: the kernel takes it with the program. A crash cuts every file at its last
// sync, removes files whose folder was not synced since they were made, and undoes renames of folders that the folder
// above was not synced since. Syncs are only noted, not done: the disk that forgets is this one. After Pillai et al.,
// "All File Systems Are Not Created Equal", OSDI 2014.
// Threads: any. Cost: that of the calls below.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cms::store {

enum class Fault : std::uint8_t {
  none,
  eio,
  enospc,
  short_write,  // half of it is written, then ENOSPC; ENOSPC where nothing is written
  crash,        // this operation and all after it fail
};

class InjectingFiles : public rocksdb::FileSystemWrapper {
 public:
  InjectingFiles();
  const char* Name() const override { return "InjectingFiles"; }

  // The operation `number` from now on fails once. 0 = none.
  void fail_at(std::uint64_t number, Fault fault);
  // From now on every operation fails, as for a program that is no more.
  void kill();
  // From now on every operation waits until go_on(), as on a disk that hangs.
  void hang();
  void go_on();
  // From now on, until mend(), a read of a table file that would give these bytes fails, as at a bad sector; `silently`
  // it gives others. No operation is counted for it.
  void spoil(std::string bytes, bool silently = false);
  void mend();
  // After kill() and the end of who used it: what was not synced is gone, and operations work again.
  void lose_unsynced();
  [[nodiscard]] std::uint64_t operations() const;
  // What failed: "sync 000004.log"; empty when nothing did yet.
  [[nodiscard]] std::string failed() const;

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* folder,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& path, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions& options, rocksdb::FileLock** lock,
                             rocksdb::IODebugContext* debug) override;

  rocksdb::IOStatus FileExists(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetChildren(const std::string& path, const rocksdb::IOOptions& options,
                                std::vector<std::string>* names, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& path, const rocksdb::IOOptions& options, std::uint64_t* bytes,
                                rocksdb::IODebugContext* debug) override;

  // For the files below. `what` is the operation; a short write is told by `partly`.
  rocksdb::IOStatus next(const char* what, const std::string& path, bool* partly = nullptr);
  rocksdb::IOStatus have_read(const rocksdb::Slice& read, char* scratch);
  void grew(const std::string& path, std::uint64_t bytes);
  void synced(const std::string& path);
  void folder_synced(const std::string& path);

 private:
  struct Known {
    std::uint64_t bytes = 0, synced_bytes = 0;
    bool in_folder = false;      // the folder was synced since it was made or renamed to this
    // Renamed over another: what that had. At a crash before the folder is synced it is there again.
    std::optional<std::string> replaced;
    bool overwritten = false;    // written in place: at a crash it has again `content`
    std::string content;
  };
  void note_content(const std::string& path, Known& known);
  void take_along(const std::string& from, const std::string& to);

  mutable std::mutex mutex_;
  std::condition_variable goes_on_;
  std::map<std::string, Known> files_;
  std::vector<std::pair<std::string, std::string>> folders_;  // renamed, and the folder above not synced since
  std::uint64_t count_ = 0, fail_at_ = 0;
  Fault fault_ = Fault::none;
  bool dead_ = false, hanging_ = false;
  std::string spoilt_;  // empty = nothing is
  bool silently_ = false;
  std::string failed_;
};

}  // namespace cms::store
