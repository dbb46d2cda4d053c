// Names and values of the rows on disk: the layout of docs/formats/store.md, and nothing that reads or writes.
//
// A row's name begins with a letter, says which tenant and account by hashes, and sorts so that one account lies
// together. Threads: pure functions. Cost: a copy, where not said.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "store/keys.hpp"
#include "store/store.hpp"

namespace cms::store {

// Rises when a reader of the old rows would misread. On disk.
inline constexpr std::uint32_t kStoreVersion = 1;

// Letters that rows' names begin with. On disk; never renumber.
enum class Table : char {
  account = 'A',
  commit = 'C',   // one row: the number of the last commit
  document = 'D', // of a tenant as a whole
  erased = 'E',   // accounts whose rows are gone, and whose bytes are not yet
  format = 'F',
  audit = 'L',
  position = 'P',
  tenant = 'T',
};

// Parts of an account, in the order they lie in. On disk; never renumber.
enum class Part : char { key = 0, whole = 1, step = 2, document = 3, end = 4 };

inline constexpr std::size_t kTenantIdBytes = 8;
inline constexpr std::size_t kAccountIdBytes = 16;
inline constexpr std::size_t kAccountPrefixBytes = 1 + kTenantIdBytes + kAccountIdBytes;
// Of a record's row before what is sealed: number, kind, time.
inline constexpr std::size_t kRecordHeadBytes = 17;

// A tenant as the store uses it. The keys are derived from the tenant's own, one for each use.
struct Tenant {
  std::string id;    // 8 bytes of SHA-256 of the name
  Key names;         // ids of accounts
  Key wrap;          // wraps accounts' keys
  Key positions;     // authenticates producers' positions
  Key documents;     // seals documents of the tenant as a whole
  Key pseudonyms;
};
Tenant make_tenant(std::string_view name, const Key& key);

// Big-endian, so that rows sort by number.
void append_number(std::string& row, std::uint64_t number);
// Of the last 8 bytes of a name; they must be there.
std::uint64_t last_number(std::string_view row);

std::string table_row(Table table);
std::string numbered_row(Table table, std::uint64_t number);
std::string tenant_row(const Tenant& tenant, std::string_view name);
std::string position_row(const Tenant& tenant, std::string_view producer);
// What the names of all of a tenant's accounts begin with, and those of one account. Cost: one HMAC.
std::string accounts_prefix(const Tenant& tenant);
std::string account_prefix(const Tenant& tenant, std::string_view account);
std::string part_row(std::string_view prefix, Part part);
std::string step_row(std::string_view prefix, std::uint64_t number);
std::string document_row(std::string_view prefix, std::string_view kind);
std::string tenant_document_row(const Tenant& tenant, std::string_view kind);

// Errors: `usage` when a name has not the form that store.hpp says.
Result<void> check_tenant_name(std::string_view tenant);
Result<void> check_account(std::string_view account);
Result<void> check_producer(std::string_view producer);

// Value of a record's row: its head in the clear, bound to the sealed content.
Result<std::string> seal_record(const Key& key, const Nonce& nonce, std::string_view row, const Record& record);
// Errors: `bad_input`.
Result<Record> open_record(const Key& key, std::string_view row, std::string_view value);
// Number and time of a record's row without its key. Errors: `bad_input` when the value ends early.
Result<Record> record_head(std::string_view value);

// Value of a key's row: the account's key wrapped by the tenant's, then the account's name sealed by its own.
Result<std::string> seal_account(const Tenant& tenant, const Key& key, std::string_view row, std::string_view account);
Result<Key> open_account_key(const Tenant& tenant, std::string_view row, std::string_view value);
Result<std::string> open_account_name(const Key& key, std::string_view row, std::string_view value);

// Value of a position's row, authenticated. `name` of the tenant is not in it.
std::string seal_position(const Tenant& tenant, std::string_view row, const Position& position);
Result<Position> open_position(const Tenant& tenant, std::string_view row, std::string_view value);

// The hash of an entry that follows one with the hash `before` (64 hex digits; empty for the first).
std::string audit_hash(const AuditEntry& entry, std::string_view before);
std::string encode_audit(const AuditEntry& entry);
Result<AuditEntry> decode_audit(std::string_view value);

}  // namespace cms::store
