// The pure step of one account: (model, state, activation) -> (state', score).
//
// No clock, no chance, no hidden storage: the time is a field of the activation. So the command line, the daemon,
// replay, tests and bindings run the same code, and the same log gives the same scores, bit for bit.
// Threads: a model may be shared by any number of them; a state and a scratch have one owner.
#pragma once

#include <algorithm>
#include <span>
#include <string>

#include "fleet/signature.hpp"
#include "pipeline/model.hpp"
#include "pipeline/reading.hpp"
#include "score/score.hpp"
#include "types/score.hpp"

namespace cms::pipeline {

// One account. What it costs in memory: docs/formats/state.md.
struct AccountState {
  window::State window;
  score::State score;
  double time = 0;  // seconds, of the last request
  Reading reading;  // of the last evaluation
  // For the fleet: of the requests that the window counts as distinct. Empty under an atlas of more than
  // fleet::kChartsMax charts.
  fleet::Signature signature;
  Kept kept;  // follows from the window
};

// A new account under `model`.
AccountState make_account(const Model& model);

// Takes one projected request in; evaluates when it falls on the grid. `time` in seconds.
void advance(const Model& model, AccountState& state, const Projected& projected, double time, Scratch& scratch,
             Effort effort = Effort::full);

// The whole step on a raw vector of the atlas' dimension, finite (read_set has checked it). An account asks for memory
// at its first reading, a scratch at the first of each kind of call; then nothing is allocated, whatever comes
// (tests/allocations). What it gives is what nothing but the window's points would give, computed anew for each request
// (from_scratch_example.hpp), bit for bit. Cost: docs/performance.md.
Score step(const Model& model, AccountState& state, std::span<const float> activation, double time, Scratch& scratch);

// One request of a batch.
struct Event {
  AccountState* account = nullptr;
  std::span<const float> activation;
  double time = 0;
};

// The same for many requests of one or more accounts, in the order given: scores[i] is what step() would return for
// events[i], bit for bit, however the events are cut into batches. Cheaper, because projections share their loads and
// events of one account that come within kTogether share its distances. Threads: no account may be in two batches at
// once.
void step(const Model& model, std::span<const Event> events, Scratch& scratch, std::span<Score> scores);

// Requests that are projected at once: their rows fit the nearest cache.
inline constexpr std::size_t kTogether = 16;

// Projects the `activation` of each of at most kTogether requests. Views the scratch, until its next use for this or
// for step(); advance() leaves it alone.
template <typename Request>
std::span<const Projected> project_together(const Model& model, std::span<const Request> requests, Scratch& scratch) {
  const std::size_t dimension = model.atlas.manifest.dimension;
  scratch.raws.resize(requests.size() * dimension);
  scratch.projected.resize(std::max(requests.size(), scratch.projected.size()));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    std::copy_n(requests[i].activation.begin(), dimension, scratch.raws.begin() + i * dimension);
  }
  const auto projected = std::span(scratch.projected).first(requests.size());
  atlas::project(model.atlas, scratch.raws, scratch.project, projected);
  return projected;
}

// The score of an account at any time, idle or not: evidence leaks since its last evaluation, no request is taken in
// and nothing is changed. After a step, at the same time, it is what step() returned. A `time` before the last
// evaluation counts as that. Allocates nothing. Cost: one rank of evidence, below a microsecond.
Score score_at(const Model& model, const AccountState& state, double time);

// Rises when a reader of the old bytes would misread: also with the order of window::PartsOf and the layout of
// base/lanes.hpp. On disk.
inline constexpr std::uint32_t kStateVersion = 3;

// The whole state as bytes, but for what follows from the rest, with the name of the atlas it belongs to.
// Layout: docs/formats/state.md.
Bytes encode(const Model& model, const AccountState& state);
// What encode() gave, and nothing else, comes back: encode() of the result gives the same bytes.
// Errors: `refused` when it belongs to another atlas or is of an earlier version; `bad_input`, naming the part, when it
// is damaged or of a later version.
Result<AccountState> decode(const Model& model, std::span<const std::uint8_t> bytes);

// A state and the name of its atlas, for those who only look at it.
struct NamedState {
  std::string atlas;
  AccountState state;
};
// Errors: as decode(), but for what only the atlas can tell.
Result<NamedState> decode(std::span<const std::uint8_t> bytes);

// True when bytes begin as those of a state do; 4 are enough.
bool is_state(std::span<const std::uint8_t> bytes);

}  // namespace cms::pipeline
