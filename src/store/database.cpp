// How the database is set up, opened, checked and written.
#include <fmt/format.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>

#include "store/state.hpp"

namespace cms::store {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kMemoryMin = 8 * kMiB;

// RocksDB's own log is not kept: built with assertions, as Debian's is, it ends the process where the disk is full and
// that log cannot be written. What fails comes back as a status or through FileErrors, and that is told.
class Silent final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::Options settings(const Options& options, const Store::State& state) {
  rocksdb::Options set;
  set.env = state.files.get();
  set.create_if_missing = true;
  set.paranoid_checks = true;
  // Damage in the middle of a log is an error. An end that is cut off is what a killed program leaves; whether
  // anything acknowledged was in it, the commits' numbers tell.
  set.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  set.track_and_verify_wals_in_manifest = true;
  set.fail_if_options_file_error = true;  // else nobody is told
  set.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();

  set.write_buffer_manager = state.buffers;
  set.write_buffer_size = std::clamp<std::uint64_t>(options.memory_bytes / 8, kMiB, 64 * kMiB);
  set.max_write_buffer_number = 3;
  set.max_total_wal_size = 4 * set.write_buffer_size;
  set.target_file_size_base = 16 * kMiB;
  set.max_bytes_for_level_base = 128 * kMiB;
  set.level_compaction_dynamic_level_bytes = true;
  set.max_open_files = 512;
  set.max_background_jobs = 2;

  // What is written is encrypted: there is nothing to compress.
  set.compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = state.cache;
  table.cache_index_and_filter_blocks = true;
  table.max_auto_readahead_size = 0;  // else a block that cannot be read hides sound ones before it from who lists
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_usage_options.options_overrides[rocksdb::CacheEntryRole::kBlockBasedTableReader] = {
      .charged = rocksdb::CacheEntryRoleOptions::Decision::kEnabled};
  set.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

  set.listeners.push_back(state.file_errors);
  set.info_log = std::make_shared<Silent>();
  set.stats_dump_period_sec = 0;
  set.stats_persist_period_sec = 0;
  return set;
}

}  // namespace

Result<void> told(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return {};
  const auto code = status.IsCorruption() ? ErrorCode::bad_input : ErrorCode::failed;
  return fail(code, fmt::format("{}: {}", doing, status.ToString()));
}

std::string after(std::string_view prefix) {
  std::string next(prefix);
  while (!next.empty() && static_cast<std::uint8_t>(next.back()) == 0xff) next.pop_back();
  if (!next.empty()) ++next.back();
  return next;
}

Result<const Tenant*> Store::State::tenant(const std::string& name) const {
  const auto found = tenants.find(name);
  if (found == tenants.end()) return fail(ErrorCode::usage, fmt::format("no key for tenant \"{}\"", name));
  return &found->second;
}

Result<std::string> Store::State::prefix(const AccountName& name) const {
  CMS_CHECK(check_account(name.account));
  CMS_TRY(owner, tenant(name.tenant));
  return account_prefix(*owner, name.account);
}

Result<void> Store::State::open() {
  if (options.memory_bytes < kMemoryMin) {
    return fail(ErrorCode::usage, fmt::format("a store needs {} MiB of memory at least", kMemoryMin / kMiB));
  }
  CMS_CHECK(check_folder());
  const auto set = settings(options, *this);
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::Open(set, options.path, &opened);
  if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
    return fail(ErrorCode::failed, fmt::format("store {} is open in another program (a daemon that runs?): {}",
                                               options.path.string(), status.ToString()));
  }
  if (status.IsPathNotFound()) {
    return fail(ErrorCode::bad_input, fmt::format("store {} is damaged, one of its files is missing: {}",
                                                  options.path.string(), status.ToString()));
  }
  CMS_CHECK(told(status, fmt::format("opening store {}", options.path.string())));
  database.reset(opened);
  CMS_CHECK(check_format());
  CMS_CHECK(check_commits());
  CMS_CHECK(check_tenants());
  return read_audit_last();
}

void Store::State::close() {
  heads.clear();
  anchor.reset();
  if (database) static_cast<void>(database->Close());
  database.reset();
}

// RocksDB makes a new database where it finds none: it must find none only where there was none.
Result<void> Store::State::check_folder() const {
  const auto& path = options.path;
  CMS_CHECK(make_folder(*files, path));
  CMS_TRY(current, is_there(*files, path / "CURRENT"));
  if (current) return {};
  CMS_TRY(names, names_in(*files, path));
  if (!names) return fail(ErrorCode::failed, fmt::format("{} is no folder that can be read", path.string()));
  for (const auto& name : *names) {
    if (name == kAnchorName || name.ends_with(".sst")) {
      return fail(ErrorCode::bad_input, fmt::format("store {} is damaged: its file CURRENT is missing", path.string()));
    }
  }
  return {};
}

Result<void> Store::State::check_format() {
  CMS_TRY(value, this->value(table_row(Table::format)));
  if (value) {
    ByteReader in({reinterpret_cast<const std::uint8_t*>(value->data()), value->size()});
    const auto version = in.get<std::uint32_t>();
    if (in.finished() && version == kStoreVersion) return {};
    return fail(ErrorCode::bad_input, fmt::format("store {} has version {}, this program reads {}",
                                                  options.path.string(), version, kStoreVersion));
  }
  const std::unique_ptr<rocksdb::Iterator> any(database->NewIterator({}));
  any->SeekToFirst();
  CMS_CHECK(told(any->status(), "reading the store"));
  if (any->Valid()) {
    return fail(ErrorCode::bad_input, fmt::format("{} is no store of cms, or lost its first rows",
                                                  options.path.string()));
  }
  return {};
}

