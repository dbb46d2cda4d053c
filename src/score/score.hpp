// Evidence and Proof-of-Humanity of one account: a small state, one verb, and a look at any time.
//
//   E_t = 2^(-dn / h_requests - dhours / h_hours) E_(t-1) + e_t,   PoH_t = (1 + #{i in B : M_i >= S_t}) / (N + 1)
//
// S_t is E_t scaled to the horizon (standing()), M_i the greatest S of an account of B.
// e_t is the weighted sum of the squared positive deviations, each at most 3.5, of the channels from honest accounts of
// the same age.
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
  std::array<double, kChannelCount> evidence{};  // leaking, per channel
  std::uint64_t requests = 0;                    // at the last evaluation
  std::uint64_t distinct = 0;                    // without repeats, at the last evaluation of all channels
  double time = 0;                               // seconds, at the last evaluation
  std::uint64_t evaluations = 0;
  double poh_min = 1;
  std::uint64_t requests_at_min = 0;
  double completeness = 0;  // of the last evaluation
};

// Deviations of the channels, in standard deviations of honest accounts of this age; NaN = channel not measured.
// Coherence is two-sided and comes as a magnitude.
std::array<double, kChannelCount> deviations(const Calibration& calibration, const Observation& observation);

// Takes one evaluation in. Requests must not fall; a `time` that falls counts as no time passed. Repetition leaks and
// adds on the grid of all requests, every other channel on the grid of distinct ones: an account that says everything
// three times stands where it would without.
void update(const Calibration& calibration, State& state, const Observation& observation, double time);

// Evidence of a state as it is ranked. E is a sum over more evaluations the older the account, so it is scaled to the
// horizon: with c(n) the share of its steady state that the sum has reached by n requests, by c(H) / c(n) beyond H and
// by the root of that before (boundaries of that shape: Wang and Tsiatis, Biometrics 43, 1987).
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

// Layout: docs/formats/state.md, section "score".
void encode(const State& state, ByteWriter& out);
// Errors: `bad_input` when the bytes end early or hold what update() never writes.
Result<State> decode_state(ByteReader& in);

}  // namespace cms::score
