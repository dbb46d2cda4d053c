#include "pipeline/shard.hpp"

#include <algorithm>
#include <array>

#include "pipeline/admission.hpp"

namespace cms::pipeline {
namespace {

constexpr std::size_t kCandidates = 16;
constexpr int kTurns = 8;  // given to look-ups between two groups

// 0 records: all it has sent was shed.
std::optional<Head> said(const Head& head) { return head.records == 0 ? std::nullopt : std::optional(head); }

}  // namespace

std::string key_of(const store::AccountName& name) { return name.tenant + '\0' + name.account; }

std::uint64_t account_bytes(const Model& model) {
  const auto state = make_account(model);
  const std::uint64_t edges = std::uint64_t{model.window_length} * (model.window_length - 1) / 2 + 1;
  const std::uint64_t edge_bytes = model.window_length <= homology::kNarrowMax ? 2 : 4;
  constexpr std::uint64_t kAllocator = 128;  // headers of three blocks, a node of the map, a short key
  constexpr std::uint64_t kStoreHead = 208;  // what commits know of it, store::Options::heads_max, while others come
  return sizeof(Account) + sizeof(Head) + state.window.memory.size() + fleet::bytes_apart(state.signature) +
         edges * edge_bytes + kAllocator + kStoreHead;
}

Shard::Shard(const Model& model, const store::Store& store, const ShardOptions& options)
    : model_(model),
      store_(store),
      options_(options),
      accounts_max_(std::max<std::uint64_t>(2 * kTogether, options.memory_bytes / account_bytes(model))),
      reader_([this](const store::AccountName& name) { return load_head(name); }, options.patience) {
  residents_.reserve(accounts_max_);  // so that no look-up ever waits until they are all put elsewhere
}

Result<Shard::Resident> Shard::load(const store::AccountName& name, Scratch& scratch) const {
  CMS_TRY(records, store_.load(name));
  CMS_TRY(account, replay(model_, records, options_.steps_max, scratch));
  Resident resident;
  resident.poh = score_at(model_, account.state, account.state.time).poh;
  resident.head = head_of(account);
  resident.account = std::move(account);
  return resident;
}

// With the lock.
Result<Shard::Resident*> Shard::resident(const store::AccountName& name) {
  const auto key = key_of(name);
  if (const auto found = residents_.find(key); found != residents_.end()) return &found->second;
  CMS_TRY(loaded, load(name, scratch_));
  loads_.fetch_add(1, std::memory_order_relaxed);
  return &place(key, std::move(loaded));
}

// With the lock.
Shard::Resident& Shard::place(const std::string& key, Resident loaded) {
  failing_.erase(key);
  failed_before_.erase(key);
  make_room();
  const std::lock_guard heads(heads_mutex_);
  auto& placed = residents_.emplace(key, std::move(loaded)).first->second;
  last_known_.erase(key);
  accounts_.store(residents_.size(), std::memory_order_relaxed);
  return placed;
}

Result<std::optional<Head>> Shard::head(const store::AccountName& name) {
  const auto key = key_of(name);
  {
    const std::lock_guard heads(heads_mutex_);
    if (const auto found = residents_.find(key); found != residents_.end()) return said(found->second.head);
  }
  auto seen = reader_.read(name);
  if (seen) return seen;
  const std::lock_guard heads(heads_mutex_);
  // Somebody may have had it loaded meanwhile, since the disk is back.
  if (const auto found = residents_.find(key); found != residents_.end()) return said(found->second.head);
  const auto known = last_known_.find(key);
  if (known == last_known_.end()) return tl::unexpected(seen.error());
  return std::optional(known->second);
}

// By the reader. What was looked for may be there by now; what leaves memory from here on is not brought back.
Result<std::optional<Head>> Shard::load_head(const store::AccountName& name) {
  const auto key = key_of(name);
  std::uint64_t forgotten = 0;
  {
    const std::lock_guard heads(heads_mutex_);
    if (const auto found = residents_.find(key); found != residents_.end()) return said(found->second.head);
    forgotten = forgotten_;
  }
  std::optional<Head> head;
  CMS_CHECK(look_cold(name, key, forgotten, [&](const Account& account) { head = head_of(account); }, true));
  return head;
}

// With the lock. Looks on from where it looked last.
void Shard::make_room() {
  while (residents_.size() >= accounts_max_) {
    const auto durable = durable_.load(std::memory_order_acquire);
    const Resident* best = nullptr;
    const std::string* victim = nullptr;
    std::size_t seen = 0;
    const std::size_t buckets = residents_.bucket_count();
    for (std::size_t step = 0; step < buckets && seen < kCandidates; ++step) {
      hand_ = (hand_ + 1) % buckets;
      for (auto entry = residents_.begin(hand_); entry != residents_.end(hand_); ++entry) {
        const auto& candidate = entry->second;
        if (candidate.ticket > durable) continue;
        ++seen;
        const bool better = best == nullptr || candidate.poh > best->poh ||
                            (candidate.poh == best->poh &&
                             candidate.account.state.time < best->account.state.time);
        if (!better) continue;
        best = &candidate;
        victim = &entry->first;
      }
    }
    if (victim == nullptr) return;  // everything waits for its commit: queues bound how much that is
    Residents::node_type gone;  // freed without the heads' lock
    const std::lock_guard heads(heads_mutex_);
    gone = residents_.extract(residents_.find(*victim));
    ++forgotten_;
    evictions_.fetch_add(1, std::memory_order_relaxed);
  }
}

void Shard::step(std::span<const ShardPart> parts) {
  std::array<Due, kTogether> due;
  std::size_t count = 0;
  for (const auto& part : parts) {
    for (std::size_t first = 0; first < part.items.size(); first += kTogether) {
      const auto some = part.items.subspan(first, std::min(kTogether, part.items.size() - first));
      leave_out(some);
      for (auto& item : some) {
        if (item.result != ShardItem::Result::advanced) continue;
        due[count++] = {&part, &item, item.activation};
        if (count < kTogether) continue;
        step_group(due);
        count = 0;
      }
    }
  }
  if (count > 0) step_group(std::span(due).first(count));
}

// With the lock. False when the disk has not given this account for the first time in a row. Everything is refused for
// it then and sent again, so that a disk that fails once costs nothing. From the second time on it is the account's own
// matter, a bad sector: others do not wait for it. So it is too where too many fail to be known apart.
bool Shard::has_come_again(const store::AccountName& name) {
  const auto key = key_of(name);
  if (failed_before_.contains(key) || failing_.size() + failed_before_.size() >= accounts_max_) return true;
  failing_.insert(key);
  return false;
}

// With the lock. The item's account; null, and the item says why, when it cannot be loaded.
Shard::Resident* Shard::account_of(ShardItem& item) {
  const auto found = resident(*item.name);
  if (found) return *found;
  const bool its_own = found.error().code == ErrorCode::bad_input || has_come_again(*item.name);
  item.result = its_own ? ShardItem::Result::unreadable : ShardItem::Result::unavailable;
  if (options_.load_failed) options_.load_failed(*item.name, found.error());
  return nullptr;
}

// What is shed is shed before it is projected, for which alone it has not been paid yet.
void Shard::leave_out(std::span<ShardItem> items) {
  if (std::ranges::none_of(items, &ShardItem::clean_only)) return;
  const std::lock_guard lock(mutex_);
  for (auto& item : items) {
    if (!item.clean_only) continue;
    const auto* account = account_of(item);
    if (account != nullptr && account->poh > kCleanPoh) item.result = ShardItem::Result::left_out;
  }
}

void Shard::step_group(std::span<const Due> due) {
  const auto projected = project_together(model_, due, scratch_);
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < due.size(); ++i) {
      auto& item = *due[i].item;
      auto* found = account_of(item);
      if (found == nullptr) continue;
      auto& account = *found;
      const auto effort = effort_at(due[i].part->rung, model_, account.account.state);
      item.advanced = advance(model_, account.account, projected[i], item.time, effort, options_.steps_max, scratch_);
      account.poh = item.advanced.score.poh;
      account.ticket = due[i].part->ticket;
      const auto head = head_of(account.account);
      const std::lock_guard heads(heads_mutex_);
      account.head = head;
    }
  }
  // A mutex goes to who asks first, and that would be this thread again.
  for (int turn = 0; turn < kTurns && waiting_.load(std::memory_order_relaxed) > 0; ++turn) std::this_thread::yield();
}

