// Mixtures: tests of one population against two beside the score, on the tune part.
//
// Does any test of two_populations.hpp find extraction that hides between a person's requests better than the score's
// own channels do? Each test reads a whole account (up to the horizon), is standardised by the half of the calibration
// that makes the tables and ranked among the half that ranks, as PoH is. Beside it: flagged where its own p-value or
// PoH is at half the level, which keeps the promise (Bonferroni). docs/lab/mixtures.md. Threads: see options.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/first_study.hpp"

namespace cms::lab {

inline constexpr std::size_t kPopulationTests = 15;

struct MixtureCell {
  std::string name;
  bool honest = false;
  bool calibration_kind = false;
  std::uint32_t accounts = 0;                            // of all seeds
  double score = 0;                                      // share flagged by the score alone, mean over seeds
  double score_area = 0;
  std::array<double, kPopulationTests> alone{}, together{}, areas{};
};

struct MixturesResult {
  std::vector<MixtureCell> cells;
  std::vector<std::string> laws;  // the predictive law of each seed, in words
  std::uint32_t horizon = 0;
};

// `options.tune` may be empty: then the report's test part is read. `texts` and errors: as
// run_first_study. Cost: a minute a seed.
Result<MixturesResult> run_mixtures(const FirstStudyOptions& options, TextsUsed& texts);

std::string describe(const MixturesResult& result);
std::string goal_lines(const MixturesResult& result);

}  // namespace cms::lab
