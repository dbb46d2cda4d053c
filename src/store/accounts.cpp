// Accounts as a whole: list, erase, documents.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "store/state.hpp"

namespace cms::store {
namespace {

// Beyond so many, in a large store so many that they would rewrite as much as lies in all files, one compaction of all
// accounts is cheaper than one for each. An account's rewrites a file, and those of the next level that lie across it.
constexpr std::uint64_t kRangesMax = 16, kRangeBytes = 11 * (16ULL << 20);

// An account as list() meets it, or rows that do not say whose they are, the last at `prefix`.
struct Met {
  std::string prefix;
  std::optional<std::string> account;  // none of such rows, and `unread` is why
  double time = 0;
  std::uint64_t records = 0;  // 0 for one that has documents alone
  std::optional<Error> unread;
};
struct Meeting {
  std::vector<Met> met;
  bool more = false;  // there may be some after these
};

// Numbers of accounts are evenly spread: of a million, one in 2^44. A damaged block is as long as some of those.
constexpr std::uint64_t kFirstStep = 1ULL << 40U, kNearEnough = 1ULL << 32U;

// What a prefix of an account of this tenant can be at most, with this number.
std::string last_prefix(const std::string& all, std::uint64_t number) {
  std::string prefix = all;
  append_number(prefix, number);
  return prefix.append(kAccountPrefixBytes - prefix.size(), '\xff');
}

// An iterator cannot step out of a block that it cannot read, but it can begin after it. Where that is, is looked for
// in steps that double up to half of what is left, and between the last two by halves. Nothing where the disk answers
// nowhere after it. Cost: some sixty reads at most, many of the block that fails.
std::optional<std::string> end_of_unread(const Store::State& state, const std::string& all, std::string_view from) {
  const auto readable = [&](std::uint64_t number) {
    std::string begin = all;
    append_number(begin, number);
    auto row = state.rows(all, after(all));
    if (!row) return false;
    (*row)->Seek(begin);
    return (*row)->status().ok();
  };
  constexpr auto kLast = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t bad = from == all ? 0 : last_number(from.substr(0, all.size() + sizeof(std::uint64_t)));
  std::uint64_t good = bad;
  for (std::uint64_t step = kFirstStep;; step *= 2) {
    step = std::min(step, (kLast - bad) / 2);
    if (step < kNearEnough) return std::nullopt;
    good = bad + step;
    if (readable(good)) break;
    bad = good;
  }
  while (good - bad > kNearEnough) {
    const auto middle = bad + (good - bad) / 2;
    (readable(middle) ? good : bad) = middle;
  }
  return last_prefix(all, good - 1);
}

// The account whose first row this is. Errors: those of its rows; what is known of it stays.
Result<void> read_met(const Tenant& tenant, Rows& row, Met& met) {
  if (view(row->key()) != part_row(met.prefix, Part::key)) {
    return fail(ErrorCode::bad_input, "an account's key is missing");
  }
  CMS_TRY(key, open_account_key(tenant, view(row->key()), view(row->value())));
  CMS_TRY(name, open_account_name(key, view(row->key()), view(row->value())));
  met.account = name;
  row->SeekForPrev(part_row(met.prefix, Part::document));
  CMS_CHECK(told(row->status(), "reading an account"));
  if (!row->Valid() || view(row->key()) == part_row(met.prefix, Part::key)) return {};
  CMS_TRY(record, record_head(view(row->value())));
  met.time = record.time;
  met.records = record.number;
  return {};
}

// Accounts of `tenant` after the one that `cursor` begins; at most `limit`. Errors: `failed` where neither the first
// nor any after it can be read.
Result<Meeting> meet(const Store::State& state, const Tenant& tenant, const std::string& cursor, std::size_t limit) {
  const std::string all = accounts_prefix(tenant);
  CMS_TRY(row, state.rows(all, after(all)));
  // An iterator that has failed may step over the block without a word afterwards.
  const auto take_another = [&]() -> Result<void> {
    CMS_TRY(another, state.rows(all, after(all)));
    row = std::move(another);
    return {};
  };
  Meeting found;
  std::string from = cursor.empty() ? all : part_row(cursor, Part::end);
  while (found.met.size() < limit) {
    row->Seek(from);
    if (!row->status().ok()) {  // it may have been a moment's
      CMS_CHECK(take_another());
      row->Seek(from);
    }
    Met met;
    if (auto read = told(row->status(), "listing accounts"); !read) {
      const auto end = end_of_unread(state, all, from);
      // The disk may say no to everything: nobody is passed over for that.
      if (!end && read.error().code != ErrorCode::bad_input) {
        if (found.met.empty()) return tl::make_unexpected(std::move(read).error());
        found.more = true;
        return found;
      }
      met.prefix = end.value_or(last_prefix(all, std::numeric_limits<std::uint64_t>::max()));
      met.unread = std::move(read).error();
      found.met.push_back(std::move(met));
      if (!end) return found;
    } else {
      if (!row->Valid()) {
        // Where no account at all was read it may be the disk that says no to everything.
        const bool any = std::ranges::any_of(found.met, [](const Met& one) { return !one.unread; });
        if (any || !cursor.empty() || found.met.empty()) return found;
        auto& last = *found.met.back().unread;
        if (last.code == ErrorCode::bad_input) return found;
        return tl::make_unexpected(std::move(last));
      }
      met.prefix = view(row->key()).substr(0, kAccountPrefixBytes);
      if (auto known = read_met(tenant, row, met); !known) met.unread = std::move(known).error();
      found.met.push_back(std::move(met));
    }
    if (found.met.back().unread) CMS_CHECK(take_another());
    from = part_row(found.met.back().prefix, Part::end);
  }
  found.more = limit > 0;
  return found;
}

// Names of all rows of an account; none when it is not there.
Result<std::vector<std::string>> rows_of(const Store::State& state, const std::string& prefix) {
  CMS_TRY(row, state.rows(prefix, after(prefix)));
  std::vector<std::string> names;
  for (row->SeekToFirst(); row->Valid(); row->Next()) names.emplace_back(view(row->key()));
  CMS_CHECK(told(row->status(), "erasing an account"));
  return names;
}

// The same where the account's last request is before `time`; none for another, and for one of documents alone.
Result<std::vector<std::string>> idle_rows(const Store::State& state, const std::string& prefix, double time) {
  CMS_TRY(record, state.rows(prefix, part_row(prefix, Part::document)));
  record->SeekToLast();
  CMS_CHECK(told(record->status(), "reading an account"));
  if (!record->Valid() || view(record->key()) == part_row(prefix, Part::key)) return std::vector<std::string>();
  CMS_TRY(last, record_head(view(record->value())));
  if (!(last.time < time)) return std::vector<std::string>();
  return rows_of(state, prefix);
}

// Takes these rows of an account away, and leaves a mark that its bytes have to follow.
void erase_rows(Store::State& state, const std::string& prefix, const std::vector<std::string>& rows,
                rocksdb::WriteBatch& batch) {
  for (const auto& row : rows) batch.Delete(row);
  state.heads.erase(prefix);
  // What the mark holds tells it from one that is set again while this one's bytes are compacted away.
  ByteWriter number;
  number.put(state.commits);
  const auto& bytes = number.bytes();
  batch.Put(table_row(Table::erased) + prefix, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// A document's row; an empty one takes it away.
Result<void> put_sealed(rocksdb::WriteBatch& batch, const Key& key, const std::string& row, std::string_view content) {
  if (content.empty()) {
    batch.Delete(row);
    return {};
  }
  std::string value;
  CMS_CHECK(seal_anew(key, row, {reinterpret_cast<const std::uint8_t*>(content.data()), content.size()}, value));
  batch.Put(row, value);
  return {};
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  const auto digit = [](char letter) { return letter <= '9' ? letter - '0' : letter - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(digit(digits[i]) * 16 + digit(digits[i + 1])));
  }
  return bytes;
}

}  // namespace

Result<Store::Page> Store::list(const std::string& tenant, const std::string& cursor, std::size_t limit) const {
  const bool hex = cursor.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!cursor.empty() && (!hex || cursor.size() != 2 * kAccountIdBytes)) {
    return fail(ErrorCode::usage, "a cursor is what a list before it returned");
  }
  const std::shared_lock shared(state_->gate);
  CMS_TRY(owner, state_->tenant(tenant));
  const std::string from = cursor.empty() ? "" : accounts_prefix(*owner) + from_hex(cursor);
  CMS_TRY(meeting, meet(*state_, *owner, from, limit));
  Page page;
  for (auto& met : meeting.met) {
    if (!met.account) {
      ++page.passed_over;
      page.why = met.unread ? met.unread->message : "";
      continue;
    }
    page.accounts.push_back({std::move(*met.account), met.time, met.records, std::move(met.unread)});
  }
  if (meeting.more) {
    const auto id = std::string_view(meeting.met.back().prefix).substr(1 + kTenantIdBytes);
    page.cursor = to_hex({reinterpret_cast<const std::uint8_t*>(id.data()), id.size()});
  }
  return page;
}

Result<bool> Store::erase(const AccountName& name) {
  State& state = *state_;
  CMS_TRY(prefix, state.prefix(name));
  const std::lock_guard one(state.writes);
  CMS_CHECK(state.ready());
  CMS_TRY(rows, rows_of(state, prefix));
  if (rows.empty()) return false;
  rocksdb::WriteBatch batch;
  erase_rows(state, prefix, rows, batch);
  CMS_CHECK(state.write(batch));
  return true;
}

Result<bool> Store::is_idle(const AccountName& name, double time) const {
  const std::shared_lock shared(state_->gate);
  CMS_TRY(prefix, state_->prefix(name));
  CMS_TRY(rows, idle_rows(*state_, prefix, time));
  return !rows.empty();
}

Result<void> Store::erase_idle(const std::string& tenant, std::span<const std::string> accounts, double time,
                               std::vector<std::string>& erased) {
  State& state = *state_;
  const std::lock_guard one(state.writes);
  CMS_CHECK(state.ready());
  rocksdb::WriteBatch batch;
  std::vector<std::string> in_batch;
  for (const auto& account : accounts) {
    CMS_TRY(prefix, state.prefix({tenant, account}));
    const auto rows = idle_rows(state, prefix, time);
    if (!rows && rows.error().code == ErrorCode::bad_input) continue;
    CMS_CHECK(rows);
    if (rows->empty()) continue;
    erase_rows(state, prefix, *rows, batch);
    in_batch.push_back(account);
  }
  if (in_batch.empty()) return {};
  erased.insert(erased.end(), in_batch.begin(), in_batch.end());
  return state.write(batch);
}

Result<void> Store::compact_erased() {
  const std::lock_guard alone(state_->housekeeping);
  return state_->compact_erased();
}

Result<void> Store::State::compact(const std::vector<std::string>& prefixes) const {
  const std::shared_lock shared(gate);
  CMS_CHECK(opened());
  CMS_CHECK(told(database->Flush({}), "erasing an account"));
  rocksdb::CompactRangeOptions how;
  how.exclusive_manual_compaction = false;
  how.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  const auto compact_range = [&](const std::string& begin) {
    const std::string end = after(begin);
    const rocksdb::Slice first = begin, last = end;
    return told(database->CompactRange(how, &first, &last), "erasing an account");
  };
  std::uint64_t bytes = 0;
  static_cast<void>(database->GetIntProperty(rocksdb::DB::Properties::kLiveSstFilesSize, &bytes));  // 0 will do
  if (prefixes.size() > std::max(kRangesMax, bytes / kRangeBytes)) {
    CMS_CHECK(compact_range(table_row(Table::account)));
  } else {
    for (const auto& prefix : prefixes) CMS_CHECK(compact_range(prefix));
  }
  // Obsolete files are removed by whoever comes first; turned on again, it is done before the call returns.
  CMS_CHECK(told(database->DisableFileDeletions(), "erasing an account"));
  return told(database->EnableFileDeletions(true), "erasing an account");
}

Result<void> Store::State::compact_erased() {
  const std::string marks = table_row(Table::erased);
  std::vector<std::string> prefixes, numbers;
  {
    const std::shared_lock shared(gate);
    CMS_TRY(row, rows(marks, after(marks)));
    for (row->SeekToFirst(); row->Valid(); row->Next()) {
      prefixes.emplace_back(view(row->key()).substr(1));
      numbers.emplace_back(view(row->value()));
    }
    CMS_CHECK(told(row->status(), "reading what was erased"));
  }
  if (prefixes.empty()) return {};
  // Who still reads the rows as they were keeps their bytes alive: wait for those who began before.
  { const std::unique_lock barrier(gate); }
  auto compacted = compact(prefixes);
  if (!compacted) {
    resume();
    return compacted;
  }
  const std::lock_guard one(writes);
  CMS_CHECK(ready());
  rocksdb::WriteBatch batch;
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    CMS_TRY(number, value(marks + prefixes[i]));
    if (number == numbers[i]) batch.Delete(marks + prefixes[i]);
  }
  return write(batch);
}

