// For tests of the engine: one model, and what accounts come to by the pure step and by what the store has.
//
// Threads: pure but for reading the store. Cost: that of the steps.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.hpp"
#include "pipeline/admission.hpp"
#include "pipeline/engine.hpp"
#include "pipeline/model_example.hpp"
#include "pipeline/record.hpp"

namespace cms::pipeline {

inline constexpr double kNow = 1'700'000'000;

inline const Model& example() {
  static const Model model = example_model();
  return model;
}

// Hashes of states, by account.
using Hashes = std::map<std::string, std::string>;

inline std::string hash_of(const AccountState& state) { return to_hex(sha256(encode(example(), state))); }

// What the pure step has of every account after these requests, all at one rung of the degradation ladder, below the
// one that sheds requests.
inline Hashes expected(std::span<const Item> items, std::uint32_t rung = 0) {
  std::map<std::string, AccountState> states;
  Scratch scratch;
  for (const auto& item : items) {
    auto& state = states.try_emplace(item.account, make_account(example())).first->second;
    const auto projected = project_together(example(), std::span(&item, 1), scratch);
    advance(example(), state, projected[0], item.time, scratch, effort_at(rung, example(), state));
  }
  Hashes hashes;
  for (const auto& [account, state] : states) hashes[account] = hash_of(state);
  return hashes;
}

// What the store has of the same accounts.
inline Hashes stored(const store::Store& store, const Hashes& like) {
  Hashes hashes;
  Scratch scratch;
  for (const auto& [account, unused] : like) {
    const auto records = store.load({"t", account});
    EXPECT_TRUE(records) << records.error().message;
    if (!records) continue;
    const auto replayed = replay(example(), *records, 64, scratch);
    EXPECT_TRUE(replayed) << replayed.error().message;
    if (replayed) hashes[account] = hash_of(replayed->state);
  }
  return hashes;
}

inline store::Key key_of_ones() {
  store::Key key;
  key.bytes.fill(1);
  return key;
}

// Stores in a folder of its own, which is gone at the test's end, and engines on them.
class EngineTest : public testing::Test {
 protected:
  EngineTest()
      : folder_(std::filesystem::temp_directory_path() /
                fmt::format("cms_engine_{}_{}", ::getpid(),
                            testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(folder_);
  }
  ~EngineTest() override { std::filesystem::remove_all(folder_); }

  store::Store open(const std::string& name = "store") {
    store::Options options;
    options.path = folder_ / name;
    options.memory_bytes = 16 << 20;
    auto store = store::Store::open(options, {{"t", store::Key()}, {"other", key_of_ones()}});
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }
  static Engine start(store::Store& store, EngineOptions options = {}, Engine::Watcher watcher = {}) {
    if (options.shards == 0) options.shards = 2;
    auto engine = Engine::start(example(), store, options, [] { return kNow; }, std::move(watcher));
    EXPECT_TRUE(engine);
    return std::move(*engine);
  }

 private:
  std::filesystem::path folder_;
};

// Requests of several accounts, each its own stream, mixed.
struct Traffic {
  std::vector<Item> items;

  Traffic(std::size_t accounts, std::size_t requests, std::uint64_t seed) {
    std::vector<Stream> streams;
    for (std::size_t a = 0; a < accounts; ++a) streams.push_back(example_stream(example(), seed + a, requests));
    Random random(seed);
    std::vector<std::size_t> next(accounts, 0);
    while (items.size() < accounts * requests) {
      const auto a = random.below(accounts);
      if (next[a] == requests) continue;
      const auto row = streams[a].row(next[a]++);
      Item item{fmt::format("account {}", a), kNow - 50'000 + double(items.size()), {row.begin(), row.end()}};
      // A hostile stream grows until it is infinite; that is for another test.
      std::ranges::replace_if(item.activation, [](float value) { return !std::isfinite(value); }, 0.0F);
      items.push_back(std::move(item));
    }
  }
};

}  // namespace cms::pipeline
