// The accounts of one shard: loaded from the store when they are asked for, stepped, put out of memory when it is full.
//
// Invariants
//  1. An account whose last record is not yet durable is never put out.
//  2. Those put out are the ones with the greatest PoH among kCandidates looked at, the longest idle of equals: keeping
//     evidence in memory, not recency, is what the memory is for.
// Threads: step() from the shard's own thread alone; the rest from any. Requests go in groups of kTogether, and only
// within a group is the shard locked, so look() waits for that at most. head() does not: it reads a copy that has a
// lock of its own, held for less than a microsecond a request; what is not in memory a ColdReader reads for it, so
// that a disk that hangs keeps nobody who asks for long. Cost: that of the step.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "pipeline/cold_reader.hpp"
#include "pipeline/record.hpp"
#include "pipeline/standing.hpp"

namespace cms::pipeline {

struct ShardOptions {
  std::uint64_t memory_bytes = 512ULL << 20;
  std::uint32_t steps_max = 64;
  std::chrono::milliseconds patience{10'000};  // of head() with the disk
  // Told of accounts that cannot be loaded; may be empty.
  std::function<void(const store::AccountName&, const Error&)> load_failed;
};

// One request for a shard; `refused` and `advanced` are what comes of it.
struct ShardItem {
  const store::AccountName* name = nullptr;
  std::span<const float> activation;
  double time = 0;
  bool clean_only = false;  // leave it out when the account's standing is clean
  // unreadable: its account's records are damaged, or the disk has failed to give them again; unavailable: it has
  // failed for the first time, so the batch has to come again.
  enum class Result : std::uint8_t { advanced, left_out, unreadable, unavailable } result = Result::advanced;
  Advanced advanced;
};

// What of one batch is a shard's: `ticket` is the number of the commit that will make it durable.
struct ShardPart {
  std::span<ShardItem> items;
  std::uint32_t rung = 0;  // of the degradation ladder
  std::uint64_t ticket = 0;
};

class Shard {
 public:
  Shard(const Model& model, const store::Store& store, const ShardOptions& options);

  // Steps the items in order, in groups that reach from one batch into the next. Accounts that cannot be loaded are
  // told to ShardOptions::load_failed.
  void step(std::span<const ShardPart> parts);

  // Everything up to this ticket is durable.
  void durable(std::uint64_t ticket) { durable_.store(ticket, std::memory_order_release); }

  // What decisions need of an account; nothing when there is none. One that had to be loaded stays in memory; of one
  // that cannot be, and was put out by forget_undurable(), what was known last. Errors: those of ColdReader.
  Result<std::optional<Head>> head(const store::AccountName& name);

  // Calls look(account) with the shard locked; false when there is none. One that had to be loaded stays in memory
  // unless `keep` is false. Errors: those of loading.
  template <typename Look>
  Result<bool> look(const store::AccountName& name, const Look& look, bool keep = true);

  // Forgets one account, or those with a record that is not durable, of which heads are kept until forget_heads()
  // or until they are loaded again.
  void forget(const store::AccountName& name);
  void forget_undurable();
  void forget_heads();

  [[nodiscard]] std::uint64_t accounts() const { return accounts_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t loads() const { return loads_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t evictions() const { return evictions_.load(std::memory_order_relaxed); }

 private:
  struct Resident {
    Account account;
    Head head;                 // of `account`
    double poh = 1;            // after its last request
    std::uint64_t ticket = 0;  // of its last record
  };
  using Residents = std::unordered_map<std::string, Resident>;

  Result<Resident> load(const store::AccountName& name, Scratch& scratch) const;
  Result<Resident*> resident(const store::AccountName& name);
  // An item that is to be stepped.
  struct Due {
    const ShardPart* part = nullptr;
    ShardItem* item = nullptr;
    std::span<const float> activation;
  };
  Resident* account_of(ShardItem& item);
  bool has_come_again(const store::AccountName& name);
  void leave_out(std::span<ShardItem> items);
  void step_group(std::span<const Due> due);
  Resident& place(const std::string& key, Resident loaded);
  void make_room();
  Result<std::optional<Head>> load_head(const store::AccountName& name);
  template <typename Look>
  Result<bool> look_cold(const store::AccountName& name, const std::string& key, std::uint64_t forgotten,
                         const Look& look, bool keep);

  const Model& model_;
  const store::Store& store_;
  ShardOptions options_;
  std::uint64_t accounts_max_ = 1;
  Scratch scratch_;

  std::mutex mutex_;  // of what follows
  // Of every resident's head, which accounts there are, and how many left: changed with both locks, read with either.
  std::mutex heads_mutex_;
  Residents residents_;
  std::unordered_map<std::string, Head> last_known_;  // by heads_mutex_; no more than accounts_max_
  // Accounts that the disk did not give when last asked: since the last forget_undurable(), and before it. No more than
  // accounts_max_.
  std::unordered_set<std::string> failing_, failed_before_;
  std::uint64_t forgotten_ = 0;    // rises with every account that leaves: a load begun before is then thrown away
  std::size_t hand_ = 0;           // bucket where the search for whom to put out goes on

  // Of look-ups that load. Who looks at many accounts and keeps none has one of its own: no decision waits for it.
  struct Cold {
    std::mutex mutex;
    Scratch scratch;
  };
  Cold cold_, passing_;

  std::atomic<std::uint32_t> waiting_{0};  // look-ups that want the lock
  std::atomic<std::uint64_t> durable_{0};
  std::atomic<std::uint64_t> accounts_{0}, loads_{0}, evictions_{0};

  ColdReader reader_;  // last: it ends before what it uses
};

// Bytes that one account of this model takes in memory.
std::uint64_t account_bytes(const Model& model);

// Tenant and account in one string; neither can hold the byte between them.
std::string key_of(const store::AccountName& name);

template <typename Look>
Result<bool> Shard::look(const store::AccountName& name, const Look& look, bool keep) {
  const auto key = key_of(name);
  std::uint64_t forgotten = 0;
  {
    waiting_.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    if (const auto found = residents_.find(key); found != residents_.end()) {
      if (found->second.account.records == 0) return false;  // all it has sent was shed
      look(found->second.account);
      return true;
    }
    forgotten = forgotten_;
  }
  return look_cold(name, key, forgotten, look, keep);
}

// One that was not in memory when `forgotten` accounts had left it.
template <typename Look>
Result<bool> Shard::look_cold(const store::AccountName& name, const std::string& key, std::uint64_t forgotten,
                              const Look& look, bool keep) {
  auto& own = keep ? cold_ : passing_;
  const std::lock_guard cold(own.mutex);
  CMS_TRY(loaded, load(name, own.scratch));
  if (loaded.account.records == 0) return false;
  const std::lock_guard lock(mutex_);
  const auto found = residents_.find(key);
  if (found != residents_.end()) {
    look(found->second.account);
  } else if (keep && forgotten == forgotten_) {
    look(place(key, std::move(loaded)).account);
  } else {
    look(loaded.account);
  }
  return true;
}

}  // namespace cms::pipeline
