// What a seed of the first study has measured, and how a configuration judges it. Shared by its sources only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "lab/baselines.hpp"
#include "lab/first_study.hpp"
#include "lab/first_study_cells.hpp"

namespace cms::lab {

struct MeasuredCell {
  const Cell* cell = nullptr;
  std::vector<Measured> accounts;
  std::vector<BaselineScores> baselines;  // per account
  std::vector<double> logits;             // per request
  std::vector<double> united;             // Kesarwani's coverage of each kColluding accounts as one
  std::vector<Likeness> likeness;         // per account
};

// Everything of one seed, measured.
struct Sample {
  std::vector<Cell> cells;
  std::vector<MeasuredCell> measured;
  std::vector<Cell> training_cells;        // replays of the calibrate part's people, for the trained score
  std::vector<MeasuredCell> training;
  std::vector<Measured> calibration;
  std::vector<BaselineScores> calibration_baselines;
  std::vector<score::Trajectory> trajectories;
  std::uint32_t horizon = 0;
  std::map<std::string, double> ranking_mix;  // share of each kind among those that rank; empty: kinds for themselves
};

// What one configuration says of every cell.
struct Judged {
  std::vector<Verdict> verdicts;
  std::vector<double> median_first_flag;
  std::vector<std::vector<Fate>> fates;
};
Result<Judged> judge(std::span<const score::Trajectory> honest, std::span<const MeasuredCell> cells,
                     std::uint32_t horizon, const score::Options& options);

// Whether the trained score learns from attackers of a cell under test, where that is of other families.
bool trains(const Cell& cell);

// The trained score on every cell: attackers with the families they draw from left out of training (a diluted account
// draws from people too), honest cells by the worst of these scores, so that rates belong together. `label_free` are
// the fates that options.weights gave.
struct TrainedVerdict {
  Verdict trained;
  Verdict combined;  // the lesser of both PoH, twice: the promise holds for it too (Bonferroni), from 199 ranking
                     // accounts on without extrapolation; its area is over PoH
};
struct JudgedByTrained {
  std::vector<TrainedVerdict> verdicts;  // per cell
  std::vector<MixFlagged> mixes;         // per trained score; none where mix_flagged() says nothing
};
// Share flagged where kinds are mixed as in sample.ranking_mix, `flagged` of each cell's; kinds of which no cell has
// accounts are left out. Nothing where there are none.
std::optional<double> mix_flagged(const Sample& sample, const std::function<double(std::size_t cell)>& flagged);
Result<JudgedByTrained> judge_trained(const Sample& sample, const score::Options& options,
                                      std::span<const std::vector<Fate>> label_free, unsigned threads);

}  // namespace cms::lab
