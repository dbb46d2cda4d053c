// The calibration of campaigns as a file: what `cms fleet fit` writes, and fleets are judged by.
//
// Signatures of one atlas say nothing of another's, so the file names the atlas that it was made with. A flipped bit
// anywhere is noticed. Layout: docs/formats/fleet.md.
// Threads: pure functions. Cost: one SHA-256 of some kilobytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "fleet/campaign.hpp"

namespace cms::fleet {

inline constexpr std::uint32_t kCalibrationVersion = 5;  // on disk: rises when a reader of the old form would misread
inline constexpr std::size_t kKindBytesMax = 256;  // of the name of a kind of honest group

struct NamedCalibration {
  std::string atlas;           // its name
  std::uint64_t accounts = 0;  // of the smallest of its honest fleets; at least 1
  CampaignCalibration calibration;
};

// The most accounts that may be seen together under it, to be on the safe side: communities of a larger fleet are
// larger and cover more. What calibration by smaller fleets flags of 20,000 synthetic accounts, with the null model of
// honest fleets and with that of the links at hand: docs/fleet.md, How many accounts.
inline constexpr double kFleetGrowthMax = 1.5;
std::uint64_t accounts_max(const NamedCalibration& named);

Bytes encode(const NamedCalibration& named);

// What encode() gave, and nothing else, comes back. Errors: `bad_input` when it is no such file, damaged, cut short or
// of another version, or a value lies where calibrate() puts none.
Result<NamedCalibration> decode_calibration(std::span<const std::uint8_t> content);

// True when bytes begin as such a file does; 8 are enough.
bool is_calibration(std::span<const std::uint8_t> content);

}  // namespace cms::fleet
