// The store as files: snapshot, restore, verify, sizes.
#include <fmt/format.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/utilities/checkpoint.h>

#include "base/files.hpp"
#include "store/state.hpp"

namespace cms::store {
namespace fs = std::filesystem;

namespace {

// Absolute, and its last part its name: "store/" is "store".
fs::path named(const fs::path& path) {
  std::error_code error;
  const auto place = fs::absolute(path, error).lexically_normal();
  return place.has_filename() ? place : place.parent_path();
}

Result<void> sync_folder(rocksdb::Env& files, const fs::path& folder) {
  const auto doing = fmt::format("syncing {}", folder.string());
  std::unique_ptr<rocksdb::Directory> opened;
  CMS_CHECK(told(files.NewDirectory(folder, &opened), doing));
  return told(opened->Fsync(), doing);
}

Result<void> write_anchor(rocksdb::Env& environment, const fs::path& folder, std::uint64_t commits) {
  CMS_TRY(anchor, Anchor::open(environment, folder));
  CMS_CHECK(anchor.write(commits));
  return anchor.sync();
}

Result<void> make_checkpoint(const Store::State& state, const fs::path& folder) {
  const std::shared_lock shared(state.gate);
  CMS_CHECK(state.opened());
  rocksdb::Checkpoint* made = nullptr;
  CMS_CHECK(told(rocksdb::Checkpoint::Create(state.database.get(), &made), "making a snapshot"));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  return told(checkpoint->CreateCheckpoint(folder), fmt::format("making snapshot {}", folder.string()));
}

}  // namespace

Result<void> make_folder(rocksdb::Env& files, const fs::path& folder) {
  const auto place = named(folder);
  std::error_code error;
  if (fs::is_directory(place, error)) return {};
  CMS_CHECK(make_folder(files, place.parent_path()));
  CMS_CHECK(told(files.CreateDir(place), fmt::format("making {}", place.string())));
  return sync_folder(files, place.parent_path());
}

Result<void> Store::snapshot(const fs::path& target) const {
  State& state = *state_;
  const std::lock_guard alone(state.housekeeping);
  std::error_code error;
  const fs::path folder = named(target);
  if (fs::exists(folder, error)) return fail(ErrorCode::usage, fmt::format("{} is there already", folder.string()));
  CMS_CHECK(make_folder(*state.files, folder.parent_path()));
  // Commits that come while files are copied may be in it or not; those up to here are.
  std::uint64_t commits = 0;
  {
    const std::lock_guard one(state.writes);
    commits = state.commits;
  }
  auto made = make_checkpoint(state, folder);
  if (!made) {
    // It was not there before; what is, is not known to be whole or durable.
    fs::remove_all(folder, error);
    state.resume();
    return made;
  }
  // RocksDB syncs what is in the folder when it has its name, not the folder above, nor the anchor's name.
  auto done = write_anchor(*state.files, folder, commits);
  if (done) done = sync_folder(*state.files, folder);
  if (done) done = sync_folder(*state.files, folder.parent_path());
  if (!done) fs::remove_all(folder, error);
  return done;
}

Result<std::uint64_t> Store::verify() const {
  CMS_CHECK(verify_audit());
  {
    const std::shared_lock shared(state_->gate);
    CMS_CHECK(state_->opened());
    CMS_CHECK(told(state_->database->VerifyFileChecksums({}), "verifying the store's files"));
    CMS_CHECK(told(state_->database->VerifyChecksum(), "verifying the store's blocks"));
  }
  CMS_CHECK(positions());
  std::uint64_t records = 0;
  for (const auto& [name, tenant] : state_->tenants) {
    std::string cursor;
    do {
      // In pages: a long read would keep alive what is erased meanwhile.
      CMS_TRY(page, list(name, cursor, 256));
      for (const auto& listed : page.accounts) {
        CMS_TRY(loaded, load({name, listed.account}));
        records += loaded.size();
      }
      cursor = page.cursor;
    } while (!cursor.empty());
  }
  return records;
}

Store::Sizes Store::sizes() const {
  const std::shared_lock shared(state_->gate);
  Sizes sizes;
  sizes.file_errors = state_->file_errors->count();  // also while the database is closed: a counter never falls
  if (!state_->database) return sizes;
  auto& database = *state_->database;
  // The cache's usage has the write buffers in it.
  sizes.memory_bytes = state_->cache->GetUsage();
  const auto number = [&database](const std::string& name) {
    std::uint64_t value = 0;
    return database.GetIntProperty(name, &value) ? value : 0;
  };
  sizes.disk_bytes = number(rocksdb::DB::Properties::kTotalSstFilesSize);
  sizes.rows_estimate = number(rocksdb::DB::Properties::kEstimateNumKeys);
  return sizes;
}

namespace {

// What a restored store must be before it is put into place: readable, whole, and with what its anchor promised.
Result<void> check_snapshot(rocksdb::Env& files, const fs::path& folder) {
  std::unique_ptr<rocksdb::DB> database;
  rocksdb::DB* opened = nullptr;
  rocksdb::Options set;
  set.env = &files;
  set.info_log_level = rocksdb::InfoLogLevel::FATAL_LEVEL;
  set.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  const auto status = rocksdb::DB::OpenForReadOnly(set, folder, &opened);
  if (!status.ok()) {
    return fail(ErrorCode::bad_input, fmt::format("{} is no whole snapshot: {}", folder.string(), status.ToString()));
  }
  database.reset(opened);
  std::string value;
  if (!database->Get({}, table_row(Table::format), &value).ok()) {
    return fail(ErrorCode::bad_input, fmt::format("{} is no snapshot of a store", folder.string()));
  }
  const auto whole = told(database->VerifyFileChecksums({}), "checking the snapshot");
  if (!whole) return fail(ErrorCode::bad_input, whole.error().message);
  return {};
}

// Synced, for it is to outlive a power cut under its name.
Result<void> copy_file(rocksdb::Env& files, const fs::path& source, const fs::path& target) {
  const auto doing = fmt::format("copying {} to {}", source.string(), target.string());
  std::unique_ptr<rocksdb::SequentialFile> in;
  std::unique_ptr<rocksdb::WritableFile> out;
  CMS_CHECK(told(files.NewSequentialFile(source, &in, {}), doing));
  CMS_CHECK(told(files.NewWritableFile(target, &out, {}), doing));
  std::vector<char> buffer(std::size_t{1} << 20);
  for (;;) {
    rocksdb::Slice read;
    CMS_CHECK(told(in->Read(buffer.size(), &read, buffer.data()), doing));
    if (read.empty()) break;
    CMS_CHECK(told(out->Append(read), doing));
  }
  CMS_CHECK(told(out->Sync(), doing));
  return told(out->Close(), doing);
}

Result<std::vector<std::string>> names_in(rocksdb::Env& files, const fs::path& folder) {
  std::vector<std::string> names;
  CMS_CHECK(told(files.GetChildren(folder, &names), fmt::format("listing {}", folder.string())));
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  return names;
}

// Of a folder that has no folders in it, which may not be there.
Result<void> remove_folder(rocksdb::Env& files, const fs::path& folder) {
  const auto doing = fmt::format("removing {}", folder.string());
  const auto there = files.FileExists(folder);
  if (there.IsNotFound()) return {};
  CMS_CHECK(told(there, doing));
  CMS_TRY(names, names_in(files, folder));
  for (const auto& name : names) CMS_CHECK(told(files.DeleteFile(folder / name), doing));
  return told(files.DeleteDir(folder), doing);
}

Result<void> copy_files(rocksdb::Env& files, const fs::path& source, const fs::path& target) {
  CMS_CHECK(told(files.CreateDirIfMissing(target), fmt::format("making {}", target.string())));
  CMS_TRY(names, names_in(files, source));
  for (const auto& name : names) {
    if (name != "LOCK" && !name.starts_with("LOG")) CMS_CHECK(copy_file(files, source / name, target / name));
  }
  return sync_folder(files, target);
}

}  // namespace

Result<void> restore(const fs::path& snapshot, const fs::path& target, rocksdb::Env* environment) {
  auto& files = environment == nullptr ? *rocksdb::Env::Default() : *environment;
  std::error_code error;
  // Onto an empty folder too: the name takes its place.
  const auto there = fs::symlink_status(target, error);
  if (fs::exists(there) && !(fs::is_directory(there) && fs::is_empty(target, error))) {
    return fail(ErrorCode::usage, fmt::format("{} is there already: move it away first", target.string()));
  }
  if (!fs::exists(snapshot / "CURRENT", error) || !fs::exists(snapshot / kAnchorName, error)) {
    return fail(ErrorCode::bad_input, fmt::format("{} is no whole snapshot", snapshot.string()));
  }
  const fs::path place = named(target);
  fs::path partial = place;
  partial += ".partial";
  CMS_CHECK(make_folder(files, place.parent_path()));
  CMS_CHECK(remove_folder(files, partial));
  auto done = copy_files(files, snapshot, partial);
  if (done) done = check_snapshot(files, partial);
  if (done) done = told(files.RenameFile(partial, place), fmt::format("naming {}", place.string()));
  if (!done) (void)remove_folder(files, partial);
  if (done) done = sync_folder(files, place.parent_path());
  return done;
}

}  // namespace cms::store
