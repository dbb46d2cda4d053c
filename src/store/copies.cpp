// The store as files: snapshot, restore, verify, sizes.
#include <fmt/format.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/utilities/checkpoint.h>

#include <initializer_list>

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

// Of a folder that has no folders in it, which may not be there.
Result<void> remove_folder(rocksdb::Env& files, const fs::path& folder) {
  const auto doing = fmt::format("removing {}", folder.string());
  CMS_TRY(there, is_there(files, folder));
  if (!there) return {};
  CMS_TRY(names, names_in(files, folder));
  for (const auto& name : names.value_or(std::vector<std::string>())) {
    CMS_CHECK(told(files.DeleteFile(folder / name), doing));
  }
  return told(files.DeleteDir(folder), doing);
}

// Why a snapshot or a restore failed, once what there is of it in these folders is removed; that it lies there still
// where it could not be.
tl::unexpected<Error> without_rest(rocksdb::Env& files, std::initializer_list<fs::path> folders, Error why) {
  for (const auto& folder : folders) {
    if (const auto removed = remove_folder(files, folder); !removed) {
      why.message += fmt::format("; a part of it is left: {}", removed.error().message);
    }
  }
  return tl::make_unexpected(std::move(why));
}

}  // namespace

Result<bool> is_there(rocksdb::Env& files, const fs::path& path) {
  const auto found = files.FileExists(path);
  if (found.IsNotFound()) return false;
  CMS_CHECK(told(found, fmt::format("looking for {}", path.string())));
  return true;
}

Result<std::optional<std::vector<std::string>>> names_in(rocksdb::Env& files, const fs::path& folder) {
  std::vector<std::string> names;
  const auto listed = files.GetChildren(folder, &names);
  if (listed.IsNotFound()) return std::optional<std::vector<std::string>>{};
  CMS_CHECK(told(listed, fmt::format("listing {}", folder.string())));
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  return std::optional(std::move(names));
}

Result<void> make_folder(rocksdb::Env& files, const fs::path& folder) {
  const auto place = named(folder);
  CMS_TRY(there, is_there(files, place));
  if (there) {
    bool is_folder = false;
    CMS_CHECK(told(files.IsDirectory(place, &is_folder), fmt::format("looking at {}", place.string())));
    if (!is_folder) return fail(ErrorCode::usage, fmt::format("{} is no folder", place.string()));
    return {};
  }
  CMS_CHECK(make_folder(files, place.parent_path()));
  CMS_CHECK(told(files.CreateDir(place), fmt::format("making {}", place.string())));
  return sync_folder(files, place.parent_path());
}

Result<void> Store::snapshot(const fs::path& target) const {
  State& state = *state_;
  const std::lock_guard alone(state.housekeeping);
  const fs::path folder = named(target);
  CMS_TRY(there, is_there(*state.files, folder));
  if (there) return fail(ErrorCode::usage, fmt::format("{} is there already", folder.string()));
  CMS_CHECK(make_folder(*state.files, folder.parent_path()));
  // Commits that come while files are copied may be in it or not; those up to here are.
  std::uint64_t commits = 0;
  {
    const std::lock_guard one(state.writes);
    commits = state.commits;
  }
  auto made = make_checkpoint(state, folder);
  if (!made) {
    // It was not there before; what is, is not known to be whole or durable. RocksDB makes it under another name.
    fs::path staged = folder;
    staged += ".tmp";
    auto failed = without_rest(*state.files, {folder, staged}, std::move(made).error());
    state.resume();
    return failed;
  }
  // RocksDB syncs what is in the folder when it has its name, not the folder above, nor the anchor's name.
  auto done = write_anchor(*state.files, folder, commits);
  if (done) done = sync_folder(*state.files, folder);
  if (done) done = sync_folder(*state.files, folder.parent_path());
  if (!done) return without_rest(*state.files, {folder}, std::move(done).error());
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

Result<void> copy_files(rocksdb::Env& files, const fs::path& source, const fs::path& target) {
  CMS_CHECK(told(files.CreateDirIfMissing(target), fmt::format("making {}", target.string())));
  CMS_TRY(names, names_in(files, source));
  if (!names) return fail(ErrorCode::failed, fmt::format("{} is no folder that can be read", source.string()));
  for (const auto& name : *names) {
    if (name != "LOCK" && !name.starts_with("LOG")) CMS_CHECK(copy_file(files, source / name, target / name));
  }
  return sync_folder(files, target);
}

}  // namespace

Result<void> restore(const fs::path& snapshot, const fs::path& target, rocksdb::Env* environment) {
  auto& files = environment == nullptr ? *rocksdb::Env::Default() : *environment;
  const fs::path place = named(target);
  // No folder can take the name of a link, whatever it leads to. RocksDB's files do not know links.
  std::error_code unknown;
  if (fs::is_symlink(fs::symlink_status(place, unknown))) {
    return fail(ErrorCode::usage, fmt::format("{} is a symbolic link: name the folder itself", place.string()));
  }
  CMS_TRY(there, is_there(files, target));
  if (there) {
    CMS_TRY(names, names_in(files, target));  // onto an empty folder too: the name takes its place
    if (!names || !names->empty()) {
      return fail(ErrorCode::usage, fmt::format("{} is there already: move it away first", target.string()));
    }
  }
  for (const char* name : {"CURRENT", kAnchorName}) {
    CMS_TRY(has, is_there(files, snapshot / name));
    if (!has) return fail(ErrorCode::bad_input, fmt::format("{} is no whole snapshot", snapshot.string()));
  }
  fs::path partial = place;
  partial += ".partial";
  CMS_CHECK(make_folder(files, place.parent_path()));
  CMS_CHECK(remove_folder(files, partial));
  auto done = copy_files(files, snapshot, partial);
  if (done) done = check_snapshot(files, partial);
  if (done) done = told(files.RenameFile(partial, place), fmt::format("naming {}", place.string()));
  if (!done) return without_rest(files, {partial}, std::move(done).error());
  return sync_folder(files, place.parent_path());
}

}  // namespace cms::store
