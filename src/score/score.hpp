// Evidence and Proof-of-Humanity of one account: a small state, one verb, and a look at any time.
//
//   a_c = sum 2^(-(t - i) / h) z_c,i / sum 2^(-(t - i) / h)      over the evaluations i up to t, of channel c
//   S_t = r_t sum w_c min(5, max(0, a_c / s_c))^2,   PoH_t = (1 + #{i in B : M_i >= S_t}) / (N + 1)
//
// z_c is the channel's deviation from honest accounts of the same age, s_c what a_c comes to among them, r_t what
// evidence of this age is worth at the horizon, M_i the greatest S of an account of B (docs/score.md). Rest takes a_c
// to 0. An atlas of evidence version 4 is scored by its own function: there the squares are summed as they leak.
// PoH falls as evidence gathers and recovers as it leaks: it ranks S_t, not its maximum. Above every M_i it goes on
// falling along a generalised-Pareto tail and is marked `extrapolated`.
// Threads: plain values. Cost of update: some hundred flops and a search among B, none of it with a branch on a value;
// it gives what plain_example.hpp gives, bit for bit.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "score/calibration.hpp"
#include "types/score.hpp"

namespace cms::score {

struct State {
  std::array<double, kChannelCount> sums{};  // leaking, per channel: of deviations; in version 4 of weighed squares
  std::uint64_t requests = 0;                // at the last evaluation
  std::uint64_t distinct = 0;                // without repeats, at the last evaluation of all channels
  double time = 0;                           // seconds, at the last evaluation
  std::uint64_t evaluations = 0;
  double poh_min = 1;
  std::uint64_t requests_at_min = 0;
  double completeness = 0;  // of the last evaluation
};

// Deviations of the channels, in standard deviations of honest accounts of this age; NaN = channel not measured.
std::array<double, kChannelCount> deviations(const Calibration& calibration, const Observation& observation);

// Takes one evaluation in. Requests must not fall; a `time` that falls counts as no time passed. Repetition leaks and
// adds on the grid of all requests, every other channel on the grid of distinct ones: an account that says everything
// three times stands where it would without.
void update(const Calibration& calibration, State& state, const Observation& observation, double time);

// Evidence of a state by channel; `idle` in [0, 1] is what rest since the last evaluation has left of it. Finite, >= 0.
std::array<double, kChannelCount> channel_evidence(const Calibration& calibration, const State& state, double idle = 1);

// Its sum, S, as it is ranked.
double standing(const Calibration& calibration, const State& state);

// The score of `state` as it stands at `requests` requests and `time` seconds, with the leak of the idle time since
// the last evaluation; nothing is changed. Before the first one nothing is said but how many requests it needs.
// `coverage` is not this stage's and left 0. Allocates nothing.
Score score_at(const Calibration& calibration, const State& state, std::uint64_t requests, double time);

// Rank of evidence among B, the greatest over the groups.
struct Rank {
  double poh = 1;
  bool extrapolated = false;
};
Rank rank(const Calibration& calibration, double evidence);

// Greatest evidence of a trajectory up to `horizon` requests, without the leak of time.
double greatest_evidence(const Calibration& calibration, const Trajectory& trajectory);

// False when no evaluations leave such sums: each adds no less and no more than its bounds.
bool possible(const Calibration& calibration, const State& state);

// Layout: docs/formats/state.md, section "score".
void encode(const State& state, ByteWriter& out);
// Errors: `bad_input` when the bytes end early or hold what update() never writes.
Result<State> decode_state(ByteReader& in);

}  // namespace cms::score
