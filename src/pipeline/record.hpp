// What an account's steps write into the store: small step records, now and then a whole one, and the way back.
//
// A step record holds the request as the atlas saw it, so that the pure step can be done again: 128 bytes with r = 64
// and s = 32, where the state has 8,900. It also says what the step came to; a replay that comes to something else is
// refused.
//   step  = u8 1, u8 effort, u64 atlas, u16 chart, 3 x f32, rank x i8, sketch x i8, u64 check
//   whole = u8 1, u64 length, state, history
// The time of a request is the store's. Layouts: docs/formats/store.md.
// Threads: pure functions. Cost: a step record is a copy, a whole one an encode(); replaying is advance() a step.
#pragma once

#include <span>

#include "pipeline/history.hpp"
#include "pipeline/step.hpp"
#include "store/store.hpp"

namespace cms::pipeline {

// One account as the engine holds it.
struct Account {
  AccountState state;
  History history;
  std::uint64_t records = 0;          // written so far
  std::uint32_t steps_since_whole = 0;
};

// Takes one projected request in, with the effort given, and returns the record of it: a whole one when `steps_max`
// have come since the last.
struct Advanced {
  Score score;
  store::Record record;
};
Advanced advance(const Model& model, Account& account, const Projected& projected, double time, Effort effort,
                 std::uint32_t steps_max, Scratch& scratch);

// The account that these records made. One that belongs to another atlas, or was left by a program of an earlier state
// version, begins anew, and its next record is a whole one. Errors: `bad_input` when a record is damaged, missing, of a
// later version, or replays to something else than it says.
Result<Account> replay(const Model& model, std::span<const store::Record> records, std::uint32_t steps_max,
                       Scratch& scratch);

}  // namespace cms::pipeline
