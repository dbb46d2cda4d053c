// The first study: honest and extracting accounts composed from real text, three disjoint parts, unseen families.
//
// For every cell (a kind of account) and seed: share flagged (lowest PoH <= .01), area under the curve against honest
// accounts, the same for each channel alone and left out, and for rivals: what anybody can count, and the baselines of
// baselines.hpp. Beside it how far single requests separate (the OMED limit).
// docs/lab/first-study.md has the protocol; which families play which part is in experiments/families.toml and is never
// tuned.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/families.hpp"
#include "lab/first_study_goals.hpp"
#include "lab/outcome.hpp"
#include "lab/study.hpp"
#include "lab/texts_used.hpp"

namespace cms::lab {

struct FirstStudyOptions {
  std::filesystem::path data;  // as read_data takes it (ground.hpp)
  Families families = shared_families();
  std::vector<std::uint64_t> seeds = {1, 2, 3, 4, 5};
  double scale = 1;  // of the numbers of accounts; CI runs .1
  std::uint32_t requests = 150;
  score::Options score;  // stride is part of it
  std::uint32_t rank = atlas::FitOptions{}.rank;
  std::uint32_t chart_count = 256;
  std::uint32_t ranking_accounts = 500;
  // Accounts that make the age tables and accounts that rank are composed of different texts, as real ones are. Needs
  // families of twice as many texts; of three times in the tune mode, where accounts under test need theirs too.
  bool halves_apart = false;
  // Every kind of honest account ranks for itself, families.held_out as unseen kinds, and the most lenient decides: as
  // many ranking accounts of each kind.
  bool by_kind = false;
  // Batch jobs are declared, as the policy lets operators do: none is in calibration, and nothing is asked of those
  // under test.
  bool jobs_declared = false;
  Goals goals = Goals::study;
  std::uint32_t honest_accounts = 300;
  std::uint32_t attack_accounts = 200;
  std::vector<double> shares = {.5, .3, .1};  // of a diluted account's requests that extract, a cell each
  unsigned threads = 1;
  // The mode in which choices are made, so that the test part is read for reporting only: attackers come from
  // cot_elicit and from the distillers of this set (the product's own prompts under the same model), honest accounts
  // from the calibration part, unseen families are others than the report's. Empty = report.
  std::filesystem::path tune;
  std::filesystem::path readings;  // when given, every reading of the first seed goes there as NDJSON

  [[nodiscard]] const FamilyParts& parts() const { return tune.empty() ? families.report : families.tune; }
};

// A configuration of the score: every channel, one alone, or one left out.
struct Configuration {
  std::string name;
  std::array<double, kChannelCount> weights{};
};

// What one configuration or rival says of one cell under one seed.
struct Verdict {
  double flagged = 0;  // share
  double area = 0.5;   // under the curve against the honest kinds of calibration
  double matched = 0;  // rivals: share flagged at a threshold raised until no honest cell is flagged beyond its goal
};

// Shares flagged of honest accounts mixed as those that rank, which is whom the promise is made to, under one trained
// score.
struct MixFlagged {
  double label_free = 0;
  double trained = 0;
  double combined = 0;  // of both, with one promise
};

struct CellResult {
  std::string name;
  bool honest = false;
  bool calibration_kind = false;                     // honest accounts of a kind that calibration saw
  std::optional<double> goal;                        // honest: greatest share flagged; attackers: least
  std::optional<double> similarity;                  // alike: cosine that every two requests are to have
  std::vector<std::uint32_t> accounts;               // per seed
  std::vector<std::vector<Verdict>> configurations;  // per seed, per configuration; [0] = all channels
  std::vector<std::vector<Verdict>> rivals;          // per seed, per rival
  std::vector<Verdict> trained;                      // per seed: the trained score that never saw the cell's families
  std::vector<Verdict> combined;                     // per seed: it and the label-free score, with one promise
  std::vector<double> request_areas;                 // per seed: single requests against those of honest accounts
  std::vector<double> united_areas;                  // per seed: Kesarwani's coverage of ten accounts as one
  std::vector<double> median_first_flag;             // per seed: requests until the first flag; 0 = none flagged
  std::vector<Fate> fates;                           // of all accounts of all seeds, all channels
  std::vector<Likeness> likeness;                    // of all accounts of all seeds
};

struct FirstStudyResult {
  std::vector<Configuration> configurations;
  std::vector<std::string> rivals;
  std::vector<CellResult> cells;
  // Per seed and trained score; empty where kinds rank for themselves, for then there is no mix.
  std::vector<MixFlagged> mixes;
  std::uint32_t mix_accounts = 0;     // of which they are shares, over all seeds
  std::vector<std::string> left_out;  // cells of which no seed could compose an account: the data have too few texts
  std::uint32_t horizon = 0;
  std::uint32_t stride = 1;
  Goals goals = Goals::study;
};

// Adds to `texts` which served what, as every experiment does. Errors: `bad_input` when the data is not there or too
// small, `usage` when a share is not above 0 and at most 1 or is there twice. Cost: see docs/lab/first-study.md.
Result<FirstStudyResult> run_first_study(const FirstStudyOptions& options, TextsUsed& texts);

// The tables, for people.
std::string describe(const FirstStudyResult& result);
// One JSON object a line: what, figure, goal, holds.
std::string goal_lines(const FirstStudyResult& result);
// ROC, detection delay, calibration, rungs of the policy and channels.
nlohmann::json plots(const FirstStudyResult& result);

}  // namespace cms::lab
