// The campaigns that `cms lab run fleet` hides: those of the goals, and those that are reported beside.
//
// Threads: constant.
#pragma once

#include <optional>
#include <string>

#include "lab/fleet_accounts.hpp"

namespace cms::lab {

// A campaign that the lab hides among honest accounts.
struct Hidden {
  std::string name;
  CampaignShape shape;
  bool replayed;  // people's prompts; otherwise instruction sets
  std::optional<double> goal;
  bool pictured = false;  // of the first seed
};
inline const Hidden kHidden[] = {
    {"rotated, instruction sets", {"rotated", 100, 60}, false, .95, true},
    {"rotated, instruction sets", {"rotated", 1'000, 30}, false, .95},
    {"rotated, people's prompts", {"rotated", 100, 60}, true, .90, true},
    {"rotated, people's prompts", {"rotated", 1'000, 30}, true, .90},
    {"diluted by half, instruction sets", {"diluted", 100, 120}, false, .80},
    {"slices, instruction sets", {"slices", 100, 60}, false, .60},
    {"slices, people's prompts", {"slices", 100, 60}, true, std::nullopt},
    {"overlapping slices, instruction sets", {"overlapping", 100, 60}, false, std::nullopt},
    {"sticky, instruction sets", {"sticky", 100, 60}, false, std::nullopt},
    {"staggered, instruction sets", {"staggered", 100, 60}, false, std::nullopt},
    {"rotated, instruction sets", {"rotated", 20, 60}, false, std::nullopt},
    {"rotated, instruction sets", {"rotated", 2, 60}, false, std::nullopt},
    {"rotated, instruction sets", {"rotated", 10'000, 30}, false, std::nullopt},
    {"proxied by half, instruction sets", {"proxied", 100, 120}, false, std::nullopt},
    {"overlapping slices diluted by half, instruction sets", {"diluted overlapping", 100, 120}, false, std::nullopt},
    {"slices diluted by half, instruction sets", {"diluted slices", 100, 120}, false, std::nullopt},
    {"sticky, diluted by half, instruction sets", {"diluted sticky", 100, 120}, false, std::nullopt},
    {"sticky, proxied by half, instruction sets", {"proxied sticky", 100, 120}, false, std::nullopt},
    {"diluted by half, people's prompts", {"diluted", 100, 120}, true, std::nullopt},
    {"rotated, instruction sets", {"rotated", 10'000, 60}, false, std::nullopt},
    {"slices proxied by half, instruction sets", {"proxied slices", 100, 120}, false, std::nullopt},
    {"overlapping slices proxied by half, instruction sets", {"proxied overlapping", 100, 120}, false, std::nullopt},
};

}  // namespace cms::lab
