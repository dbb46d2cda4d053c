// What a study stands on: a corpus with its split, an atlas fitted on one part, and every row projected once.
//
// Invariants
//  1. No text lies in two parts of the split (checked).
//  2. projected[i] belongs to corpus row i; corpus points are those of the atlas.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "atlas/fit.hpp"
#include "lab/corpus.hpp"
#include "lab/corpus_account.hpp"
#include "lab/families.hpp"
#include "lab/split.hpp"
#include "pipeline/fit.hpp"
#include "score/calibration.hpp"
#include "types/activation.hpp"
#include "types/score.hpp"

namespace cms::lab {

struct Study {
  FamilyParts families;  // which play which part, in the mode it was made for; empty where nobody said
  Corpus corpus;
  Split split;
  atlas::Atlas atlas;
  std::vector<Projected> projected;
  std::vector<double> text_lengths;  // characters the model read, per row
};

struct StudyOptions {
  SplitOptions split;
  FamilyParts families;
  bool annotated = false;  // the rows say themselves where they belong (annotated_split); `split` is not read
  CorpusOptions corpus;
  atlas::FitOptions atlas;
  unsigned threads = 1;
};

// Joins sets of one model into one. Errors: `refused` when their manifests differ.
Result<ActivationSet> join(std::vector<ActivationSet> sets);

// The rows of a pool as a set of their own, in the pool's order.
ActivationSet rows_of(const ActivationSet& set, const Corpus& corpus, std::span<const std::uint32_t> pool);

// The split that the rows name (key `split`: fit | calibrate | demo; the last is the test part). Errors: `bad_input`,
// naming a row without one, or whose text or conversation lies in two parts.
Result<Split> annotated_split(const ActivationSet& set, const Corpus& corpus);

// Splits the rows, fits the atlas (manifold: the fit part; benign: its people) and projects every row.
// Errors: as make_corpus, split_corpus and atlas::fit. Cost: some seconds for 15,000 rows.
Result<Study> make_study(const ActivationSet& set, const StudyOptions& options);

// One account as a study sees it: what was measured on the grid, and the trivial things anybody can count.
struct Measured {
  score::Trajectory trajectory;
  double distinct_texts = 0;  // share
  double mean_text_length = 0;
};

struct MeasureOptions {
  score::Options score;
  std::uint32_t window_length = 64;
  std::uint32_t horizon = 150;
  unsigned threads = 1;
};

// Runs accounts through window and measures. Names are `prefix` + number: they decide the calibration half.
// Deterministic for any number of threads. Cost: one reading per grid point.
std::vector<Measured> measure_accounts(const Study& study, std::span<const ComposedAccount> accounts,
                                       const std::string& prefix, const MeasureOptions& options);

// What became of an account under a calibration: greatest evidence, lowest PoH and the request at which it first came
// to `level` (0 = never), with time standing still.
struct Fate {
  double evidence = 0;
  double poh_min = 1;
  std::uint32_t first_flag = 0;
};
Fate fate_of(const score::Calibration& calibration, const score::Trajectory& trajectory, double level = kFlagged);

}  // namespace cms::lab
