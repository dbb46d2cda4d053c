// Erasing accounts that are idle: who is forgotten, and what goes on meanwhile.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/engine_example.hpp"
#include "store/store_example.hpp"

namespace cms::pipeline {
namespace {

// Accounts of 1970 that no engine has read. Returns their names.
std::vector<std::string> put_idle(store::Store& store, std::size_t count) {
  std::vector<std::string> names;
  std::vector<store::Write> writes;
  for (std::size_t i = 0; i < count; ++i) {
    const store::AccountName name{"t", fmt::format("idle {}", i)};
    writes.push_back({name, store::test_record(name, 1, true)});
    names.push_back(name.account);
  }
  EXPECT_TRUE(store.commit(writes, {}));
  return names;
}

TEST_F(EngineTest, batches_go_on_between_the_parts_of_an_erasure_of_many) {
  auto store = open();
  const auto idle = put_idle(store, 640);
  std::atomic<std::size_t> told{0};
  Engine::Hooks hooks;
  hooks.erased = [&](const store::AccountName&, bool done) { told += done ? 1 : 0; };
  auto engine = Engine::start(example(), store, {.shards = 2}, [] { return kNow; }, {}, hooks);
  ASSERT_TRUE(engine);
  const Traffic traffic(1, 1, 3);
  std::atomic<bool> over{false};
  std::size_t between = 0;
  std::jthread tap([&] {
    while (!over) {
      const std::size_t before = told;
      EXPECT_EQ(engine->ingest({"t", {}, {traffic.items[0]}}).status, Outcome::Status::done);
      between += before > 0 && told < idle.size() ? 1 : 0;
    }
  });
  const auto erased = engine->erase_idle("t", idle, kNow - 1e6);
  over = true;
  tap.join();
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_EQ(*erased, idle.size());
  EXPECT_EQ(told, idle.size());
  EXPECT_GT(between, 0U);
}

TEST_F(EngineTest, an_erasure_of_idle_accounts_leaves_all_others_in_memory_and_who_came_back_in_the_store) {
  auto store = open();
  auto named = put_idle(store, 5);
  auto engine = start(store);
  const Traffic traffic(3, 2, 7);
  for (const std::string tenant : {"t", "other"}) {
    EXPECT_EQ(engine.ingest({tenant, {}, traffic.items}).status, Outcome::Status::done);
  }
  ASSERT_EQ(engine.counters().accounts, 6U);
  named.emplace_back("account 0");  // was due when the list was made
  EXPECT_EQ(*engine.erase_idle("t", named, kNow - 1e6), 5U);
  EXPECT_EQ(engine.counters().accounts, 6U);
  EXPECT_TRUE(*engine.look_up({"t", "account 0"}, kNow));
  EXPECT_FALSE(*engine.look_up({"t", "idle 0"}, kNow));
  EXPECT_EQ(*engine.erase_idle("t", std::vector<std::string>{"account 1"}, kNow), 1U);
  EXPECT_EQ(engine.counters().accounts, 5U);
  EXPECT_FALSE(*engine.look_up({"t", "account 1"}, kNow));
  EXPECT_TRUE(*engine.look_up({"other", "account 1"}, kNow));
}

}  // namespace
}  // namespace cms::pipeline
