// Which texts of a seed make fleets, and what the accounts in them are judged by.
//
// Honest accounts whose own texts calibrated what judges them stand better than others: four times fewer are suspects.
// So the fleets that calibrate are made of one half of the calibrate part and judged by accounts of the other, in turn.
// Threads: pure. Cost: three calibrations of accounts.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "lab/ground.hpp"

namespace cms::lab {

struct FleetSide {
  std::vector<std::uint32_t> people;  // rows that make fleets
  pipeline::Model model;              // calibrated on accounts of other texts
};

struct FleetParts {
  std::vector<FleetSide> calibrate;  // the two halves of the calibrate part, each judged by the other
  FleetSide test;
  std::vector<std::uint32_t> sets;   // rows that campaigns extract
};

// With `tune` a third of the calibrate part stands for the test part, which is not read: all that is calibrated, the
// ground too, does without it. Errors: as calibrate_accounts.
Result<FleetParts> fleet_parts(Ground& ground, const GroundOptions& options, bool tune, std::uint64_t seed);

}  // namespace cms::lab
