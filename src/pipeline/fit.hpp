// Fitting a whole model: atlas, then honest trajectories through window and measures, then calibration, and how well
// that holds on honest accounts kept back.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "atlas/fit.hpp"
#include "pipeline/model.hpp"
#include "pipeline/reading.hpp"
#include "score/calibration.hpp"

namespace cms::pipeline {

struct FitOptions {
  atlas::FitOptions atlas;
  score::Options score;
  std::uint32_t window_length = 64;
  unsigned threads = 1;
};

// Projects rows of a set, in the order given: projected[i] is that of rows[i]. Cheaper than one by one, with the same
// bytes. Requires as many projected as rows. Threads: the scratch has one owner.
void project_rows(const atlas::Atlas& atlas, const ActivationSet& set, std::span<const std::size_t> rows,
                  Scratch& scratch, std::span<Projected> projected);

// What calibration sees of one account, given its projected requests in order: its readings on the grid of `options`.
// Cost: one reading per grid point.
score::Trajectory trajectory(const atlas::Atlas& atlas, const window::Options& window, const score::Options& options,
                             std::span<const Projected* const> requests, Scratch& scratch);

// How calibration holds: honest accounts are kept back in turn (five folds), calibrated on the rest, and it is counted
// how many of them ever come to PoH <= a within the horizon. The promise is share <= a, up to sampling.
struct HeldBack {
  struct Level {
    double a = 0;
    double share = 0;
  };
  std::uint32_t accounts = 0;
  std::vector<Level> levels;  // a = .01, .05, .10, .25
};
Result<HeldBack> hold_back(std::span<const score::Trajectory> trajectories, std::uint32_t horizon,
                           const score::Options& options);

struct Fitted {
  Model model;
  HeldBack held_back;
  std::uint32_t calibration_accounts = 0;
  std::vector<std::string> warnings;
};

// `advance` is told how many of how many calibration accounts are ready. Errors: as atlas::fit and score::calibrate;
// `bad_input` when a calibration row has no account.
Result<Fitted> fit(std::span<const ActivationSet> manifold, std::span<const ActivationSet> benign,
                   std::span<const ActivationSet> calibrate, const FitOptions& options,
                   const std::function<void(std::size_t, std::size_t)>& advance);

}  // namespace cms::pipeline
