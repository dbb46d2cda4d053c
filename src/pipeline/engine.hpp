// The engine: many accounts at once, durable. Batches of activations in, acknowledgements after commit, standings out.
//
// Shards own accounts: an account is always stepped by the same thread, so nothing on its way is locked. Batches are
// numbered on admission, shards work in that order, one thread commits in that order: records of one account reach the
// store as they were made, many batches in one synced write, and nothing is acknowledged before it.
//
// Invariants
//  1. An acknowledged item is counted once, whatever is sent again and whenever the process dies.
//  2. What is in memory is what replaying the store gives, bit for bit; after a failed commit memory is thrown away.
//  3. received = scored + shed + refused, at all times that a batch is answered.
//  4. Accounts that are thrown out of memory are those with the best standing first, not those idle longest.
// Threads: every public function from any thread. Cost: docs/engine.md.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/standing.hpp"
#include "store/store.hpp"

namespace cms::pipeline {

struct EngineOptions {
  std::uint32_t shards = 0;                        // threads that step accounts; 0 = cores, less one
  std::uint32_t queue_items = 8192;                // admitted and not yet committed; beyond it batches are refused
  std::uint64_t memory_bytes = 512ULL << 20;       // of accounts' states, all shards together
  std::uint32_t steps_max = 64;                    // steps after which an account's whole state is written again
  // Of a look-up with a disk that hangs: an account that is not in memory cannot be read then. The daemon's is shorter.
  std::chrono::milliseconds look_up_patience{10'000};
  double clock_ahead_s = 300;                      // an item later than the clock by more is refused
  double clock_behind_s = 7 * 86'400.0;            // or earlier
};

// Why an item was not scored. In JSON and on the wire by name.
enum class Refusal : std::uint8_t {
  none,        // scored, durable
  shed,        // dropped under load: a clean account's request that was sampled out
  overload,    // the queue is full: send the batch again later
  model,       // of another model, layer or pooling than the atlas
  dimension,   // not as many numbers as the atlas has
  not_finite,  // NaN or infinite
  account,     // empty, too long or not UTF-8; of a whole batch: its producer's name is too long
  clock,       // time is no number, or too far from the clock
  tenant,      // no such tenant, or not the caller's
  store,       // of a whole batch: the disk said no, send it again later; of an item: its account cannot be read
  text,        // in observe mode: there is none, or the model cannot read it
};
inline constexpr std::size_t kRefusalCount = 11;
std::string_view name(Refusal refusal);

struct Item {
  std::string account;
  double time = 0;                   // seconds since 1970
  std::vector<float> activation;     // of the atlas' dimension
  Refusal refusal = Refusal::none;   // set before by who read it, where it could not be read
};

// Where a batch stands among its producer's. Without a producer every batch is taken as new.
struct BatchPosition {
  std::string producer;
  std::uint64_t epoch = 0;     // rises when a producer begins anew; a lower one is refused as stale
  std::uint64_t sequence = 0;  // of the batch, from 1 in each epoch
};

struct Batch {
  std::string tenant;
  BatchPosition position;
  std::vector<Item> items;
  bool patient = false;  // submit() waits for room in the queue instead of refusing it as overload
};

struct Outcome {
  enum class Status : std::uint8_t {
    done,       // durable; refusals say what of it was not scored
    duplicate,  // was durable before
    gap,        // batches before it are missing: `expected` says which comes next
    stale,      // of an epoch that another producer has ended
    refused,    // as a whole: overload or store, in refusals[0]
  };
  Status status = Status::done;
  std::uint64_t expected = 0;      // next sequence of this producer
  std::vector<Refusal> refusals;   // one an item, where status is done
};

// A change that those who watch hear of, after it is durable.
struct Change {
  store::AccountName name;
  double time = 0;
  Score score;
};

struct Counters {
  std::uint64_t received = 0, scored = 0, shed = 0, refused = 0;  // items
  std::array<std::uint64_t, kRefusalCount> by_refusal{};
  std::uint64_t duplicates = 0, batches = 0, commits = 0, commit_failures = 0;
  std::uint64_t loads = 0, evictions = 0, accounts = 0;           // accounts = in memory now
  std::uint64_t look_ups_failed = 0;                              // of accounts that could not be read
  std::uint64_t queue_items = 0;
  std::uint32_t rung = 0;                                         // of the degradation ladder, 0 = all is measured
  std::array<std::uint64_t, 4> at_rung{};                         // items scored at each
};

class Engine {
 public:
  using Clock = std::function<double()>;  // seconds since 1970
  using Watcher = std::function<void(std::span<const Change>)>;
  // Told how long each commit and each look-up took, in seconds; when commits begin to fail (false, and why) and to
  // succeed again (true); which account cannot be loaded, and why. From the thread that did it. Each may be empty.
  struct Hooks {
    std::function<void(double)> commit_s, look_up_s;
    std::function<void(bool, const std::string&)> durable;
    std::function<void(const store::AccountName&, const Error&)> load_failed;
    // An account was erased (true), or could not be and its rows may be gone in part (false); nothing of it is heard
    // before what it does after that. From who erased, without waiting.
    std::function<void(const store::AccountName&, bool)> erased;
    // So many requests of a tenant were shed in one commit. From the committer.
    std::function<void(const std::string&, std::uint64_t)> shed;
  };

  // Starts the threads; the model and the store outlive it. Errors: those of reading positions.
  static Result<Engine> start(const Model& model, store::Store& store, const EngineOptions& options, Clock clock,
                              Watcher watcher = {}, Hooks hooks = {});
  Engine(Engine&&) noexcept;
  // Drains: what was admitted is committed and answered.
  ~Engine();

  // Admits a batch, after waiting for room where the batch is patient. `done` is called once, from another thread or
  // this one, when it is durable or refused.
  void submit(Batch batch, std::function<void(Outcome)> done);
  // The same, waiting.
  Outcome ingest(Batch batch);
  // Counts so many items that were refused before they came here, as those of a tenant that is not there are.
  void count_refused(std::uint64_t items, Refusal why);

  // How an account stands at `time`; nothing when it is not known. Reads memory, and waits for no step then; else the
  // store, from where it stays in memory. Errors: `bad_input` when its records are damaged.
  Result<std::optional<Standing>> look_up(const store::AccountName& name, double time);

  // A copy of an account with all that is kept of it, for pictures and for who looks at all accounts: what is in memory
  // stays as it is, and the look is not timed. Errors: as look_up(). Cost: some 20 KB, or a load.
  Result<std::optional<Account>> account(const store::AccountName& name);

  // What the fleet has to know of an account, by the same look. Nothing when it is not known. Cost: 1 KB, or a load.
  struct Trace {
    fleet::Signature signature;
    double time = 0;  // seconds, of its last request
    float poh = 1;    // its own, then
  };
  Result<std::optional<Trace>> trace(const store::AccountName& name);

  // Forgets an account here and in the store, after what was admitted before. True when there was something. Batches
  // wait until its rows are gone; its bytes stay until Store::compact_erased(), which whoever erases calls next.
  Result<bool> erase(const store::AccountName& name);

  // The same of those accounts `names` of a tenant whose last request is before `time`, some at a time: between two
  // parts batches go on for as long as the part took. Their bytes stay until Store::compact_erased(), and who cannot be
  // read stays. Returns how many are gone. Errors: the store's; those of parts before it are gone then.
  Result<std::uint64_t> erase_idle(const std::string& tenant, std::span<const std::string> names, double time);

  // True while commits succeed; false from a failed one until the next that succeeds.
  [[nodiscard]] bool durable() const;
  [[nodiscard]] Counters counters() const;

 private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cms::pipeline