Result<bool> Store::put_document(const AccountName& name, const std::string& kind, const std::string& content) {
  State& state = *state_;
  const std::lock_guard one(state.writes);
  CMS_CHECK(state.ready());
  CMS_TRY(tenant, state.tenant(name.tenant));
  CMS_TRY(prefix, state.prefix(name));
  const std::string row = document_row(prefix, kind);
  CMS_TRY(head, state.read_head(*tenant, prefix));
  if (!head || !head->there) return false;
  rocksdb::WriteBatch batch;
  CMS_CHECK(put_sealed(batch, head->key, row, content));
  CMS_CHECK(state.write(batch));
  return true;
}

Result<bool> Store::erasing(const AccountName& name) const {
  const std::shared_lock shared(state_->gate);
  CMS_TRY(prefix, state_->prefix(name));
  CMS_TRY(mark, state_->value(table_row(Table::erased) + prefix));
  return mark.has_value();
}

Result<std::optional<std::string>> Store::document(const AccountName& name, const std::string& kind) const {
  const std::shared_lock shared(state_->gate);
  CMS_TRY(tenant, state_->tenant(name.tenant));
  CMS_TRY(prefix, state_->prefix(name));
  const std::string row = document_row(prefix, kind), key_row = part_row(prefix, Part::key);
  CMS_TRY(value, state_->value(row));
  if (!value) return std::optional<std::string>{};
  CMS_TRY(wrapped, state_->value(key_row));
  // Erased between the two reads.
  if (!wrapped) return std::optional<std::string>{};
  CMS_TRY(key, open_account_key(*tenant, key_row, *wrapped));
  CMS_TRY(content, store::open(key, row, *value));
  return std::optional(std::string(content.begin(), content.end()));
}

