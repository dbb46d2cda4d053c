// Calibration: what honest accounts look like at each age, and how far they ever go.
//
// Honest accounts are split by hash of their name into A, which fixes the evidence function (age tables, channel
// scales), and B, which only ranks. Since B takes no part in the function, the rank of a fresh honest account's
// greatest evidence among B's is uniform (split conformal prediction, Vovk et al. 2005; Lei et al. 2018), and so
// P(lowest PoH <= a) <= a for every a >= 1 / (N + 1).
//
// Invariants
//  1. Table knots and ranking values are finite and ascending.
//  2. Nothing here is changed by an account under watch.
// Threads: a fitted Calibration is read-only.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "types/reading.hpp"

namespace cms::score {

struct Options {
  std::uint32_t min_requests = 16;  // first evaluation; below it nothing is said
  std::uint32_t stride = 1;         // evaluations are `stride` requests apart and hold in between
  double h_requests = 48;           // requests in which the weight of an evaluation halves
  double h_hours = 72;              // idle hours in which what was seen halves
  // Of breadth, topology, geometry, coherence, divergence, mixture, repetition, isolation; 0 leaves one out. Chosen on
  // tune families: flat around their optimum, but for isolation, which pays for dilution seen with power users and
  // replayed people (docs/decisions/0026-deviations-are-averaged-before-they-are-squared.md).
  std::array<double, kChannelCount> weights = {1.5, .6, .6, 2.5, 2.25, .25, .25, 1};

  bool operator==(const Options&) const = default;
};

// Bounds of what is read from disk; far beyond any use, and far from where sums would overflow or differences vanish.
inline constexpr double kWeightMax = 1e4;
inline constexpr double kHalfLifeMax = 1e9;  // requests, hours
// No evaluation adds more than this to a channel's sum: in version 4 weights times the square of 3.5 deviations.
inline constexpr double kEvidenceStepMax = 100 * kWeightMax;

// One evaluation point of a calibration account.
struct Observation {
  std::uint64_t requests = 0;
  std::uint64_t distinct = 0;
  Reading reading;
};

// One honest account as the window and the measures saw it, on the grid of Options.
struct Trajectory {
  std::string account;
  std::string group;  // kind of use; empty when not told
  std::uint32_t requests = 0;
  std::vector<Observation> observations;
};

// Accounts that calibration needs.
inline constexpr std::uint32_t kRankingMin = 20;            // in B, or it is refused
inline constexpr std::uint32_t kRankingForOnePercent = 99;  // in B, or .01 is extrapolated
inline constexpr std::uint32_t kHorizonAccounts = 100;      // that must reach the horizon

// What the numbers of a calibration mean: rises whenever the evidence function changes, because ranks of an old
// function say nothing of a new one. On disk. An atlas is scored by the function that it was fitted with: version 4
// sums squares of deviations, version 5 squares their averages (score.hpp). Older ones are refused.
inline constexpr std::uint32_t kEvidenceVersion = 5;
inline constexpr std::uint32_t kEvidenceVersionOldest = 4;

// Normal scores: knots are the quantiles at Phi(-2.5), Phi(-2.25), ..., Phi(2.5).
inline constexpr std::size_t kKnots = 21;
struct MeasureTable {
  std::array<float, kKnots> knots{};
  float scale = 0;  // of extrapolation beyond the outer knots
};

// Tail of the ranking values above the greatest: generalised Pareto (Pickands 1975).
struct Ranking {
  std::vector<double> greatest;  // M_i of B's accounts, ascending
  double tail_scale = 1;
  double tail_shape = 0;  // in [0, .5]
};

struct Calibration {
  std::uint32_t version = kEvidenceVersion;
  Options options;
  std::uint32_t horizon = 0;  // H, requests
  // One row of tables per age bin; ages beyond the last are compared there.
  std::vector<std::array<MeasureTable, kMeasureCount>> tables;
  std::array<double, kChannelCount> channel_means{};
  std::array<double, kChannelCount> channel_scales{};
  // Version 5: by age bin, root mean square of an honest account's average deviation in each channel. Else empty.
  std::vector<std::array<double, kChannelCount>> average_scales;
  std::map<std::string, Ranking> rankings;  // by group
};

// True for version 5 on: deviations are averaged, then squared. Version 4 sums their squares.
inline bool averages_deviations(const Calibration& calibration) { return calibration.version > 4; }

// Age bin of an account with `requests` requests: bins grow by 2^(1/4) from 16. Monotone.
std::uint32_t age_bin(std::uint32_t requests);

// True when the account belongs to B. Depends on the name alone.
bool in_ranking_half(std::string_view account);

// H: the greatest age that at least 100 accounts (or four fifths of them, where there are fewer) reach.
// Errors: `bad_input` when there are too few accounts or they are too young.
Result<std::uint32_t> choose_horizon(std::span<const std::uint32_t> requests, const Options& options);

// True when an evaluation falls on this request count.
bool on_grid(const Options& options, std::uint64_t requests);

// The last request count up to this one on which an evaluation falls; 0 when there was none.
std::uint64_t last_on_grid(const Options& options, std::uint64_t requests);

// True when a request calls for an evaluation: the grid of all requests serves repetition, that of distinct ones the
// other channels.
inline bool evaluates(const Options& options, std::uint64_t requests, std::uint64_t distinct, bool repeat) {
  return on_grid(options, requests) || (!repeat && on_grid(options, distinct));
}

// Fits tables and scales on A (and on B's accounts that did not reach H), ranks B.
// Errors: `bad_input` when A or B are too small; says how many accounts are needed.
Result<Calibration> calibrate(std::span<const Trajectory> trajectories, std::uint32_t horizon, const Options& options);

// Layout: docs/formats/atlas.md, section "calibration".
void encode(const Calibration& calibration, ByteWriter& out);
// Errors: `bad_input` when damaged, or calibrated by another version of the evidence function.
Result<Calibration> decode(ByteReader& in);

}  // namespace cms::score
