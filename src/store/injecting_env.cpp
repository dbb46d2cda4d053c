#include "store/injecting_env.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

namespace cms::store {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class WritableFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WritableFile(InjectingFiles& files, std::string path, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), files_(files), path_(std::move(path)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    bool partly = false;
    const IOStatus status = files_.next("append", path_, &partly);
    const Slice taken(data.data(), status.ok() ? data.size() : partly ? data.size() / 2 : 0);
    if (taken.empty() && !status.ok()) return status;
    const IOStatus done = FSWritableFileOwnerWrapper::Append(taken, options, debug);
    if (done.ok()) files_.grew(path_, taken.size());
    return status.ok() ? done : status;
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    if (const IOStatus status = files_.next("sync", path_); !status.ok()) return status;
    const IOStatus done = Flush(options, debug);
    if (done.ok()) files_.synced(path_);
    return done;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus status = files_.next("close", path_);
    const IOStatus done = FSWritableFileOwnerWrapper::Close(options, debug);
    return status.ok() ? done : status;
  }

 private:
  InjectingFiles& files_;
  std::string path_;
};

class RandomRWFile : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  RandomRWFile(InjectingFiles& files, std::string path, std::unique_ptr<rocksdb::FSRandomRWFile> file)
      : FSRandomRWFileOwnerWrapper(std::move(file)), files_(files), path_(std::move(path)) {}

  IOStatus Write(std::uint64_t offset, const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    bool partly = false;
    const IOStatus status = files_.next("write", path_, &partly);
    if (!status.ok() && !partly) return status;
    const Slice taken(data.data(), status.ok() ? data.size() : data.size() / 2);
    const IOStatus done = FSRandomRWFileOwnerWrapper::Write(offset, taken, options, debug);
    return status.ok() ? done : status;
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    if (const IOStatus status = files_.next("sync", path_); !status.ok()) return status;
    const IOStatus done = FSRandomRWFileOwnerWrapper::Flush(options, debug);
    if (done.ok()) files_.synced(path_);
    return done;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }

 private:
  InjectingFiles& files_;
  std::string path_;
};

class SequentialFile : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  SequentialFile(InjectingFiles& files, std::string path, std::unique_ptr<rocksdb::FSSequentialFile> file)
      : FSSequentialFileOwnerWrapper(std::move(file)), files_(files), path_(std::move(path)) {}
  IOStatus Read(std::size_t bytes, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    if (const IOStatus status = files_.next("read", path_); !status.ok()) return status;
    return FSSequentialFileOwnerWrapper::Read(bytes, options, result, scratch, debug);
  }

 private:
  InjectingFiles& files_;
  std::string path_;
};

class RandomAccessFile : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  RandomAccessFile(InjectingFiles& files, std::string path, std::unique_ptr<rocksdb::FSRandomAccessFile> file)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), files_(files), path_(std::move(path)) {}
  IOStatus Read(std::uint64_t offset, std::size_t bytes, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) const override {
    if (const IOStatus status = files_.next("read", path_); !status.ok()) return status;
    const IOStatus done = FSRandomAccessFileOwnerWrapper::Read(offset, bytes, options, result, scratch, debug);
    return done.ok() ? files_.have_read(*result, scratch) : done;
  }

 private:
  InjectingFiles& files_;
  std::string path_;
};

class Folder : public rocksdb::FSDirectoryWrapper {
 public:
  Folder(InjectingFiles& files, std::string path, std::unique_ptr<rocksdb::FSDirectory> folder)
      : FSDirectoryWrapper(std::move(folder)), files_(files), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    if (const IOStatus status = files_.next("sync folder", path_); !status.ok()) return status;
    files_.folder_synced(path_);
    return IOStatus::OK();
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, debug);
  }

 private:
  InjectingFiles& files_;
  std::string path_;
};

