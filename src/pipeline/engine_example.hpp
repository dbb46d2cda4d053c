// For tests of the engine: one model, and what accounts come to by the pure step and by what the store has.
//
// Threads: pure but for reading the store. Cost: that of the steps.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <span>
#include <string>

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

}  // namespace cms::pipeline
