// The audit log: a chain of entries, each with the hash of the one before.
#include <fmt/format.h>

#include <algorithm>

#include "store/state.hpp"

namespace cms::store {
namespace {

constexpr std::uint64_t kCountEvery = 256;  // entries of the log between two counts of a tenant's own

// Where in the log to begin: after that many entries, of which `own` are the tenant's.
struct Begin {
  std::uint64_t entries = 0, own = 0;
};

// The last place that was counted and has at most `after` of the tenant's entries before it.
Begin begin_of(Store::State& state, const std::string& tenant, std::uint64_t after) {
  const std::lock_guard lock(state.counting);
  auto& counts = state.own_entries[tenant];
  if (counts.empty()) counts.push_back(0);
  const auto beyond = std::upper_bound(counts.begin(), counts.end(), after);
  const auto place = static_cast<std::uint64_t>(beyond - counts.begin()) - 1;
  return {place * kCountEvery, counts[place]};
}

// Notes that of the first `entries` entries `own` are the tenant's.
void note(Store::State& state, const std::string& tenant, std::uint64_t entries, std::uint64_t own) {
  if (entries % kCountEvery != 0) return;
  const std::lock_guard lock(state.counting);
  auto& counts = state.own_entries[tenant];
  if (counts.size() == entries / kCountEvery) counts.push_back(own);
}

}  // namespace

Result<AuditEntry> Store::append_audit(AuditEntry entry) {
  State& state = *state_;
  const std::lock_guard one(state.writes);
  CMS_CHECK(state.ready());
  entry.number = state.audit_last.number + 1;
  entry.hash = audit_hash(entry, state.audit_last.hash);
  rocksdb::WriteBatch batch;
  batch.Put(numbered_row(Table::audit, entry.number), encode_audit(entry));
  CMS_CHECK(state.write(batch));
  state.audit_last = entry;
  return entry;
}

Result<std::vector<AuditEntry>> Store::audit(const std::string& tenant, std::uint64_t after_number,
                                             std::size_t limit) const {
  const std::shared_lock shared(state_->gate);
  std::vector<AuditEntry> entries;
  CMS_TRY(row, state_->rows(numbered_row(Table::audit, after_number), after(table_row(Table::audit))));
  for (row->SeekToFirst(); row->Valid() && entries.size() < limit; row->Next()) {
    CMS_TRY(entry, decode_audit(view(row->value())));
    if (entry.number > after_number && (tenant.empty() || entry.tenant == tenant)) entries.push_back(std::move(entry));
  }
  CMS_CHECK(told(row->status(), "reading the audit log"));
  return entries;
}

Result<std::vector<AuditEntry>> Store::own_audit(const std::string& tenant, std::uint64_t after_own,
                                                 std::size_t limit) const {
  const std::shared_lock shared(state_->gate);
  auto [number, own] = begin_of(*state_, tenant, after_own);
  std::vector<AuditEntry> entries;
  CMS_TRY(row, state_->rows(numbered_row(Table::audit, number + 1), after(table_row(Table::audit))));
  for (row->SeekToFirst(); row->Valid() && entries.size() < limit; row->Next()) {
    CMS_TRY(entry, decode_audit(view(row->value())));
    number = entry.number;
    own += entry.tenant == tenant ? 1 : 0;
    note(*state_, tenant, number, own);
    if (entry.tenant != tenant || own <= after_own) continue;
    entry.number = own;
    entry.hash.clear();
    entries.push_back(std::move(entry));
  }
  CMS_CHECK(told(row->status(), "reading the audit log"));
  if (own < after_own) {
    return fail(ErrorCode::usage, fmt::format("there are {} entries, none after number {}", own, after_own));
  }
  return entries;
}

Result<std::optional<AuditEntry>> Store::last_audit(const std::function<bool(const AuditEntry&)>& wanted) const {
  const std::shared_lock shared(state_->gate);
  const std::string begin = table_row(Table::audit);
  CMS_TRY(row, state_->rows(begin, after(begin)));
  for (row->SeekToLast(); row->Valid(); row->Prev()) {
    CMS_TRY(entry, decode_audit(view(row->value())));
    if (wanted(entry)) return entry;
  }
  CMS_CHECK(told(row->status(), "reading the audit log"));
  return std::nullopt;
}

Result<std::uint64_t> Store::verify_audit() const {
  const std::shared_lock shared(state_->gate);
  const std::string begin = table_row(Table::audit);
  CMS_TRY(row, state_->rows(begin, after(begin)));
  std::uint64_t count = 0;
  std::string before;
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    CMS_TRY(entry, decode_audit(view(row->value())));
    ++count;
    const bool follows = entry.number == count && last_number(view(row->key())) == count;
    if (!follows || entry.hash != audit_hash(entry, before)) {
      return fail(ErrorCode::bad_input,
                  fmt::format("entry {} of the audit log does not follow from the one before", count));
    }
    before = entry.hash;
  }
  CMS_CHECK(told(row->status(), "reading the audit log"));
  return count;
}

}  // namespace cms::store