std::string clean(const std::string& path) {
  std::string text = std::filesystem::path(path).lexically_normal();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

InjectingFiles::InjectingFiles() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

void InjectingFiles::fail_at(std::uint64_t number, Fault fault) {
  const std::lock_guard one(mutex_);
  fail_at_ = number;
  fault_ = fault;
  count_ = 0;
  failed_.clear();
}

void InjectingFiles::kill() {
  const std::lock_guard one(mutex_);
  dead_ = true;
}

void InjectingFiles::hang() {
  const std::lock_guard one(mutex_);
  hanging_ = true;
}

void InjectingFiles::go_on() {
  const std::lock_guard one(mutex_);
  hanging_ = false;
  goes_on_.notify_all();
}

void InjectingFiles::spoil(std::string bytes, bool silently) {
  const std::lock_guard one(mutex_);
  spoilt_ = std::move(bytes);
  silently_ = silently;
}

void InjectingFiles::mend() {
  const std::lock_guard one(mutex_);
  spoilt_.clear();
}

IOStatus InjectingFiles::have_read(const Slice& read, char* scratch) {
  const std::lock_guard one(mutex_);
  const auto at = spoilt_.empty() ? std::string_view::npos : std::string_view(read.data(), read.size()).find(spoilt_);
  if (at == std::string_view::npos) return IOStatus::OK();
  if (!silently_ || read.data() != scratch) return IOStatus::IOError("injected", "input/output error");
  scratch[at] = static_cast<char>(scratch[at] ^ 1);
  return IOStatus::OK();
}

void InjectingFiles::lose_unsynced() {
  const std::lock_guard one(mutex_);
  for (auto& [path, known] : files_) {
    std::error_code error;
    if (!known.in_folder && known.replaced) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << *known.replaced;
    } else if (!known.in_folder) {
      std::filesystem::remove(path, error);
    } else if (known.overwritten) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << known.content;
    } else {
      std::filesystem::resize_file(path, known.synced_bytes, error);
    }
  }
  for (; !folders_.empty(); folders_.pop_back()) {
    std::error_code error;
    std::filesystem::rename(folders_.back().second, folders_.back().first, error);
  }
  files_.clear();
  dead_ = false;
  fail_at_ = 0;
}

std::uint64_t InjectingFiles::operations() const {
  const std::lock_guard one(mutex_);
  return count_;
}

std::string InjectingFiles::failed() const {
  const std::lock_guard one(mutex_);
  return failed_;
}

IOStatus InjectingFiles::next(const char* what, const std::string& path, bool* partly) {
  std::unique_lock one(mutex_);
  goes_on_.wait(one, [this] { return !hanging_; });
  if (dead_) return IOStatus::IOError("the program was killed");
  if (++count_ != fail_at_) return IOStatus::OK();
  if (fault_ == Fault::crash) dead_ = true;
  failed_ = std::string(what) + " " + std::filesystem::path(path).filename().string();
  if (partly != nullptr) *partly = fault_ == Fault::short_write;
  // A disk without space still reads.
  static const std::set<std::string_view> writes = {"append", "write", "create",      "sync",       "close",
                                                    "rename", "link",  "sync folder", "make folder"};
  return fault_ == Fault::eio || dead_ || !writes.contains(what) ? IOStatus::IOError("injected", "input/output error")
                              : IOStatus::NoSpace("injected", "no space left on device");
}

void InjectingFiles::grew(const std::string& path, std::uint64_t bytes) {
  const std::lock_guard one(mutex_);
  files_[clean(path)].bytes += bytes;
}

void InjectingFiles::synced(const std::string& path) {
  const std::lock_guard one(mutex_);
  const auto found = files_.find(clean(path));
  if (found == files_.end()) return;
  found->second.synced_bytes = found->second.bytes;
  if (found->second.overwritten) note_content(found->first, found->second);
}

