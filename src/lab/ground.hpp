// What experiments stand on: the activations they are given, split and studied in one way; and for those beyond the
// first study a ground, calibrated for one seed, with a yardstick of another atlas to measure coverage with.
//
// Threads: pure but for reading files; a ground is read-only once made.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "lab/first_study.hpp"
#include "lab/study.hpp"
#include "lab/texts_used.hpp"
#include "pipeline/model.hpp"
#include "policy/price.hpp"

namespace cms::lab {

// The charts of an atlas fitted on the calibrate part, and what each is worth.
struct Yardstick {
  std::vector<std::uint16_t> charts;  // of every row of the corpus
  std::vector<double> mass;           // share of the calibrate part's texts; 0 where the pool of attackers has none
};

// The sets that `data` stands for, without endings, in the order in which they are joined: activations/human and
// activations/distill of a folder as the shared one is, or the one set of that name.
std::vector<std::filesystem::path> data_sets(const std::filesystem::path& data);

// These sets. A folder's are taken for what the shared ones are (their model, and how much of a text was read); a set
// says so itself, and its rows say who wrote them. A family that people and distillers both wrote is two: distillers'
// gets " (distillers)" behind its name. Errors: those of tap::read_set and make_corpus; `bad_input` when `data` is
// nothing of either kind, or a text of the set is several rows.
Result<std::vector<ActivationSet>> read_data(const std::filesystem::path& data);

// How rows of a set of this manifest are split and their atlas is fitted, in the first study and on every ground.
StudyOptions data_study_options(const Manifest& manifest, const FirstStudyOptions& options, std::uint64_t seed);

struct Ground {
  Study study;
  Yardstick yardstick;     // within reach of the test part
  pipeline::Model model;   // calibrated on honest accounts of the calibrate part
  FirstStudyOptions options;
};

struct GroundOptions {
  score::Options score;
  std::uint32_t ranking_accounts = 500;
  double scale = 1;  // of the numbers of accounts in cells; ranking_accounts are not scaled
  unsigned threads = 1;
  Families families = shared_families();
  bool jobs_declared = false;  // as in the first study
};

// What `data` stands for as one set, of merged families as `families` says. Errors: those of read_data and
// merge_families.
Result<ActivationSet> read_ground(const std::filesystem::path& data, const Families& families = {});

// Gives rows of families.merged the name of the whole as their family, and puts the part's before their conversation,
// for two parts may number theirs alike. Errors: `bad_input` where the set has none of a family that is to be merged,
// has one of the whole's name that is no part of it, or the whole would be both people's and distillers'.
Result<void> merge_families(ActivationSet& set, const Families& families);

// Its atlas and its yardstick have 256 charts each, as the first study's. Adds to `texts` what they and the calibration
// are made of. Errors: as make_study and score::calibrate. Cost: some seconds on two cores.
Result<Ground> make_ground(const ActivationSet& set, const GroundOptions& options, std::uint64_t seed,
                           TextsUsed& texts);

// 256 charts of an atlas fitted on the calibrate part; masses are shares of its texts, within reach of `pool`. Errors:
// those of atlas::fit. Cost: a second.
Result<Yardstick> make_yardstick(const Study& study, const ActivationSet& set, std::span<const std::uint32_t> pool,
                                 std::uint64_t seed);

// Share of the yardstick's mass after each request of rows of the corpus.
std::vector<double> coverage_of(const Yardstick& yardstick, std::span<const std::uint32_t> rows);

// The first request after which `coverage` (as coverage_of gives it) is at least `share`; 0 = it never is.
std::uint32_t requests_until(std::span<const double> coverage, double share);

// The model's PoH after each request of an account that sends these rows, every one at time 0. Cost: a step a request.
std::vector<double> poh_of(const Ground& ground, std::span<const std::uint32_t> rows);

// What such an account pays in all by the product's price rule, one for every ordinary request; `poh` as poh_of() gives
// it. Requires an atlas of no more charts than a ledger has.
double paid_of(const Ground& ground, const policy::Tariff& tariff, std::span<const std::uint32_t> rows,
               std::span<const double> poh);

// poh_of() in short: the lowest, and the first request at which it was <= kFlagged (0 = never).
struct Standing {
  double poh_min = 1;
  std::uint32_t first_flag = 0;
};
Standing standing_of(const Ground& ground, std::span<const std::uint32_t> rows);

}  // namespace cms::lab
