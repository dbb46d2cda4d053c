#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "fleet/campaign.hpp"

namespace cms::fleet {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

// Of each account the place of its community among `campaigns`, kNone where it may not be gathered.
std::vector<std::uint32_t> places_of(std::span<const Campaign> campaigns, std::size_t accounts, double level) {
  std::vector<std::uint32_t> place(accounts, kNone);
  const double border = std::min(kTakenIn * level, std::max(level, kTakenInMost));
  for (std::uint32_t c = 0; c < campaigns.size(); ++c) {
    if (campaigns[c].poh > border) continue;
    for (const auto member : campaigns[c].members) place[member] = c;
  }
  return place;
}

// Communities that share links with one, most weight first.
std::vector<std::uint32_t> neighbours_of(std::uint32_t one, std::span<const Link> links,
                                         std::span<const std::uint32_t> place) {
  std::map<std::uint32_t, double> shared;
  for (const auto& link : links) {
    const auto a = place[link.a], b = place[link.b];
    if (a == kNone || b == kNone || (a == one) == (b == one)) continue;
    shared[a == one ? b : a] += link.weight;
  }
  std::vector<std::uint32_t> order;
  for (const auto& [community, weight] : shared) order.push_back(community);
  std::ranges::stable_sort(order, [&](auto a, auto b) { return shared[a] > shared[b]; });
  return order;
}

double pairs(const CommunityReading& reading) { return reading.accounts * (reading.accounts - 1.0) / 2; }

// Mean unbiased squared distance of a member of the one from a member of the other: what is left of the distance of
// both together when that within each is taken out.
double distance_between(const CommunityReading& both, const CommunityReading& a, const CommunityReading& b) {
  const double left = pairs(both) * both.distance - pairs(a) * a.distance - pairs(b) * b.distance;
  return left / (static_cast<double>(a.accounts) * b.accounts);
}

// Members of two parts of one stream lie as near one another as those of one part do. Without this two streams that are
// both suspicious would be one campaign, and a broad honest neighbour a part of it.
bool alike(const CampaignCalibration& calibration, const CommunityReading& both, const CommunityReading& a,
           const CommunityReading& b) {
  const double within = std::max(0.0, std::min(a.distance, b.distance));
  return distance_between(both, a, b) <= within + kAlike * calibration.options.links.distance_scale;
}

// Whether whoever is told of a part is told of the whole.
bool lets_nobody_off(const Campaign& both, const Campaign& a, const Campaign& b, double level) {
  const auto now = told(both, level);
  return std::ranges::includes(now, told(a, level)) && std::ranges::includes(now, told(b, level));
}

// Two communities as one, where they are one campaign. Ranked were the parts: what was put together for its evidence
// has no rank of its own, and stands where the lower of them does.
std::optional<Campaign> together(const CampaignCalibration& calibration, std::span<const Signature> accounts,
                                 const Campaign& campaign, const Campaign& other, double level, Pohs pohs) {
  std::vector<std::uint32_t> members;
  std::ranges::merge(campaign.members, other.members, std::back_inserter(members));
  auto both = judge(calibration, accounts, std::move(members), pohs);
  if (other.poh > level ? both.evidence < campaign.evidence : both.poh > level) return std::nullopt;
  if (!alike(calibration, both.reading, campaign.reading, other.reading)) return std::nullopt;
  both.communities = campaign.communities + other.communities;
  both.poh = std::min(campaign.poh, other.poh);
  both.breadth_poh = std::min(campaign.breadth_poh, other.breadth_poh);
  if (!lets_nobody_off(both, campaign, other, level)) return std::nullopt;
  return both;
}

// The first neighbour that is of one campaign with `one`, and what they are together.
std::optional<std::pair<std::uint32_t, Campaign>> next_of(const CampaignCalibration& calibration,
                                                          std::span<const Signature> accounts,
                                                          std::span<const Campaign> campaigns, std::uint32_t one,
                                                          std::span<const std::uint32_t> neighbours, double level,
                                                          Pohs pohs) {
  for (const auto other : neighbours) {
    auto both = together(calibration, accounts, campaigns[one], campaigns[other], level, pohs);
    if (both) return std::pair(other, std::move(*both));
  }
  return std::nullopt;
}

}  // namespace

std::vector<Campaign> gather(const CampaignCalibration& calibration, std::span<const Signature> accounts,
                             std::span<const Link> links, std::vector<Campaign> campaigns, double level, Pohs pohs) {
  auto place = places_of(campaigns, accounts.size(), level);
  std::vector<bool> taken(campaigns.size());
  for (std::uint32_t c = 0; c < campaigns.size(); ++c) {
    while (!taken[c] && campaigns[c].poh <= level) {
      auto next = next_of(calibration, accounts, campaigns, c, neighbours_of(c, links, place), level, pohs);
      if (!next) break;
      auto& [other, both] = *next;
      for (const auto member : campaigns[other].members) place[member] = c;
      taken[other] = true;
      campaigns[c] = std::move(both);
    }
  }
  std::vector<Campaign> left;
  for (std::size_t c = 0; c < campaigns.size(); ++c) {
    if (!taken[c]) left.push_back(std::move(campaigns[c]));
  }
  std::ranges::stable_sort(left, [](const Campaign& a, const Campaign& b) {
    return std::pair(a.poh, -a.evidence) < std::pair(b.poh, -b.evidence);
  });
  return left;
}

}  // namespace cms::fleet
