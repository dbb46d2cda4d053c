// What a Store is made of; for the sources of this folder alone.
//
// Locks, in the order they are taken: `housekeeping` (one copy or compaction at a time), `writes` (one batch at a
// time), `gate` (shared by readers, alone by who closes and opens the database again), `counting`. Cost: see store.hpp.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "store/anchor.hpp"
#include "store/file_errors.hpp"
#include "store/heads.hpp"
#include "store/rows.hpp"
#include "store/store.hpp"

namespace cms::store {

// What RocksDB says as a Result: damage is `bad_input`, everything else `failed`. `doing` is what was being done.
Result<void> told(const rocksdb::Status& status, std::string_view doing);

// Whether there is a file or folder of that name. Errors: `failed`.
Result<bool> is_there(rocksdb::Env& files, const std::filesystem::path& path);

// What is in a folder; nothing where that is no folder. Errors: `failed`.
Result<std::optional<std::vector<std::string>>> names_in(rocksdb::Env& files, const std::filesystem::path& folder);

// A folder with all above it, made where it is not there; after a power cut it is there too. Errors: `usage`
// where one of them is a file, `failed`.
Result<void> make_folder(rocksdb::Env& files, const std::filesystem::path& folder);

// Rows in [begin, end), in order, as they were when this was made. RocksDB keeps pointers to the bounds.
class Rows {
 public:
  Rows(rocksdb::DB& database, std::string begin, std::string end);
  rocksdb::Iterator* operator->() const { return iterator_.get(); }

 private:
  struct Bounds {
    std::string begin, end;
    rocksdb::Slice lower, upper;
  };
  std::unique_ptr<Bounds> bounds_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

inline std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

struct Store::State {
  Options options;
  std::map<std::string, Tenant> tenants;
  std::shared_ptr<rocksdb::Cache> cache;
  std::shared_ptr<rocksdb::WriteBufferManager> buffers;
  std::shared_ptr<FileErrors> file_errors;
  std::unique_ptr<rocksdb::Env> files;    // what the database reads and writes through: tells file_errors

  mutable std::mutex housekeeping;
  mutable std::mutex writes;
  mutable std::shared_mutex gate;

  std::unique_ptr<rocksdb::DB> database;  // null after it could not be opened again
  std::optional<Anchor> anchor;
  std::uint64_t commits = 0;
  AuditEntry audit_last;                  // number 0 when there is none
  Heads heads{Options().heads_max};       // open() makes it as large as the options say

  // By tenant: how many of the log's first 0, 256, 512, ... entries are its own, as far as anybody has read. Entries
  // never change, so neither do these.
  std::map<std::string, std::vector<std::uint64_t>> own_entries;
  std::mutex counting;                    // of own_entries; taken last, and for a moment

  // The tenant's keys. Errors: `usage` without one.
  [[nodiscard]] Result<const Tenant*> tenant(const std::string& name) const;
  [[nodiscard]] Result<std::string> prefix(const AccountName& name) const;

  // Opens the database and checks what must be there. Under `writes` and `gate`, or before anybody else is there.
  Result<void> open();
  void close();
  // Opens again when a failure closed it. Under `writes`.
  Result<void> ready();
  // Commits a batch: synced, counted and anchored. After a failure the database is opened again, so that what is read
  // from then on is what is on disk. Under `writes`.
  Result<void> write(rocksdb::WriteBatch& batch);
  // After a failed commit, of which a part may be on disk. Under `writes`.
  void reopen();
  // After another failure, which may have stopped RocksDB from taking writes.
  void resume();

  // Errors: `failed` when the database could not be opened again after a failure.
  [[nodiscard]] Result<void> opened() const;
  // Under `gate`, shared. Errors: `failed` when the database could not be opened again.
  [[nodiscard]] Result<Rows> rows(std::string begin, std::string end) const;
  // The value of one row; nothing when it is not there.
  [[nodiscard]] Result<std::optional<std::string>> value(const std::string& row) const;
  // Head of an account; nothing when it is not there.
  [[nodiscard]] Result<std::optional<Head>> read_head(const Tenant& tenant, const std::string& prefix) const;
  // Store::load(), by prefix.
  [[nodiscard]] Result<std::vector<Record>> read_records(const Tenant& tenant, const std::string& prefix) const;
  // Deletes what is left of erased accounts from the files. Under `housekeeping`.
  Result<void> compact_erased();

 private:
  [[nodiscard]] Result<void> compact(const std::vector<std::string>& prefixes) const;
  Result<void> write_and_anchor(rocksdb::WriteBatch& batch);
  Result<void> check_folder() const;
  Result<void> check_format();
  Result<void> check_commits();
  Result<void> check_tenants();
  Result<void> read_audit_last();
};

// Puts the row of a new account's key. It is there from the first record or document to the account's erasure.
Result<void> put_account(rocksdb::WriteBatch& batch, const Tenant& tenant, const std::string& prefix,
                         const std::string& account, Head& head);

// The first row after all that begin with `prefix`.
std::string after(std::string_view prefix);

}  // namespace cms::store