Result<void> Store::put_tenant_document(const std::string& name, const std::string& kind, std::string_view content) {
  State& state = *state_;
  const std::lock_guard one(state.writes);
  CMS_CHECK(state.ready());
  CMS_TRY(tenant, state.tenant(name));
  const std::string row = tenant_document_row(*tenant, kind);
  rocksdb::WriteBatch batch;
  CMS_CHECK(put_sealed(batch, tenant->documents, row, content));
  return state.write(batch);
}

Result<std::optional<Bytes>> Store::tenant_document(const std::string& name, const std::string& kind) const {
  const std::shared_lock shared(state_->gate);
  CMS_TRY(tenant, state_->tenant(name));
  const std::string row = tenant_document_row(*tenant, kind);
  CMS_TRY(value, state_->value(row));
  if (!value) return std::optional<Bytes>{};
  CMS_TRY(content, store::open(tenant->documents, row, *value));
  return std::optional(std::move(content));
}

Result<std::uint64_t> Store::number(const AccountName& name) const {
  CMS_TRY(prefix, state_->prefix(name));
  return last_number(std::string_view(prefix).substr(0, 1 + kTenantIdBytes + sizeof(std::uint64_t)));
}

Result<std::optional<std::string>> Store::account_of(const std::string& tenant, std::uint64_t number) const {
  const std::shared_lock shared(state_->gate);
  CMS_TRY(owner, state_->tenant(tenant));
  std::string begin = accounts_prefix(*owner);
  append_number(begin, number);
  CMS_TRY(row, state_->rows(begin, after(begin)));
  row->SeekToFirst();
  CMS_CHECK(told(row->status(), "looking for an account"));
  if (!row->Valid()) return std::optional<std::string>{};
  const auto key_row = view(row->key());
  if (key_row != part_row(key_row.substr(0, kAccountPrefixBytes), Part::key)) {
    return fail(ErrorCode::bad_input, "an account's key is missing");
  }
  CMS_TRY(key, open_account_key(*owner, key_row, view(row->value())));
  CMS_TRY(name, open_account_name(key, key_row, view(row->value())));
  return std::optional(std::move(name));
}

}  // namespace cms::store
