// The engine over a disk that fails: nothing acknowledged is lost or counted twice, and service returns with the disk.
// CMS_STORE_FAULTS=1 lets every file operation fail once, N every N-th (the default is 7).
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <thread>

#include "pipeline/engine_example.hpp"
#include "store/injecting_env.hpp"
#include "store/rows.hpp"

namespace cms::pipeline {
namespace {

constexpr std::size_t kBatches = 12, kItems = 6, kAccounts = 4;

// Batch `sequence`, from 1, of a producer.
Batch batch_of(std::uint64_t sequence) {
  static const Stream stream = example_stream(example(), 77, kBatches * kItems);
  Batch batch{"t", {"tap", 1, sequence}, {}};
  for (std::size_t i = 0; i < kItems; ++i) {
    const auto row = stream.row((sequence - 1) * kItems + i);
    Item item{fmt::format("account {}", (sequence + i) % kAccounts), kNow - 1'000 + double(sequence), {}};
    for (const float value : row) item.activation.push_back(std::isfinite(value) ? value : 0);
    batch.items.push_back(std::move(item));
  }
  return batch;
}

class World {
 public:
  explicit World(const std::string& name)
      : folder_(std::filesystem::temp_directory_path() / fmt::format("cms_faults_{}_{}", name, ::getpid())),
        environment_(rocksdb::NewCompositeEnv(files_)) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~World() { std::filesystem::remove_all(folder_); }

  Result<store::Store> open() {
    store::Options options;
    options.path = folder_ / "store";
    options.memory_bytes = 16 << 20;
    options.environment = environment_.get();
    return store::Store::open(options, {{"t", store::Key()}});
  }
  static Engine start(store::Store& store, std::uint32_t queue_items = 4096,
                      std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    return *Engine::start(example(), store,
                          {.shards = 1, .queue_items = queue_items, .look_up_patience = patience}, [] { return kNow; });
  }
  store::InjectingFiles& files() { return *files_; }

 private:
  std::filesystem::path folder_;
  std::shared_ptr<store::InjectingFiles> files_ = std::make_shared<store::InjectingFiles>();  // so RocksDB wants it
  std::unique_ptr<rocksdb::Env> environment_;
};

std::vector<Item> all_items() {
  std::vector<Item> items;
  for (std::uint64_t sequence = 1; sequence <= kBatches; ++sequence) {
    for (auto& item : batch_of(sequence).items) items.push_back(std::move(item));
  }
  return items;
}

// As a tap does: what is refused is sent again. False when it comes to no end.
bool send_all(Engine& engine, const std::function<Batch(std::uint64_t)>& batch = batch_of) {
  for (std::uint64_t sequence = 1; sequence <= kBatches; ++sequence) {
    bool done = false;
    for (int again = 0; again < 20 && !done; ++again) {
      const auto outcome = engine.ingest(batch(sequence));
      done = outcome.status == Outcome::Status::done || outcome.status == Outcome::Status::duplicate;
      if (!done && outcome.status != Outcome::Status::refused) return false;
    }
    if (!done) return false;
  }
  return true;
}

std::uint64_t stride() {
  const char* const text = std::getenv("CMS_STORE_FAULTS");
  return text == nullptr ? 7 : std::max<std::uint64_t>(1, std::strtoull(text, nullptr, 10));
}

TEST(EngineFaults, an_operation_that_fails_once_costs_nothing_acknowledged_and_nothing_counts_twice) {
  const auto wanted = expected(all_items());
  for (const auto fault : {store::Fault::eio, store::Fault::enospc, store::Fault::short_write}) {
    std::size_t met = 0;
    bool all = false;
    for (std::uint64_t number = 1; number < 4000; number += stride()) {
      World world("once");
      {
        auto store = world.open();
        ASSERT_TRUE(store) << store.error().message;
        world.files().fail_at(number, fault);
        auto engine = World::start(*store);
        EXPECT_TRUE(send_all(engine)) << "operation " << number << ", " << world.files().failed();
        EXPECT_TRUE(engine.durable());
        const auto failed = world.files().failed();
        EXPECT_TRUE(failed.empty() || store->sizes().file_errors > 0) << "nobody was told of " << failed;
      }
      all = world.files().failed().empty();  // there are no more operations
      if (all) break;
      ++met;
      const auto store = world.open();
      ASSERT_TRUE(store) << store.error().message;
      EXPECT_EQ(stored(*store, wanted), wanted) << "operation " << number << ", " << world.files().failed();
    }
    EXPECT_GT(met, 3U) << "no operation failed: the test tells nothing";
    EXPECT_TRUE(all) << "operations are left that did not fail";
  }
}

TEST(EngineFaults, service_returns_with_the_disk_and_goes_on_where_it_was) {
  World world("outage");
  auto store = world.open();
  ASSERT_TRUE(store);
  {
    auto engine = World::start(*store);
    EXPECT_EQ(engine.ingest(batch_of(1)).status, Outcome::Status::done);
    EXPECT_EQ(engine.ingest(batch_of(2)).status, Outcome::Status::done);
    auto other = batch_of(1);
    other.position = {};
    for (auto& item : other.items) item.account = "other";
    EXPECT_EQ(engine.ingest(other).status, Outcome::Status::done);
    world.files().kill();
    for (int again = 0; again < 3; ++again) {
      EXPECT_EQ(engine.ingest(batch_of(3)).status, Outcome::Status::refused);
      EXPECT_FALSE(engine.durable());
      auto anonymous = batch_of(3);
      anonymous.position = {};
      EXPECT_EQ(engine.ingest(anonymous).status, Outcome::Status::refused);
      EXPECT_FALSE(engine.durable()) << "nothing was written, so nothing has recovered";
    }
    // An account that no failed batch has touched is still known, one that was thrown out as it was known last.
    for (const auto& account : {std::string("other"), batch_of(3).items.front().account}) {
      const auto known = engine.look_up({"t", account}, kNow);
      ASSERT_TRUE(known && *known) << account;
      EXPECT_GT((*known)->records, 0U);
    }
    EXPECT_FALSE(engine.look_up({"t", "nobody"}, kNow));
    world.files().lose_unsynced();
    for (std::uint64_t sequence = 3; sequence <= kBatches; ++sequence) {
      const auto outcome = engine.ingest(batch_of(sequence));
      EXPECT_EQ(outcome.status, Outcome::Status::done) << sequence;
    }
    EXPECT_EQ(engine.ingest(batch_of(1)).status, Outcome::Status::duplicate);
    EXPECT_TRUE(engine.durable());
  }
  const auto wanted = expected(all_items());
  EXPECT_EQ(stored(*store, wanted), wanted);
}

TEST(EngineFaults, a_disk_that_hangs_keeps_no_decision_about_an_account_in_memory_waiting) {
  constexpr int kCold = 60;
  World world("hang");
  const auto batch_for = [](const std::string& account) {
    auto batch = batch_of(1);
    batch.position = {};
    for (auto& item : batch.items) item.account = account;
    return batch;
  };
  const auto cold = [](int i) { return store::AccountName{"t", fmt::format("cold {}", i)}; };
  {
    auto store = world.open();
    ASSERT_TRUE(store);
    auto engine = World::start(*store);
    for (int i = 0; i < kCold; ++i) {
      ASSERT_EQ(engine.ingest(batch_for(cold(i).account)).status, Outcome::Status::done);
    }
  }
  auto store = world.open();  // anew, so that what was written is read from the disk
  ASSERT_TRUE(store);
  auto engine = World::start(*store, 4096, std::chrono::seconds(1));
  ASSERT_EQ(engine.ingest(batch_for("hot")).status, Outcome::Status::done);
  world.files().hang();
  int unread = 0, decided = 0;
  for (int i = 0; i < kCold; ++i) {  // on one thread, as a connection's: who hangs once answers nobody any more
    unread += engine.look_up(cold(i), kNow) ? 0 : 1;
    const auto hot = engine.look_up({"t", "hot"}, kNow);
    decided += hot && *hot ? 1 : 0;
  }
  world.files().go_on();
  EXPECT_GT(unread, 0) << "nothing was read from the disk";
  EXPECT_EQ(decided, kCold);
  EXPECT_EQ(engine.counters().look_ups_failed, static_cast<std::uint64_t>(unread));
  for (int again = 0; again < 10'000 && !engine.look_up(cold(kCold - 1), kNow); ++again) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  for (int i = 0; i < kCold; ++i) {
    const auto back = engine.look_up(cold(i), kNow);
    EXPECT_TRUE(back && *back) << i;
  }
}

// One request of each of ten accounts.
Batch round_of(std::uint64_t sequence) {
  constexpr std::size_t kRound = 10, kRounds = 48;
  static const Stream stream = example_stream(example(), 78, kRound * kRounds);
  Batch batch{"t", {"tap", 1, sequence}, {}};
  for (std::size_t i = 0; i < kRound; ++i) {
    const auto row = stream.row((sequence - 1) * kRound + i);
    Item item{fmt::format("account {}", i), kNow - 1'000 + double(sequence), {}};
    for (const float value : row) item.activation.push_back(std::isfinite(value) ? value : 0);
    batch.items.push_back(std::move(item));
  }
  return batch;
}

TEST(EngineFaults, a_bad_sector_under_one_account_costs_others_one_batch_that_is_sent_again) {
  constexpr std::uint64_t kBefore = 40;
  World world("sector");
  {
    auto store = world.open();
    ASSERT_TRUE(store);
    auto engine = World::start(*store);
    for (std::uint64_t sequence = 1; sequence <= kBefore; ++sequence) {
      ASSERT_EQ(engine.ingest(round_of(sequence)).status, Outcome::Status::done);
    }
  }
  auto store = world.open();  // anew, so that what was written is read from the disk
  ASSERT_TRUE(store);
  auto engine = World::start(*store);
  // The one whose rows come first shares the block that it begins in with nobody.
  const auto tenant = store::make_tenant("t", store::Key());
  const auto prefix_of = [&](const Item& item) { return store::account_prefix(tenant, item.account); };
  const auto items = round_of(1).items;
  const auto first = std::ranges::min_element(items, {}, prefix_of);
  const auto bad = static_cast<std::size_t>(first - items.begin());
  world.files().spoil(store::part_row(prefix_of(*first), store::Part::key).substr(store::kAccountPrefixBytes - 8));
  std::vector<Refusal> wanted(items.size(), Refusal::none);
  wanted[bad] = Refusal::store;

  EXPECT_EQ(engine.ingest(round_of(kBefore + 1)).status, Outcome::Status::refused);  // it may have been a moment's
  for (std::uint64_t sequence = kBefore + 1; sequence <= kBefore + 3; ++sequence) {
    const auto outcome = engine.ingest(round_of(sequence));
    ASSERT_EQ(outcome.status, Outcome::Status::done) << sequence;
    EXPECT_EQ(outcome.refusals, wanted) << sequence;
    EXPECT_TRUE(engine.durable());
  }
  EXPECT_EQ(engine.counters().commit_failures, 1U);
  world.files().mend();
  EXPECT_EQ(engine.ingest(round_of(kBefore + 4)).refusals, std::vector(items.size(), Refusal::none));
  for (const auto& item : items) {
    const auto account = engine.account({"t", item.account});
    ASSERT_TRUE(account && *account);
    EXPECT_EQ((*account)->state.window.requests, kBefore + (item.account == first->account ? 1 : 4)) << item.account;
  }
  const auto counters = engine.counters();
  EXPECT_EQ(counters.received, counters.scored + counters.shed + counters.refused);
}

TEST(EngineFaults, who_waits_for_room_goes_on_whatever_fails_or_is_erased_meanwhile) {
  constexpr std::size_t kTaps = 8, kRoom = 4 * kItems;
  const auto batch_from = [](std::size_t tap, std::uint64_t sequence) {
    auto batch = batch_of(sequence);
    batch.position.producer = fmt::format("tap {}", tap);
    batch.patient = true;
    batch.items.resize(1 + (tap + sequence) % kItems);
    for (auto& item : batch.items) item.account += fmt::format(" of tap {}", tap);
    return batch;
  };
  std::vector<Item> items;
  for (std::size_t tap = 0; tap < kTaps; ++tap) {
    for (std::uint64_t sequence = 1; sequence <= kBatches; ++sequence) {
      for (auto& item : batch_from(tap, sequence).items) items.push_back(std::move(item));
    }
  }
  World world("room");
  auto store = world.open();
  ASSERT_TRUE(store);
  std::atomic<std::size_t> arrived{0};
  auto engine = World::start(*store, kRoom);
  world.files().fail_at(20, store::Fault::eio);
  {
    std::vector<std::jthread> taps;
    for (std::size_t tap = 0; tap < kTaps; ++tap) {
      taps.emplace_back([&, tap] {
        arrived += send_all(engine, [&](std::uint64_t sequence) { return batch_from(tap, sequence); }) ? 1 : 0;
      });
    }
    for (int again = 0; again < 10; ++again) static_cast<void>(engine.erase({"t", "nobody"}));  // the disk may say no
  }
  EXPECT_EQ(arrived, kTaps);
  EXPECT_FALSE(world.files().failed().empty()) << "nothing failed";
  const auto counters = engine.counters();
  EXPECT_EQ(counters.queue_items, 0U);
  EXPECT_EQ(counters.received, counters.scored + counters.shed + counters.refused);
  std::map<std::string, std::size_t> sent;
  for (const auto& item : items) ++sent[item.account];
  std::size_t kept = 0;
  for (const auto& [account, count] : sent) {
    const auto has = engine.account({"t", account});
    ASSERT_TRUE(has);
    kept += *has ? (*has)->state.window.requests : 0;
    EXPECT_LE(*has ? (*has)->state.window.requests : 0, count) << account;
  }
  // A commit that failed may be on the disk all the same, and what was shed with it is counted as refused.
  EXPECT_GE(kept + counters.shed + kRoom, items.size());
}

TEST(EngineFaults, a_producer_with_too_long_a_name_stops_nobody_else) {
  World world("name");
  auto store = world.open();
  ASSERT_TRUE(store);
  auto engine = World::start(*store);
  auto batch = batch_of(1);
  batch.position.producer = std::string(257, 'p');
  const auto outcome = engine.ingest(batch);
  EXPECT_EQ(outcome.status, Outcome::Status::refused);
  EXPECT_EQ(outcome.refusals, std::vector{Refusal::account});
  EXPECT_TRUE(engine.durable());
  batch = batch_of(1);
  batch.position.sequence = 0;
  EXPECT_EQ(engine.ingest(batch).status, Outcome::Status::gap);
  EXPECT_EQ(engine.ingest(batch_of(1)).status, Outcome::Status::done);
}

// Writes down whose erasure is told, and whether it was done. `told` outlives the engine.
Engine::Hooks telling(std::vector<std::string>& told) {
  Engine::Hooks hooks;
  hooks.erased = [&told](const store::AccountName& name, bool done) {
    told.push_back(fmt::format("{} {}", name.account, done));
  };
  return hooks;
}

TEST(EngineFaults, an_erasure_that_failed_is_told_as_one_that_did) {
  World world("erasure");
  auto store = world.open();
  ASSERT_TRUE(store);
  std::vector<std::string> told;
  auto engine = Engine::start(example(), *store, {.shards = 1}, [] { return kNow; }, {}, telling(told));
  ASSERT_TRUE(engine);
  ASSERT_TRUE(send_all(*engine));
  world.files().fail_at(1, store::Fault::eio);
  EXPECT_FALSE(engine->erase({"t", "account 1"}));
  EXPECT_TRUE(*engine->erase({"t", "account 2"}));
  EXPECT_FALSE(*engine->erase({"t", "nobody"}));
  EXPECT_EQ(told, (std::vector<std::string>{"account 1 false", "account 2 true"}));
}

TEST(EngineFaults, an_erasure_of_idle_accounts_that_failed_after_its_write_is_told_of_all_that_may_be_gone) {
  bool anchor = false;
  for (std::uint64_t operation = 1; operation <= 6; ++operation) {
    World world("idle");
    auto store = world.open();
    ASSERT_TRUE(store);
    std::vector<std::string> told;
    auto engine = Engine::start(example(), *store, {.shards = 1}, [] { return kNow; }, {}, telling(told));
    ASSERT_TRUE(engine);
    ASSERT_TRUE(send_all(*engine));
    world.files().fail_at(operation, store::Fault::eio);
    const std::vector<std::string> idle{"account 1", "account 2", "nobody"};
    const auto erased = engine->erase_idle("t", idle, kNow);
    if (erased) continue;  // it needs no more of them
    EXPECT_EQ(told, (std::vector<std::string>{"account 1 false", "account 2 false"})) << world.files().failed();
    anchor |= world.files().failed().ends_with(" anchor");
  }
  EXPECT_TRUE(anchor) << "the write that fails is to be durable once";
}

}  // namespace
}  // namespace cms::pipeline
