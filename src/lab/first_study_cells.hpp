// The cells of the first study: which accounts are composed from which rows. Shared by its sources only.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lab/first_study.hpp"
#include "lab/texts_used.hpp"

namespace cms::lab {

struct Cell {
  std::string name;
  bool honest = false;
  bool calibration_kind = false;  // honest accounts of the kinds that calibration saw: the negatives of every area
  std::optional<double> goal;
  std::vector<ComposedAccount> accounts;
  std::set<std::string> families = {};  // attackers: of the texts they are after; kPeople for replays, kPairs for mea_*
  std::optional<double> similarity = {};  // alike: cosine that every two requests are to have
};

// Cosines in the atlas that every two requests of attackers called alike are to have. Of the tune part: 0 is the median
// of two texts of people, -.2 their 5% quantile and to a tenth the most that whole accounts over people hold
// (docs/lab/first-study.md#all-alike).
inline constexpr std::array<double, 2> kSimilarities = {-.2, 0};

// How the rows are split for `seed`. Families nobody honest was calibrated on, families of the manifold, attackers'.
SplitOptions first_study_split(const FirstStudyOptions& options, std::uint64_t seed);

// Names under which the trained score leaves families out: all people's together, and the pairs of the MMD study, of
// which two share texts.
inline constexpr const char* kPeople = "people";
inline constexpr const char* kPairs = "mea";

// The rows it stands on: those of its data, in the tune mode the distillers of the tune set as one more family.
// Errors: those of read_data and tap::read_set; `refused` when the sets are of different models.
Result<ActivationSet> read_first_study(const FirstStudyOptions& options);

// Errors: `usage` when a share is not above 0 and at most 1, or is there twice: cells are told apart by it.
Result<void> check_shares(const std::vector<double>& shares);

// Honest accounts for calibration, until exactly `ranking_accounts` of those named calibrate-0, calibrate-1, ... that
// reach the full length fall into the ranking half.
std::vector<ComposedAccount> calibration_accounts(const Study& study, const FirstStudyOptions& options, Random& random);

// The horizon of a calibration on these accounts. Errors: `bad_input`, saying what the data lack, when too few could be
// composed.
Result<std::uint32_t> calibration_horizon(std::span<const ComposedAccount> honest, const score::Options& options);

// Notes what an atlas is fitted to, and the texts of these calibration_accounts(): those that rank are as long as
// `horizon`, the others make the tables.
void note_ground(const Study& study, std::span<const ComposedAccount> honest, std::uint32_t horizon, TextsUsed& texts);

// What the requests of a cell's accounts are used for.
std::string use_of(const std::string& cell, bool honest);
// Notes what cells are composed of.
void note_cells(const Study& study, std::span<const Cell> cells, TextsUsed& texts);

// Errors: `bad_input` when a family of generalists or of real conversations is not in the corpus: accounts would lack
// it in silence. The split checks the others.
Result<void> check_known(const Corpus& corpus, const Families& families);

// The people of a pool, less the families that nobody honest was calibrated on.
std::vector<std::uint32_t> known_people(const Study& study, Pool pool);

// The rows of the test part that attackers over instruction sets send.
std::vector<std::uint32_t> instruction_sets(const Study& study);

// The honest cells alone: the first of first_study_cells(), the same accounts.
std::vector<Cell> honest_cells(const Study& study, const FirstStudyOptions& options, std::uint64_t seed,
                               Random& random);

// Attackers who know that deviations are averaged over requests: one alternates orders, one extracts in bursts.
std::vector<Cell> evasive_cells(const Study& study, const FirstStudyOptions& options, Random& random);

// Attackers whose every two requests are alike, as far as the texts go, at each similarity of kSimilarities.
std::vector<Cell> alike_cells(const Study& study, const FirstStudyOptions& options, Random& random);

// Replays of the calibrate part's people, 50 of each kind before scaling: what the trained score learns replay from.
std::vector<Cell> training_cells(const Study& study, const FirstStudyOptions& options, Random& random);

// Which rows accounts under test are composed of.
struct CellPools {
  std::vector<std::uint32_t> people;
  std::vector<std::uint32_t> unseen;  // people of families that nobody honest was calibrated on; none = no cells
  std::vector<std::uint32_t> sets;    // of attackers over instruction sets
  std::vector<std::string> streams;   // families of the test part, a stream each
};

// Every cell, from these pools. `options.tune` is not read.
std::vector<Cell> compose_cells(const Study& study, const FirstStudyOptions& options, const CellPools& pools,
                                Random& random);

// `seed` is the one of the split, which the tune mode needs to keep away from the report's rows.
std::vector<Cell> first_study_cells(const Study& study, const FirstStudyOptions& options, std::uint64_t seed,
                                    Random& random);

}  // namespace cms::lab
