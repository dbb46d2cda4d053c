// The engine against the pure step, whatever shards, batches, restarts, memory and load.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <filesystem>
#include <limits>
#include <map>
#include <mutex>
#include <thread>

#include "pipeline/admission.hpp"
#include "pipeline/engine_example.hpp"
#include "pipeline/shard.hpp"
#include "pipeline/tariff.hpp"

namespace cms::pipeline {
namespace {

// Sends in batches of random size, many under way at once; every batch must be done.
void send(Engine& engine, std::span<const Item> items, std::uint64_t seed, std::uint64_t epoch = 1) {
  Random random(seed);
  std::mutex mutex;
  std::condition_variable ready;
  std::size_t left = 0;
  std::uint64_t sequence = 1;
  for (std::size_t first = 0; first < items.size();) {
    const auto count = std::min<std::size_t>(1 + random.below(40), items.size() - first);
    Batch batch{"t", {"tap", epoch, sequence++}, {items.begin() + first, items.begin() + first + count}};
    first += count;
    {
      const std::lock_guard lock(mutex);
      ++left;
    }
    engine.submit(std::move(batch), [&](const Outcome& outcome) {
      EXPECT_EQ(outcome.status, Outcome::Status::done);
      for (const auto refusal : outcome.refusals) EXPECT_EQ(refusal, Refusal::none);
      const std::lock_guard lock(mutex);
      --left;
      ready.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  ready.wait(lock, [&] { return left == 0; });
}

TEST_F(EngineTest, gives_what_the_pure_step_gives_for_any_number_of_shards_and_any_batches) {
  const Traffic traffic(9, 150, 1);
  const auto wanted = expected(traffic.items);
  auto store = open();
  for (const std::uint32_t shards : {1U, 2U, 5U}) {
    {
      auto engine = start(store, {.shards = shards, .queue_items = 1 << 20});
      send(engine, traffic.items, shards, shards);
      EXPECT_EQ(engine.counters().scored, traffic.items.size());
    }
    EXPECT_EQ(stored(store, wanted), wanted) << shards << " shards";
    for (const auto& [account, unused] : wanted) EXPECT_TRUE(*store.erase({"t", account}));
  }
}

TEST_F(EngineTest, what_is_stored_replays_to_the_same_bytes) {
  const Traffic traffic(7, 200, 2);
  const auto wanted = expected(traffic.items);
  auto store = open();
  {
    auto engine = start(store, {.queue_items = 1 << 20});
    send(engine, traffic.items, 3);
  }
  EXPECT_EQ(stored(store, wanted), wanted);
}

TEST_F(EngineTest, goes_on_after_a_restart_as_if_there_had_been_none) {
  const Traffic traffic(5, 160, 4);
  const auto wanted = expected(traffic.items);
  const std::span<const Item> items(traffic.items);
  std::uint64_t sequence = 1;
  for (std::size_t first = 0; first < items.size(); first += 100) {
    auto store = open();
    auto engine = start(store);
    for (std::size_t i = first; i < std::min(first + 100, items.size()); i += 10) {
      EXPECT_EQ(engine.ingest({"t", {"tap", 1, sequence++}, {items.begin() + i, items.begin() + i + 10}}).status,
                Outcome::Status::done);
    }
  }
  EXPECT_EQ(stored(open(), wanted), wanted);
}

TEST_F(EngineTest, accounts_that_were_put_out_of_memory_come_back_the_same) {
  const Traffic traffic(120, 30, 5);
  const auto wanted = expected(traffic.items);
  auto store = open();
  {
    auto engine = start(store, {.queue_items = 64, .memory_bytes = 1});
    std::uint64_t sequence = 1;
    const std::span<const Item> items(traffic.items);
    for (std::size_t i = 0; i < items.size(); i += 20) {
      EXPECT_EQ(engine.ingest({"t", {"tap", 1, sequence++}, {items.begin() + i, items.begin() + i + 20}}).status,
                Outcome::Status::done);
    }
    const auto counters = engine.counters();
    EXPECT_GT(counters.evictions, 200U);
    EXPECT_LE(counters.accounts, 2 * 32U);
  }
  EXPECT_EQ(stored(store, wanted), wanted);
}

TEST_F(EngineTest, puts_out_of_memory_those_with_the_best_standing_first) {
  auto store = open();
  auto engine = start(store, {.shards = 1, .memory_bytes = 1});
  // One account that jumps about until it stands badly, then a crowd of newcomers.
  const auto stands = [](const Stream& stream) {
    auto state = make_account(example());
    Scratch scratch;
    Score score;
    for (std::size_t i = 0; i < stream.size(); ++i) score = step(example(), state, stream.row(i), kNow, scratch);
    return score.poh;
  };
  std::uint64_t seed = 900;
  while (stands(example_stream(example(), seed, 120)) > .3) ++seed;
  const auto jumps = example_stream(example(), seed, 120);
  for (std::size_t i = 0; i < jumps.size(); ++i) {
    engine.ingest({"t", {}, {{"suspect", kNow, {jumps.row(i).begin(), jumps.row(i).end()}}}});
  }
  const auto before = engine.look_up({"t", "suspect"}, kNow);
  ASSERT_TRUE(before && *before);
  ASSERT_LE((*before)->score.poh, .5) << "this account stands too well to tell";
  const auto loads = engine.counters().loads;
  for (int i = 0; i < 300; ++i) {
    const auto row = jumps.row(0);
    engine.ingest({"t", {}, {{fmt::format("newcomer {}", i), kNow, {row.begin(), row.end()}}}});
  }
  const auto after_crowd = engine.counters().loads;
  EXPECT_EQ(after_crowd - loads, 300U);
  engine.ingest({"t", {}, {{"suspect", kNow, {jumps.row(0).begin(), jumps.row(0).end()}}}});
  EXPECT_EQ(engine.counters().loads, after_crowd) << "the suspect had to be loaded again";
}

TEST_F(EngineTest, counts_a_batch_once_however_often_it_is_sent) {
  const Traffic traffic(3, 40, 6);
  const auto wanted = expected(traffic.items);
  auto store = open();
  for (int restart = 0; restart < 2; ++restart) {
    auto engine = start(store);
    for (int again = 0; again < 3; ++again) {
      for (std::uint64_t b = 0; b < 6; ++b) {
        const auto first = traffic.items.begin() + static_cast<std::ptrdiff_t>(b * 20);
        const auto outcome = engine.ingest({"t", {"tap", 1, b + 1}, {first, first + 20}});
        EXPECT_EQ(outcome.status, restart + again == 0 ? Outcome::Status::done : Outcome::Status::duplicate);
        EXPECT_EQ(outcome.expected, restart + again == 0 ? b + 2 : 7);
      }
    }
  }
  EXPECT_EQ(stored(store, wanted), wanted);
}

TEST_F(EngineTest, tells_a_producer_what_is_missing_and_ends_an_epoch_with_the_next) {
  const Traffic traffic(1, 4, 7);
  auto store = open();
  auto engine = start(store);
  const auto one = [&](std::uint64_t epoch, std::uint64_t sequence) {
    return engine.ingest({"t", {"tap", epoch, sequence}, {traffic.items[0]}});
  };
  EXPECT_EQ(one(5, 2).status, Outcome::Status::gap);
  EXPECT_EQ(one(5, 2).expected, 1U);
  EXPECT_EQ(one(5, 1).status, Outcome::Status::done);
  EXPECT_EQ(one(4, 1).status, Outcome::Status::stale);
  EXPECT_EQ(one(6, 1).status, Outcome::Status::done);
  EXPECT_EQ(one(5, 2).status, Outcome::Status::stale);
  EXPECT_EQ(engine.ingest({"other", {"tap", 1, 1}, {traffic.items[0]}}).status, Outcome::Status::done)
      << "another tenant's producer of the same name is another";
  EXPECT_EQ(engine.counters().scored, 3U);
}

TEST_F(EngineTest, forgets_the_producers_that_sent_longest_ago_of_more_than_it_keeps_also_in_the_store) {
  auto store = open();
  const auto name = [](std::size_t number) { return fmt::format("pod-{}", number); };
  {
    auto engine = start(store);
    const auto one = [&](const std::string& tenant, const std::string& producer, std::uint64_t sequence) {
      return engine.ingest({tenant, {producer, 7, sequence}, {}});
    };
    EXPECT_EQ(one("other", name(0), 1).status, Outcome::Status::done);
    std::atomic<std::size_t> done{0};
    const auto count = [&](const Outcome& outcome) { done += outcome.status == Outcome::Status::done ? 1 : 0; };
    for (std::size_t n = 0; n < kProducersMax; ++n) engine.submit({"t", {name(n), 7, 1}, {}}, count);
    EXPECT_EQ(one("t", name(0), 2).status, Outcome::Status::done);  // it sends lately too
    EXPECT_EQ(one("t", "new", 1).status, Outcome::Status::done);    // whom there is no place for
    EXPECT_EQ(done, kProducersMax);
    EXPECT_EQ(one("t", name(0), 3).status, Outcome::Status::done);
    EXPECT_EQ(one("t", name(kProducersMax - 1), 2).status, Outcome::Status::done);
    const auto lost = one("t", name(1), 2);
    EXPECT_EQ(lost.status, Outcome::Status::gap);
    EXPECT_EQ(lost.expected, 1U);
  }
  const auto kept = store.positions();
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->size(), kProducersMax * 9 / 10 + 2) << "new, and the other tenant's";
  auto engine = start(store);
  EXPECT_EQ(engine.ingest({"t", {name(1), 7, 2}, {}}).status, Outcome::Status::gap);
  EXPECT_EQ(engine.ingest({"t", {name(0), 7, 3}, {}}).status, Outcome::Status::duplicate);
  EXPECT_EQ(engine.ingest({"other", {name(0), 7, 2}, {}}).status, Outcome::Status::done);
}

TEST_F(EngineTest, refuses_items_by_reason_and_takes_the_rest) {
  const Traffic traffic(1, 4, 8);
  auto store = open();
  auto engine = start(store);
  const auto good = traffic.items[0];
  std::vector<Item> items(10, good);
  items[1].account.clear();
  items[2].account = std::string(257, 'a');
  items[3].account = "\xff";
  items[4].time = kNow + 3'600;
  items[5].time = std::numeric_limits<double>::quiet_NaN();
  items[6].activation.pop_back();
  items[7].activation[3] = std::numeric_limits<float>::infinity();
  items[8].refusal = Refusal::model;
  items[9].account = std::string("a\0b", 3);
  const auto outcome = engine.ingest({"t", {}, items});
  const std::vector<Refusal> wanted = {Refusal::none,      Refusal::account, Refusal::account,    Refusal::account,
                                       Refusal::clock,     Refusal::clock,   Refusal::dimension, Refusal::not_finite,
                                       Refusal::model,     Refusal::account};
  EXPECT_EQ(outcome.refusals, wanted);
  const auto counters = engine.counters();
  EXPECT_EQ(counters.received, 10U);
  EXPECT_EQ(counters.scored, 1U);
  EXPECT_EQ(counters.refused, 9U);
}

TEST_F(EngineTest, counts_a_commit_only_where_there_was_something_to_write) {
  const Traffic traffic(1, 4, 8);
  auto store = open();
  auto engine = start(store);
  auto nobody = traffic.items[0];
  nobody.account.clear();
  EXPECT_EQ(engine.ingest({"t", {}, {nobody}}).refusals, std::vector{Refusal::account});
  EXPECT_EQ(engine.counters().commits, 0U);
  engine.ingest({"t", {}, {traffic.items[0]}});
  EXPECT_EQ(engine.counters().commits, 1U);
  engine.ingest({"t", {"tap", 1, 1}, {}});  // the producer's position is written
  EXPECT_EQ(engine.counters().commits, 2U);
}

TEST_F(EngineTest, takes_every_finite_number_and_refuses_every_other) {
  using Limits = std::numeric_limits<float>;
  const Traffic traffic(1, 4, 8);
  auto store = open();
  auto engine = start(store);
  constexpr std::array numbers = {Limits::max(),      Limits::lowest(),    Limits::denorm_min(),  -0.0F,
                                  Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), -Limits::quiet_NaN()};
  std::vector<Item> items(numbers.size(), traffic.items[0]);
  for (std::size_t i = 0; i < items.size(); ++i) items[i].activation.back() = numbers[i];
  const auto refusals = engine.ingest({"t", {}, items}).refusals;
  for (std::size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(refusals[i], i < 4 ? Refusal::none : Refusal::not_finite) << numbers[i];
  }
}

TEST_F(EngineTest, under_overload_everything_received_is_scored_shed_or_refused_and_who_waits_is_not_refused) {
  const Traffic traffic(40, 150, 9);
  for (const bool patient : {false, true}) {
    auto store = open(patient ? "waits" : "refused");
    auto engine = start(store, {.shards = 1, .queue_items = 128});
    std::mutex mutex;
    std::condition_variable ready;
    std::size_t answered = 0, sent = 0;
    std::map<Refusal, std::size_t> heard;
    for (std::size_t first = 0; first < traffic.items.size(); first += 30) {
      const auto from = traffic.items.begin() + static_cast<std::ptrdiff_t>(first);
      ++sent;
      engine.submit({"t", {}, {from, from + 30}, patient}, [&](const Outcome& outcome) {
        const std::lock_guard lock(mutex);
        if (outcome.status == Outcome::Status::refused) heard[outcome.refusals.front()] += 30;
        if (outcome.status == Outcome::Status::done) {
          for (const auto refusal : outcome.refusals) ++heard[refusal];
        }
        ++answered;
        ready.notify_one();
      });
    }
    std::unique_lock lock(mutex);
    ready.wait(lock, [&] { return answered == sent; });
    const auto counters = engine.counters();
    EXPECT_EQ(counters.received, traffic.items.size());
    EXPECT_EQ(counters.received, counters.scored + counters.shed + counters.refused);
    EXPECT_EQ(heard[Refusal::none], counters.scored);
    EXPECT_EQ(heard[Refusal::shed], counters.shed);
    EXPECT_EQ(heard[Refusal::overload], counters.refused);
    EXPECT_EQ(counters.refused > 0, !patient) << "this was no overload";
    EXPECT_GT(counters.shed, 0U);
    EXPECT_GT(counters.at_rung[3], 0U);
    EXPECT_EQ(counters.queue_items, 0U);
  }
}

TEST_F(EngineTest, what_was_scored_with_work_shed_replays_the_same) {
  const Traffic traffic(4, 200, 10);
  auto store = open();
  std::map<std::string, Bytes> before;
  {
    auto engine = start(store, {.shards = 1, .queue_items = 60});
    for (std::size_t first = 0; first < traffic.items.size(); first += 40) {
      const auto from = traffic.items.begin() + static_cast<std::ptrdiff_t>(first);
      engine.ingest({"t", {}, {from, from + 40}});  // 40 of 60: H1 in every eighth evaluation
    }
    EXPECT_GT(engine.counters().at_rung[1], 0U);
    for (int a = 0; a < 4; ++a) {
      const auto standing = engine.look_up({"t", fmt::format("account {}", a)}, kNow);
      ASSERT_TRUE(standing && *standing);
      EXPECT_GT((*standing)->score.completeness, 0);
      ByteWriter out;
      out.put((*standing)->score.evidence);
      before[fmt::format("account {}", a)] = out.take();
    }
  }
  auto engine = start(store);
  for (const auto& [account, bytes] : before) {
    const auto standing = engine.look_up({"t", account}, kNow);
    ASSERT_TRUE(standing && *standing);
    ByteWriter out;
    out.put((*standing)->score.evidence);
    EXPECT_EQ(out.take(), bytes);
  }
}

TEST_F(EngineTest, which_requests_measure_h1_under_load_hangs_on_the_account_and_not_on_the_batches) {
  const Traffic traffic(4, 200, 13);
  const auto wanted = expected(traffic.items, 1);
  EXPECT_NE(wanted, expected(traffic.items));
  for (const std::size_t batch : {32, 40}) {  // of 60 that the queue holds: the first rung
    auto store = open(fmt::format("store{}", batch));
    {
      auto engine = start(store, {.shards = 1, .queue_items = 60});
      for (std::size_t first = 0; first < traffic.items.size(); first += batch) {
        const auto from = traffic.items.begin() + static_cast<std::ptrdiff_t>(first);
        engine.ingest({"t", {}, {from, from + static_cast<std::ptrdiff_t>(batch)}});
      }
      EXPECT_EQ(engine.counters().at_rung[1], traffic.items.size());
    }
    EXPECT_EQ(stored(store, wanted), wanted) << batch << " a batch";
  }
}

TEST_F(EngineTest, looks_accounts_up_in_memory_and_in_the_store_and_knows_no_others) {
  const Traffic traffic(2, 60, 11);
  auto store = open();
  std::optional<Standing> live;
  {
    auto engine = start(store);
    send(engine, traffic.items, 12);
    live = *engine.look_up({"t", "account 1"}, kNow);
    EXPECT_FALSE(*engine.look_up({"t", "account 2"}, kNow));
    EXPECT_FALSE(*engine.look_up({"other", "account 1"}, kNow));
  }
  auto engine = start(store);
  const auto cold = *engine.look_up({"t", "account 1"}, kNow);
  ASSERT_TRUE(live && cold);
  EXPECT_EQ(live->score, cold->score);
  EXPECT_EQ(live->price, cold->price);
  EXPECT_EQ(live->records, 60U);
  EXPECT_EQ(cold->records, 60U);
}

TEST_F(EngineTest, a_look_up_beside_the_steps_gives_what_an_account_was_after_one_of_its_requests) {
  const Traffic traffic(4, 120, 51);
  // Every account after each of its requests, as the pure step has it.
  std::map<std::string, std::vector<Score>> wanted;
  std::map<std::string, AccountState> states;
  Scratch scratch;
  for (const auto& item : traffic.items) {
    auto& state = states.try_emplace(item.account, make_account(example())).first->second;
    step(example(), state, item.activation, item.time, scratch);
    wanted[item.account].push_back(score_at(example(), state, kNow));
  }
  auto store = open();
  auto engine = start(store);
  std::atomic<bool> done{false};
  std::uint64_t seen = 0, wrong = 0;
  std::jthread reader([&] {
    for (std::uint64_t i = 0; !done || seen == 0; ++i) {
      const auto account = fmt::format("account {}", i % 4);
      const auto standing = *engine.look_up({"t", account}, kNow);
      if (!standing) continue;
      ++seen;
      wrong += standing->score == wanted[account].at(standing->score.requests - 1) ? 0 : 1;
    }
  });
  send(engine, traffic.items, 52);
  done = true;
  reader.join();
  EXPECT_EQ(wrong, 0U);
}

TEST_F(EngineTest, a_shard_that_steps_batches_together_leaves_the_records_that_one_after_the_other_leaves) {
  const Traffic traffic(6, 100, 55);
  auto store = open();
  // Whole batches of 1 to 40 at a rung each, so that groups reach over ends of batches where efforts differ.
  const auto records = [&](std::size_t together) {
    Shard shard(example(), store, {});
    Random random(56);
    std::vector<store::AccountName> names;
    std::vector<ShardItem> items(traffic.items.size());
    for (const auto& item : traffic.items) names.push_back({"t", item.account});
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i].name = &names[i];
      items[i].activation = traffic.items[i].activation;
      items[i].time = traffic.items[i].time;
    }
    std::vector<ShardPart> parts;
    for (std::size_t first = 0; first < items.size(); first += parts.back().items.size()) {
      const auto count = std::min<std::size_t>(1 + random.below(40), items.size() - first);
      parts.push_back({std::span(items).subspan(first, count), static_cast<std::uint32_t>(random.below(3)), first + 1});
    }
    for (std::size_t first = 0; first < parts.size(); first += together) {
      shard.step(std::span(parts).subspan(first, std::min(together, parts.size() - first)));
    }
    std::vector<Bytes> left;
    for (const auto& item : items) left.push_back(item.advanced.record.content);
    return left;
  };
  EXPECT_EQ(records(1), records(5));
  EXPECT_EQ(records(1), records(1'000));
}

TEST_F(EngineTest, a_head_is_read_while_the_shard_is_busy) {
  const Traffic traffic(1, 40, 53);
  auto store = open();
  {
    auto engine = start(store);
    send(engine, traffic.items, 54);
  }
  Shard shard(example(), store, {});
  std::optional<Score> score, wanted;
  // look() calls with the shard locked, as a step has it: a head that waited for that would wait for ever.
  const auto found = shard.look({"t", "account 0"}, [&](const Account& account) {
    score = standing_of(example(), tariff(example()), **shard.head({"t", "account 0"}), kNow).score;
    wanted = score_at(example(), account.state, kNow);
  });
  EXPECT_TRUE(found && *found && score == wanted);
}

TEST_F(EngineTest, an_erased_account_begins_anew_and_others_stay) {
  const Traffic traffic(3, 50, 13);
  auto store = open();
  auto engine = start(store);
  send(engine, traffic.items, 14);
  EXPECT_TRUE(*engine.erase({"t", "account 0"}));
  EXPECT_FALSE(*engine.erase({"t", "account 0"}));
  EXPECT_FALSE(*engine.look_up({"t", "account 0"}, kNow));
  EXPECT_TRUE(*engine.look_up({"t", "account 1"}, kNow));
  engine.ingest({"t", {}, {traffic.items[0]}});
  auto again = traffic.items[0];
  again.account = "account 0";
  engine.ingest({"t", {}, {again}});
  const auto standing = *engine.look_up({"t", "account 0"}, kNow);
  EXPECT_EQ(standing->score.requests, traffic.items[0].account == "account 0" ? 2 : 1);
}

TEST_F(EngineTest, tells_watchers_of_what_is_durable_in_the_order_of_each_account) {
  const Traffic traffic(4, 80, 15);
  auto store = open();
  std::map<std::string, std::vector<std::uint64_t>> seen;
  std::mutex mutex;
  {
    auto engine = start(store, {}, [&](std::span<const Change> changes) {
      const std::lock_guard lock(mutex);
      for (const auto& change : changes) seen[change.name.account].push_back(change.score.requests);
    });
    send(engine, traffic.items, 16);
  }
  ASSERT_EQ(seen.size(), 4U);
  for (const auto& [account, requests] : seen) {
    ASSERT_EQ(requests.size(), 80U);
    for (std::size_t i = 0; i < requests.size(); ++i) EXPECT_EQ(requests[i], i + 1);
  }
}

}  // namespace
}  // namespace cms::pipeline
