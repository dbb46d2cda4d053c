// Durable account state: what an account's steps wrote, kept in RocksDB, encrypted by account.
//
// The store knows nothing of scores: an account is a chain of records, numbered from 1 without a gap. A record is
// either *whole* (everything that came before it can be forgotten) or a *step* (a few hundred bytes that carry an
// account one request further). Loading gives the last whole record and the steps after it; the pipeline makes the
// state of it.
//
// Invariants
//  1. commit() is all or nothing and durable when it returns: records and producers' positions in one synced batch.
//  2. A record is bound to its tenant, account, number and kind by authenticated encryption (AES-256-GCM, NIST SP
//     800-38D): a changed, moved or exchanged one is refused, never read as another.
//  3. Names of accounts and what their records hold are nowhere on disk in the clear; times of records, their numbers
//     and sizes, tenants, producers and the audit log are.
//  4. Each account has its own key, wrapped by its tenant's: after erase() nobody reads key or rows any more, and after
//     compact_erased() they are in no live file.
//     A snapshot from before has both (docs/store.md says what to do about it).
//  5. A store that lost acknowledged commits does not open as if it had not (docs/store.md says how that is told).
//  6. After an error of commit() everything that is read is what is on disk: the database was opened again.
// Threads: any number may read; what writes is safe from several and done one after the other. Cost: a commit is one
// fsync; measured in docs/store.md. Layout on disk: docs/formats/store.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "store/keys.hpp"

namespace rocksdb {
class Env;
}

namespace cms::store {

struct Options {
  std::filesystem::path path;                       // a folder of its own, made when missing
  std::uint64_t memory_bytes = 256ULL << 20;        // RocksDB's caches and write buffers together
  // Accounts written last of which a commit knows what it follows on, and reads nothing; 104 bytes each, twice that
  // where others keep coming. Beyond them a commit reads an account's last rows: with 150,000 that come in turn a third
  // of the daemon's time.
  std::size_t heads_max = 32'768;
  bool sync = true;                                 // false only in proofs that need a store that loses
  rocksdb::Env* environment = nullptr;              // the file system; null = the machine's (proofs inject faults)
  // Told of file operations that failed under RocksDB, also where nobody is told otherwise because it goes on: a
  // background flush, clean-up, closing. What fails of the anchor is the error of who commits. From any thread, with
  // the store's locks: it must not call the store. Names no account.
  std::function<void(const std::string& what)> file_failed = {};
};

// One account of one tenant. UTF-8; tenant 1 to 64 of [a-z0-9-], account 1 to 256 bytes.
struct AccountName {
  std::string tenant;
  std::string account;

  bool operator==(const AccountName&) const = default;
};

struct Record {
  std::uint64_t number = 0;  // of the account's records, from 1
  bool whole = false;
  double time = 0;           // seconds, of the request it came from
  Bytes content;
};

struct Write {
  AccountName name;
  Record record;
};

// How far a producer's batches are durable. A producer counts its batches from 1 in each epoch; at 0 it is forgotten.
struct Position {
  std::string tenant;
  std::string producer;  // 1 to 256 bytes
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
};

// One entry of the audit log. Each carries the SHA-256 of the one before it, so none can be taken out or changed
// without every later one telling.
struct AuditEntry {
  std::uint64_t number = 0;  // from 1
  double time = 0;           // seconds
  std::string tenant;
  std::string actor;         // name of the token or "cms" for the program itself
  std::string action;        // "label", "override", "policy", "erase", ...
  std::string detail;        // JSON; never a prompt or an activation; accounts by pseudonym
  std::string hash;          // 64 hex digits, of this entry and the hash before
};

class Store {
 public:
  // Opens or makes. Errors: `failed` when the disk says no, `bad_input` when it is damaged or of a later version,
  // `refused` when a tenant's key is not the one it was written with.
  static Result<Store> open(const Options& options, KeyRing keys);

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  // Records and positions, all or nothing, durable on return. Errors: `usage` when a record's number does not follow
  // the account's last (somebody erased or wrote it meanwhile: load again), nothing is changed then; `failed` when it
  // is not known to be durable: positions() and load() tell from then on what is there.
  Result<void> commit(std::span<const Write> writes, std::span<const Position> positions);

  // The last whole record and the steps after it, in order; nothing for an account that is not there or was erased.
  // Errors: `bad_input` when a record was changed, is missing or out of order.
  [[nodiscard]] Result<std::vector<Record>> load(const AccountName& name) const;

  // How far each producer of every tenant is.
  [[nodiscard]] Result<std::vector<Position>> positions() const;

  // Accounts of one tenant with the time of their last request, in a fixed order that says nothing of their names,
  // at most `limit` of them after `cursor` (empty = from the start; a returned cursor goes on; empty = no more). Rows
  // that cannot be read are passed over: who lies among them is not listed, and the page says that somebody may be
  // missing. Errors: `failed` where the disk says no to that and all after it.
  struct Listed {
    std::string account;
    double time = 0;
    std::uint64_t records = 0;
    std::optional<Error> unread;  // why time and records are not known
  };
  struct Page {
    std::vector<Listed> accounts;
    std::string cursor;
    std::uint64_t passed_over = 0;  // stretches of rows that cannot be read
    std::string why;                // of the last of them
  };
  [[nodiscard]] Result<Page> list(const std::string& tenant, const std::string& cursor, std::size_t limit) const;

