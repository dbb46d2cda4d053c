// Honest fleets for tests: teams and people of a made-up world.
#pragma once

#include <cstdint>
#include <vector>

#include "fleet/campaign.hpp"
#include "fleet/signature_example.hpp"

namespace cms::fleet {

inline std::uint32_t between(std::uint32_t least, std::uint32_t most, Random& random) {
  return least + static_cast<std::uint32_t>(random.below(most - least + 1));
}

// Teams of one subject each, of many sizes, and as many people with subjects of their own; looked at `looks` times
// while all of them go on alike.
inline HonestFleet honest_fleet(const ExampleWorld& world, Random& random, std::uint32_t looks = 1) {
  HonestFleet fleet;
  fleet.earlier.resize(looks - 1);
  const auto add = [&](const std::vector<std::uint32_t>& charts, const char* kind) {
    const auto requests = between(20, 80, random);
    Signature account;
    for (std::uint32_t sent = 0, look = 0; look < looks; ++look) {
      for (; sent < requests * (look + 1) / looks; ++sent) {
        world.give(account, charts[random.below(charts.size())], random);
      }
      (look + 1 < looks ? fleet.earlier[look].accounts : fleet.accounts).push_back(account);
    }
    fleet.kinds.emplace_back(kind);
  };
  for (int team = 0; team < 12; ++team) {
    const auto charts = ExampleWorld::some(between(3, 24, random), random);
    const auto size = between(8, 24, random);
    for (std::uint32_t i = 0; i < size; ++i) add(charts, "team");
  }
  for (int person = 0; person < 150; ++person) add(ExampleWorld::some(between(3, 12, random), random), "");
  return fleet;
}

inline std::vector<HonestFleet> honest_fleets(const ExampleWorld& world, int count, Random& random,
                                              std::uint32_t looks = 1) {
  std::vector<HonestFleet> fleets;
  for (int f = 0; f < count; ++f) fleets.push_back(honest_fleet(world, random, looks));
  return fleets;
}

inline CampaignOptions small_options() {
  CampaignOptions options;
  options.links.neighbours = 8;
  return options;
}

}  // namespace cms::fleet