// What leaves is freed when nobody waits for a lock any more.
void Shard::forget(const store::AccountName& name) {
  const auto key = key_of(name);
  Residents::node_type gone;
  const std::scoped_lock lock(mutex_, heads_mutex_);
  gone = residents_.extract(key);
  last_known_.erase(key);
  failing_.erase(key);
  failed_before_.erase(key);
  ++forgotten_;
  accounts_.store(residents_.size(), std::memory_order_relaxed);
}

void Shard::forget_undurable() {
  std::vector<Residents::node_type> gone;
  const std::scoped_lock lock(mutex_, heads_mutex_);
  const auto durable = durable_.load(std::memory_order_acquire);
  for (auto next = residents_.begin(); next != residents_.end();) {
    const auto entry = next++;
    if (entry->second.ticket <= durable) continue;
    const auto& head = entry->second.head;
    if (head.records > 0 && last_known_.size() < accounts_max_) last_known_.insert_or_assign(entry->first, head);
    gone.push_back(residents_.extract(entry));
  }
  failed_before_.merge(failing_);
  failing_.clear();
  ++forgotten_;
  accounts_.store(residents_.size(), std::memory_order_relaxed);
}

void Shard::forget_heads() {
  decltype(last_known_) gone;
  const std::lock_guard heads(heads_mutex_);
  last_known_.swap(gone);
}

}  // namespace cms::pipeline
