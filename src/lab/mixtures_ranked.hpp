// Tests of mixtures, ranked: which accounts rank, and who is flagged by that. Shared by the experiment's sources only.
//
// Threads: pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "lab/first_study_cells.hpp"
#include "lab/mixtures.hpp"
#include "score/calibration.hpp"

namespace cms::lab {

// What is known of one account: the statistics, high where it looks mixed, and what the score says.
struct TestedAccount {
  std::array<double, kPopulationTests> tests{};
  double poh = 1, evidence = 0;
};

struct TestedSeed {
  std::vector<TestedAccount> ranking;             // honest ones; of these the tests alone
  std::vector<std::vector<TestedAccount>> cells;  // as the study's cells
};

// Whether an honest account ranks others (B), as the score's calibration has it: by its name, and once it is as old as
// the horizon. All others make the tables (A).
bool ranks(const score::Trajectory& account, std::uint32_t horizon);

// Adds one seed, of `weight` among the seeds, to `result.cells`, which are those of `cells`: by each test alone at
// kFlagged, its p-value being a rank among seed.ranking; by the score or the test at half of it; and areas under the
// curve, negatives being all accounts of the kinds that calibrated. Cost: a binary search a test and account, and a
// sort of the negatives a test and cell.
void add_cells(const TestedSeed& seed, std::span<const Cell> cells, double weight, MixturesResult& result);

}  // namespace cms::lab