void InjectingFiles::folder_synced(const std::string& path) {
  const std::lock_guard one(mutex_);
  for (auto& [file, known] : files_) {
    if (std::filesystem::path(file).parent_path() != clean(path)) continue;
    known.in_folder = true;
    known.replaced.reset();
  }
  std::erase_if(folders_, [&](const auto& renamed) {
    return std::filesystem::path(renamed.second).parent_path() == clean(path);
  });
}

void InjectingFiles::note_content(const std::string& path, Known& known) { known.content = content_of(path); }

IOStatus InjectingFiles::NewWritableFile(const std::string& path, const FileOptions& options,
                                         std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  if (const IOStatus status = next("create", path); !status.ok()) return status;
  std::unique_ptr<rocksdb::FSWritableFile> made;
  const IOStatus status = target()->NewWritableFile(path, options, &made, debug);
  if (!status.ok()) return status;
  {
    const std::lock_guard one(mutex_);
    files_[clean(path)] = {};
  }
  *file = std::make_unique<WritableFile>(*this, path, std::move(made));
  return status;
}

IOStatus InjectingFiles::NewRandomRWFile(const std::string& path, const FileOptions& options,
                                         std::unique_ptr<rocksdb::FSRandomRWFile>* file, IODebugContext* debug) {
  if (const IOStatus status = next("open", path); !status.ok()) return status;
  std::unique_ptr<rocksdb::FSRandomRWFile> made;
  const IOStatus status = target()->NewRandomRWFile(path, options, &made, debug);
  if (!status.ok()) return status;
  {
    const std::lock_guard one(mutex_);
    const auto [place, fresh] = files_.try_emplace(clean(path));
    if (fresh) place->second.in_folder = true;
    if (!place->second.overwritten) note_content(place->first, place->second);
    place->second.overwritten = true;
  }
  *file = std::make_unique<RandomRWFile>(*this, path, std::move(made));
  return status;
}

IOStatus InjectingFiles::NewSequentialFile(const std::string& path, const FileOptions& options,
                                           std::unique_ptr<rocksdb::FSSequentialFile>* file, IODebugContext* debug) {
  if (const IOStatus status = next("open", path); !status.ok()) return status;
  std::unique_ptr<rocksdb::FSSequentialFile> made;
  const IOStatus status = target()->NewSequentialFile(path, options, &made, debug);
  if (status.ok()) *file = std::make_unique<SequentialFile>(*this, path, std::move(made));
  return status;
}

IOStatus InjectingFiles::NewRandomAccessFile(const std::string& path, const FileOptions& options,
                                             std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                             IODebugContext* debug) {
  if (const IOStatus status = next("open", path); !status.ok()) return status;
  std::unique_ptr<rocksdb::FSRandomAccessFile> made;
  const IOStatus status = target()->NewRandomAccessFile(path, options, &made, debug);
  if (status.ok()) *file = std::make_unique<RandomAccessFile>(*this, path, std::move(made));
  return status;
}

IOStatus InjectingFiles::NewDirectory(const std::string& path, const IOOptions& options,
                                      std::unique_ptr<rocksdb::FSDirectory>* folder, IODebugContext* debug) {
  if (const IOStatus status = next("open folder", path); !status.ok()) return status;
  std::unique_ptr<rocksdb::FSDirectory> made;
  const IOStatus status = target()->NewDirectory(path, options, &made, debug);
  if (status.ok()) *folder = std::make_unique<Folder>(*this, path, std::move(made));
  return status;
}

