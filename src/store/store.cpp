#include "store/store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/state.hpp"

namespace cms::store {

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::Store(Store&&) noexcept = default;

Store& Store::operator=(Store&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Store::~Store() {
  if (!state_) return;
  // What goes wrong here costs nothing that was acknowledged.
  if (state_->anchor) {
    if (const auto synced = state_->anchor->sync(); !synced) state_->file_errors->add(synced.error().message);
  }
  state_->close();
}

Result<Store> Store::open(const Options& options, KeyRing keys) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->heads = Heads(options.heads_max);
  for (const auto& [name, key] : keys) {
    CMS_CHECK(check_tenant_name(name));
    state->tenants.emplace(name, make_tenant(name, key));
  }
  // One budget: what memory the write buffers take, the cache gives.
  state->cache = rocksdb::NewLRUCache(options.memory_bytes);
  state->buffers = std::make_shared<rocksdb::WriteBufferManager>(options.memory_bytes / 2, state->cache);
  state->file_errors = std::make_shared<FileErrors>(options.file_failed);
  const auto& environment = options.environment == nullptr ? *rocksdb::Env::Default() : *options.environment;
  state->files = rocksdb::NewCompositeEnv(std::make_shared<WatchedFiles>(environment.GetFileSystem(),
                                                                         state->file_errors));
  auto opened = state->open();
  if (opened) {
    // What the disk does not give is not compacted either, and no reason not to serve: the marks stay.
    if (auto compacted = state->compact_erased(); !compacted) {
      state->file_errors->add("bytes of erased accounts are still in files: " + compacted.error().message);
    }
    opened = state->opened();
  }
  if (!opened) {
    state->close();
    return tl::make_unexpected(std::move(opened).error());
  }
  return Store(std::move(state));
}

namespace {

// What a batch has done so far to the accounts it touches.
using Touched = std::unordered_map<std::string, Head>;

Result<Head*> touch(Touched& touched, Heads& heads, const Store::State& state, const Tenant& tenant,
                    const std::string& prefix) {
  if (const auto found = touched.find(prefix); found != touched.end()) return &found->second;
  if (const Head* known = heads.find(prefix)) return &touched.emplace(prefix, *known).first->second;
  CMS_TRY(head, state.read_head(tenant, prefix));
  return &touched.emplace(prefix, head.value_or(Head{})).first->second;
}

}  // namespace

Result<void> put_account(rocksdb::WriteBatch& batch, const Tenant& tenant, const std::string& prefix,
                         const std::string& account, Head& head) {
  CMS_CHECK(random_bytes(head.key.bytes));
  head.there = true;
  const std::string row = part_row(prefix, Part::key);
  CMS_TRY(value, seal_account(tenant, head.key, row, account));
  batch.Put(row, value);
  return {};
}

namespace {

Result<void> put_record(rocksdb::WriteBatch& batch, const std::string& prefix, const Nonce& nonce,
                        const Record& record, Head& head) {
  if (record.number != head.last + 1) {
    return fail(ErrorCode::usage, fmt::format("record {} cannot follow record {} of an account", record.number,
                                              head.last));
  }
  const std::string row = record.whole ? part_row(prefix, Part::whole) : step_row(prefix, record.number);
  CMS_TRY(value, seal_record(head.key, nonce, row, record));
  batch.Put(row, value);
  head.last = record.number;
  if (!record.whole) return {};
  // What the whole record replaces goes in the same batch.
  for (std::uint64_t step = head.whole + 1; step < record.number; ++step) batch.Delete(step_row(prefix, step));
  head.whole = record.number;
  return {};
}

}  // namespace

Result<void> Store::commit(std::span<const Write> writes, std::span<const Position> positions) {
  State& state = *state_;
  const std::lock_guard one(state.writes);
  CMS_CHECK(state.ready());
  std::vector<Nonce> nonces(writes.size());
  CMS_CHECK(random_bytes({reinterpret_cast<std::uint8_t*>(nonces.data()), nonces.size() * sizeof(Nonce)}));
  rocksdb::WriteBatch batch;
  Touched touched;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const auto& [name, record] = writes[i];
    CMS_TRY(tenant, state.tenant(name.tenant));
    CMS_TRY(prefix, state.prefix(name));
    CMS_TRY(head, touch(touched, state.heads, state, *tenant, prefix));
    if (!head->there) CMS_CHECK(put_account(batch, *tenant, prefix, name.account, *head));
    CMS_CHECK(put_record(batch, prefix, nonces[i], record, *head));
  }
  for (const auto& position : positions) {
    CMS_CHECK(check_producer(position.producer));
    CMS_TRY(tenant, state.tenant(position.tenant));
    const std::string row = position_row(*tenant, position.producer);
    if (position.sequence == 0) {
      batch.Delete(row);
    } else {
      batch.Put(row, seal_position(*tenant, row, position));
    }
  }
  CMS_CHECK(state.write(batch));
  for (const auto& [prefix, head] : touched) state.heads.put(prefix, head);
  return {};
}

