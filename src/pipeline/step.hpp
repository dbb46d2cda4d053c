// The pure step of one account: (model, state, activation) -> (state', score).
//
// No clock, no chance, no hidden storage: the time is a field of the activation. So the command line, the daemon,
// replay, tests and bindings run the same code, and the same log gives the same scores, bit for bit.
// Threads: a model may be shared by any number of them; a state and a scratch have one owner.
#pragma once

#include <span>

#include "pipeline/model.hpp"
#include "pipeline/reading.hpp"
#include "score/score.hpp"
#include "types/score.hpp"

namespace cms::pipeline {

struct AccountState {
  window::State window;
  score::State score;
  double time = 0;  // seconds, of the last request
  Reading reading;  // of the last evaluation
};

// A new account under `model`.
AccountState make_account(const Model& model);

// Takes one projected request in; evaluates when it falls on the grid. `time` in seconds.
void advance(const Model& model, AccountState& state, const Projected& projected, double time, Scratch& scratch);

// The whole step on a raw vector of the atlas' dimension, finite (read_set has checked it). Cost: about 0.3 ms.
Score step(const Model& model, AccountState& state, std::span<const float> activation, double time, Scratch& scratch);

// The score of an account at any time, idle or not; changes nothing.
Score score_at(const Model& model, const AccountState& state, double time);

// The whole state as bytes, with the name of the atlas it belongs to.
Bytes encode(const Model& model, const AccountState& state);
// Errors: `refused` when it belongs to another atlas, `bad_input` when damaged.
Result<AccountState> decode(const Model& model, std::span<const std::uint8_t> bytes);

}  // namespace cms::pipeline