  // Deletes the account's key and rows; also of labels. True when there was something. Durable on return; the old bytes
  // lie in files until compact_erased(). So too where its rows cannot be read. Errors: `failed`; the rows may be gone
  // then.
  Result<bool> erase(const AccountName& name);

  // Whether erase_idle() would take this account now. Errors: `bad_input` when its rows cannot be read, `failed`.
  // Cost: its rows are read.
  [[nodiscard]] Result<bool> is_idle(const AccountName& name, double time) const;

  // Deletes, in one write, those of these accounts of a tenant whose last request is before `time`; not those that
  // have documents alone, and not those whose rows cannot be read. Their names are added to `erased`. Durable on
  // return, as erase() is. Errors: `failed`; the rows of who is in `erased` may be gone then. Cost: all their rows are
  // read, and commits wait.
  Result<void> erase_idle(const std::string& tenant, std::span<const std::string> accounts, double time,
                          std::vector<std::string>& erased);

  // Whether bytes of the account that was erased lie in files yet.
  [[nodiscard]] Result<bool> erasing(const AccountName& name) const;

  // Destroys the bytes of all that was erased before: seconds with many accounts. Commits go on meanwhile. Errors:
  // `failed`: call again, or open again, which does the same.
  Result<void> compact_erased();

  // A small document of an account (labels, overrides), encrypted like its records; empty content removes it. False,
  // and nothing is written, when there is no such account: it may have been erased a moment ago.
  Result<bool> put_document(const AccountName& name, const std::string& kind, const std::string& content);
  [[nodiscard]] Result<std::optional<std::string>> document(const AccountName& name, const std::string& kind) const;

  // The same of a tenant as a whole, with a key of the tenant: it holds no account's name, since no erasure reaches it;
  // number() stands for one, and leads to it as long as the account is there.
  Result<void> put_tenant_document(const std::string& tenant, const std::string& kind, std::string_view content);
  [[nodiscard]] Result<std::optional<Bytes>> tenant_document(const std::string& tenant, const std::string& kind) const;

  // Appends; number and hash are set here. Returns the entry as written.
  Result<AuditEntry> append_audit(AuditEntry entry);
  // Entries of `tenant` (empty = all) with number > after, oldest first, at most `limit`.
  [[nodiscard]] Result<std::vector<AuditEntry>> audit(const std::string& tenant, std::uint64_t after,
                                                      std::size_t limit) const;
  // The same of one tenant, numbered among its own entries: the first is 1. They have no hash: whether one follows from
  // the one before tells whether others did something between. Errors: `usage`: there are not so many. Cost: the log is
  // read up to the page's end, the first time from its beginning, then from at most 256 entries before the page.
  [[nodiscard]] Result<std::vector<AuditEntry>> own_audit(const std::string& tenant, std::uint64_t after,
                                                          std::size_t limit) const;
  // The last entry that is one of those. Cost: the entries after it are read.
  [[nodiscard]] Result<std::optional<AuditEntry>> last_audit(
      const std::function<bool(const AuditEntry&)>& wanted) const;
  // Walks the whole chain. Errors: `bad_input`, naming the first entry that does not follow from the one before.
  [[nodiscard]] Result<std::uint64_t> verify_audit() const;

  // What accounts are called where their names must not be: 16 hex digits keyed by the tenant. Errors: `usage` for a
  // tenant without a key.
  [[nodiscard]] Result<std::string> pseudonym(const AccountName& name) const;

  // What an account is known by for ever where 16 digits are too many: 64 bits of its rows' names, keyed by the tenant.
  // Errors: as pseudonym().
  [[nodiscard]] Result<std::uint64_t> number(const AccountName& name) const;
  // The account of that number, by name; nothing where there is none. Cost: one read. Errors: `usage`, `failed`,
  // `bad_input` when its key's row is damaged.
  [[nodiscard]] Result<std::optional<std::string>> account_of(const std::string& tenant, std::uint64_t number) const;

  // A consistent copy in a new folder, while commits go on. Errors: `failed`, `usage` when the folder is there.
  Result<void> snapshot(const std::filesystem::path& target) const;

  // Reads and checks every block and record of every account. Returns the number of records. Errors: `bad_input`.
  [[nodiscard]] Result<std::uint64_t> verify() const;

  // What RocksDB says of itself, for metrics.
  struct Sizes {
    std::uint64_t memory_bytes = 0;
    std::uint64_t disk_bytes = 0;
    std::uint64_t rows_estimate = 0;  // of all kinds: an account has some tens
    std::uint64_t file_errors = 0;    // what Options::file_failed was told since the store was opened
  };
  [[nodiscard]] Sizes sizes() const;

  // What it is made of: store/state.hpp.
  struct State;

 private:
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Puts a snapshot where a store is to be. After an error or a power cut there is nothing, or all of it. Errors: `usage`
// when something is there already or it is a symbolic link, `bad_input` when it is not a whole snapshot, `failed`.
// Cost: reads it twice. `environment` as Options::environment.
Result<void> restore(const std::filesystem::path& snapshot, const std::filesystem::path& target,
                     rocksdb::Env* environment = nullptr);

}  // namespace cms::store