namespace {

// Checks that a chain is as commit() leaves it: steps that follow the whole record, or begin at 1.
Result<void> check_chain(const std::vector<Record>& records, std::uint64_t whole) {
  std::uint64_t expected = whole + 1;
  for (const auto& record : records) {
    if (record.whole) continue;
    if (record.number != expected) {
      return fail(ErrorCode::bad_input, fmt::format("record {} is missing", expected));
    }
    ++expected;
  }
  return {};
}

}  // namespace

Result<std::optional<Head>> Store::State::read_head(const Tenant& owner, const std::string& prefix) const {
  CMS_TRY(row, rows(prefix, part_row(prefix, Part::document)));
  Head head;
  row->SeekToFirst();
  if (row->Valid() && view(row->key()) == part_row(prefix, Part::key)) {
    CMS_TRY(key, open_account_key(owner, view(row->key()), view(row->value())));
    head.key = key;
    head.there = true;
    row->Next();
  }
  if (row->Valid() && view(row->key()) == part_row(prefix, Part::whole)) {
    CMS_TRY(record, record_head(view(row->value())));
    head.whole = head.last = record.number;
    // Rows of steps before it were deleted: they are stepped over at once.
    row->Seek(step_row(prefix, head.whole + 1));
  }
  for (; row->Valid(); row->Next()) head.last = last_number(view(row->key()));
  if (auto read = told(row->status(), "reading an account"); !read) {
    // The place of one that is not there may be in a block of others that cannot be read: the filter knows.
    const auto there = value(part_row(prefix, Part::key));
    if (there && !*there) return std::optional<Head>{};
    return tl::make_unexpected(std::move(read).error());
  }
  if (!head.there && head.last == 0) return std::optional<Head>{};
  if (!head.there) return fail(ErrorCode::bad_input, "an account's key is missing");
  return std::optional(head);
}

Result<std::vector<Record>> Store::State::read_records(const Tenant& owner, const std::string& prefix) const {
  std::vector<Record> records;
  const std::string key_row = part_row(prefix, Part::key);
  // Most who are asked for and are not there end here, at the filter.
  CMS_TRY(there, value(key_row));
  if (!there) return records;
  CMS_TRY(row, rows(prefix, part_row(prefix, Part::document)));
  row->SeekToFirst();
  CMS_CHECK(told(row->status(), "reading an account"));
  if (!row->Valid()) return records;
  if (view(row->key()) != key_row) return fail(ErrorCode::bad_input, "an account's key is missing");
  CMS_TRY(key, open_account_key(owner, key_row, view(row->value())));
  std::uint64_t whole = 0;
  row->Next();
  if (row->Valid() && view(row->key()) == part_row(prefix, Part::whole)) {
    CMS_TRY(record, open_record(key, view(row->key()), view(row->value())));
    whole = record.number;
    records.push_back(std::move(record));
    row->Seek(step_row(prefix, whole + 1));
  }
  for (; row->Valid(); row->Next()) {
    CMS_TRY(record, open_record(key, view(row->key()), view(row->value())));
    records.push_back(std::move(record));
  }
  CMS_CHECK(told(row->status(), "reading an account"));
  CMS_CHECK(check_chain(records, whole));
  return records;
}

Result<std::vector<Record>> Store::load(const AccountName& name) const {
  const std::shared_lock shared(state_->gate);
  CMS_TRY(tenant, state_->tenant(name.tenant));
  CMS_TRY(prefix, state_->prefix(name));
  auto records = state_->read_records(*tenant, prefix);
  if (records) return records;
  CMS_TRY(called, pseudonym(name));
  return fail_in(fmt::format("account {} of tenant {}", called, name.tenant), std::move(records).error());
}

Result<std::vector<Position>> Store::positions() const {
  const std::shared_lock shared(state_->gate);
  std::vector<Position> positions;
  for (const auto& [name, tenant] : state_->tenants) {
    const std::string begin = position_row(tenant, "");
    CMS_TRY(row, state_->rows(begin, after(begin)));
    for (row->SeekToFirst(); row->Valid(); row->Next()) {
      CMS_TRY(position, open_position(tenant, view(row->key()), view(row->value())));
      position.tenant = name;
      positions.push_back(position);
    }
    CMS_CHECK(told(row->status(), "reading positions"));
  }
  return positions;
}

Result<std::string> Store::pseudonym(const AccountName& name) const {
  CMS_TRY(tenant, state_->tenant(name.tenant));
  CMS_CHECK(check_account(name.account));
  const Digest digest = keyed_hash(tenant->pseudonyms, name.account);
  return to_hex(std::span(digest).first(8));
}

}  // namespace cms::store
