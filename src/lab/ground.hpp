// What experiments stand on: the shared activations, split and studied in one way; and for those beyond the first study
// a ground, calibrated for one seed, with a yardstick of another atlas to measure coverage with.
//
// Threads: pure but for reading files; a ground is read-only once made.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "lab/first_study.hpp"
#include "lab/study.hpp"
#include "pipeline/model.hpp"

namespace cms::lab {

// The charts of an atlas fitted on the calibrate part, and what each is worth.
struct Yardstick {
  std::vector<std::uint16_t> charts;  // of every row of the corpus
  std::vector<double> mass;           // share of the calibrate part's texts; 0 where the pool of attackers has none
};

// The shared sets by name, in the order in which they are joined.
inline constexpr std::array<const char*, 2> kSharedKinds = {"human", "distill"};

// activations/human.npy and distill.npy of `data`, one after the other. Errors: those of tap::read_set.
Result<std::vector<ActivationSet>> read_shared(const std::filesystem::path& data);

// How the shared activations are split and their atlas is fitted, in the first study and on every ground.
StudyOptions shared_study_options(const FirstStudyOptions& options, std::uint64_t seed);

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
};

// The shared activations as one set. Errors: as read_shared.
Result<ActivationSet> read_ground(const std::filesystem::path& data);

// Its atlas and its yardstick have 256 charts each, as the first study's. Errors: as make_study and score::calibrate.
// Cost: some seconds on two cores.
Result<Ground> make_ground(const ActivationSet& set, const GroundOptions& options, std::uint64_t seed);

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

// The same in short: the lowest, and the first request at which it was <= kFlagged (0 = never).
struct Standing {
  double poh_min = 1;
  std::uint32_t first_flag = 0;
};
Standing standing_of(const Ground& ground, std::span<const std::uint32_t> rows);

}  // namespace cms::lab