IOStatus InjectingFiles::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                    IODebugContext* debug) {
  if (const IOStatus status = next("rename", from); !status.ok()) return status;
  const std::lock_guard one(mutex_);
  const auto before = files_.find(clean(to));
  const bool there = std::filesystem::exists(to);
  auto replaced = before != files_.end() && !before->second.in_folder ? before->second.replaced
                  : there ? std::optional(content_of(to))
                          : std::nullopt;
  const IOStatus status = target()->RenameFile(from, to, options, debug);
  if (auto moved = files_.extract(clean(from)); status.ok() && !moved.empty()) {
    // A folder changes in order: a rename is lost with the new files that it may speak of, or kept with them. Here both
    // are lost. What the file holds is cut at its last sync like any other.
    moved.mapped().in_folder = false;
    moved.mapped().replaced = std::move(replaced);
    files_.insert_or_assign(clean(to), moved.mapped());
  }
  if (status.ok() && std::filesystem::is_directory(to)) {
    take_along(clean(from) + "/", clean(to) + "/");
    folders_.emplace_back(clean(from), clean(to));
  }
  return status;
}

// What is in a folder that has another name now.
void InjectingFiles::take_along(const std::string& from, const std::string& to) {
  for (auto found = files_.lower_bound(from); found != files_.end() && found->first.starts_with(from);
       found = files_.lower_bound(from)) {
    auto moved = files_.extract(found);
    moved.key() = to + moved.key().substr(from.size());
    files_.insert(std::move(moved));
  }
}

IOStatus InjectingFiles::LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                                  IODebugContext* debug) {
  if (const IOStatus status = next("link", from); !status.ok()) return status;
  return target()->LinkFile(from, to, options, debug);
}

IOStatus InjectingFiles::DeleteFile(const std::string& path, const IOOptions& options, IODebugContext* debug) {
  if (const IOStatus status = next("remove", path); !status.ok()) return status;
  const IOStatus status = target()->DeleteFile(path, options, debug);
  const std::lock_guard one(mutex_);
  if (status.ok()) files_.erase(clean(path));
  return status;
}

// RocksDB writes nothing into a file again that it has closed, but where it is set to.
IOStatus InjectingFiles::ReopenWritableFile(const std::string& path, const FileOptions&,
                                            std::unique_ptr<rocksdb::FSWritableFile>*, IODebugContext*) {
  const IOStatus status = next("reopen", path);
  return status.ok() ? IOStatus::NotSupported("a file is written once here") : status;
}

IOStatus InjectingFiles::CreateDir(const std::string& path, const IOOptions& options, IODebugContext* debug) {
  if (const IOStatus status = next("make folder", path); !status.ok()) return status;
  return target()->CreateDir(path, options, debug);
}

IOStatus InjectingFiles::CreateDirIfMissing(const std::string& path, const IOOptions& options,
                                            IODebugContext* debug) {
  if (const IOStatus status = next("make folder", path); !status.ok()) return status;
  return target()->CreateDirIfMissing(path, options, debug);
}

IOStatus InjectingFiles::DeleteDir(const std::string& path, const IOOptions& options, IODebugContext* debug) {
  if (const IOStatus status = next("remove folder", path); !status.ok()) return status;
  return target()->DeleteDir(path, options, debug);
}

IOStatus InjectingFiles::LockFile(const std::string& path, const IOOptions& options, rocksdb::FileLock** lock,
                                  IODebugContext* debug) {
  if (const IOStatus status = next("lock", path); !status.ok()) return status;
  return target()->LockFile(path, options, lock, debug);
}

IOStatus InjectingFiles::FileExists(const std::string& path, const IOOptions& options, IODebugContext* debug) {
  if (const IOStatus status = next("look for", path); !status.ok()) return status;
  return target()->FileExists(path, options, debug);
}

IOStatus InjectingFiles::GetChildren(const std::string& path, const IOOptions& options,
                                     std::vector<std::string>* names, IODebugContext* debug) {
  if (const IOStatus status = next("list", path); !status.ok()) return status;
  return target()->GetChildren(path, options, names, debug);
}

IOStatus InjectingFiles::GetFileSize(const std::string& path, const IOOptions& options, std::uint64_t* bytes,
                                     IODebugContext* debug) {
  if (const IOStatus status = next("size of", path); !status.ok()) return status;
  return target()->GetFileSize(path, options, bytes, debug);
}

}  // namespace cms::store