// Each batch puts a row with its number and takes the one before it away. So there is one such row, and it is the
// last: two of them say that batches in the middle were lost, one below the anchor that the last were.
Result<void> Store::State::check_commits() {
  CMS_TRY(promised, read_anchor(*files, options.path));
  const std::string begin = table_row(Table::commit);
  std::vector<std::uint64_t> found;
  {
    CMS_TRY(row, rows(begin, after(begin)));
    for (row->SeekToFirst(); row->Valid(); row->Next()) found.push_back(last_number(view(row->key())));
    CMS_CHECK(told(row->status(), "reading the number of commits"));
  }
  if (found.size() > 1) {
    return fail(ErrorCode::bad_input, fmt::format("store {} is damaged: commits after {} are missing; put a snapshot "
                                                  "in its place (cms store restore)",
                                                  options.path.string(), found.front()));
  }
  commits = found.empty() ? 0 : found.front();
  if (promised.value_or(0) > commits) {
    return fail(ErrorCode::bad_input,
                fmt::format("store {} is damaged: it ends at commit {}, and {} was acknowledged. Put a snapshot in its "
                            "place (cms store restore), or remove {} to go on without them",
                            options.path.string(), commits, *promised, (options.path / kAnchorName).string()));
  }
  CMS_TRY(opened, Anchor::open(*files, options.path));
  anchor.emplace(std::move(opened));
  if (commits == 0) {
    rocksdb::WriteBatch batch;
    ByteWriter version;
    version.put(kStoreVersion);
    batch.Put(table_row(Table::format),
              {reinterpret_cast<const char*>(version.bytes().data()), version.bytes().size()});
    return write_and_anchor(batch);
  }
  return anchor->write(commits);
}

// A tenant's row holds nothing; that it opens shows that the key is the one the tenant's rows were written with.
Result<void> Store::State::check_tenants() {
  rocksdb::WriteBatch batch;
  for (const auto& [name, keys] : tenants) {
    const std::string row = tenant_row(keys, name);
    CMS_TRY(known, value(row));
    if (known) {
      if (store::open(keys.wrap, row, *known)) continue;
      return fail(ErrorCode::refused, fmt::format("the key of tenant \"{}\" is not the one that store {} was written "
                                                  "with",
                                                  name, options.path.string()));
    }
    std::string sealed;
    CMS_CHECK(seal_anew(keys.wrap, row, {}, sealed));
    batch.Put(row, sealed);
  }
  if (batch.Count() == 0) return {};
  return write_and_anchor(batch);
}

Result<void> Store::State::read_audit_last() {
  const std::string begin = table_row(Table::audit);
  CMS_TRY(row, rows(begin, after(begin)));
  row->SeekToLast();
  CMS_CHECK(told(row->status(), "reading the audit log"));
  audit_last = {};
  if (!row->Valid()) return {};
  CMS_TRY(entry, decode_audit(view(row->value())));
  audit_last = entry;
  return {};
}

Result<void> Store::State::ready() {
  if (database) return {};
  const std::unique_lock alone(gate);
  auto opened = open();
  if (!opened) close();
  return opened;
}

Result<void> Store::State::write(rocksdb::WriteBatch& batch) {
  auto written = write_and_anchor(batch);
  if (!written) reopen();
  return written;
}

void Store::State::resume() {
  const std::lock_guard one(writes);
  if (!database || !database->Resume().ok()) reopen();
}

void Store::State::reopen() {
  const std::unique_lock alone(gate);  // until it is open again: who reads meanwhile waits, and finds it so
  close();
  // If it does not open now, the next call tries again and says why not.
  if (!open()) close();
}

Result<void> Store::State::write_and_anchor(rocksdb::WriteBatch& batch) {
  batch.Put(numbered_row(Table::commit, commits + 1), {});
  // Each of these rows is put once and taken away once, so the two annihilate where they meet.
  if (commits > 0) batch.SingleDelete(numbered_row(Table::commit, commits));
  rocksdb::WriteOptions how;
  how.sync = options.sync;
  CMS_CHECK(told(database->Write(how, &batch), "writing to the store"));
  ++commits;
  return anchor->write(commits);
}

Rows::Rows(rocksdb::DB& database, std::string begin, std::string end)
    : bounds_(std::make_unique<Bounds>(Bounds{std::move(begin), std::move(end), {}, {}})) {
  bounds_->lower = bounds_->begin;
  bounds_->upper = bounds_->end;
  rocksdb::ReadOptions how;
  how.iterate_lower_bound = &bounds_->lower;
  how.iterate_upper_bound = &bounds_->upper;
  iterator_.reset(database.NewIterator(how));
}

Result<Rows> Store::State::rows(std::string begin, std::string end) const {
  CMS_CHECK(opened());
  return Rows(*database, std::move(begin), std::move(end));
}

Result<std::optional<std::string>> Store::State::value(const std::string& row) const {
  CMS_CHECK(opened());
  std::string value;
  const auto status = database->Get({}, row, &value);
  if (status.IsNotFound()) return std::optional<std::string>{};
  CMS_CHECK(told(status, "reading the store"));
  return std::optional(std::move(value));
}

Result<void> Store::State::opened() const {
  if (database) return {};
  return fail(ErrorCode::failed, fmt::format("store {} could not be opened again after a failure; the next commit "
                                             "tries again",
                                             options.path.string()));
}

}  // namespace cms::store
