#include "fleet/tracking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <tuple>
#include <unordered_map>

#include "base/hash.hpp"

namespace cms::fleet {
namespace {

// On disk. Version 1 has the same layout; its members are other numbers.
constexpr std::uint32_t kTrackingVersion = 2, kPseudonymVersion = 1;
constexpr std::uint32_t kCampaignsMax = 1'000'000;

// The community that most of a campaign's members are in, and how many of them.
struct Successor {
  std::size_t shared = 0, campaign = 0, seen = 0;
};

std::vector<Successor> successors(std::span<const TrackedCampaign> campaigns, std::span<const Sighting> communities,
                                  const std::function<bool(std::uint64_t)>& there) {
  if (campaigns.empty()) return {};
  std::unordered_map<std::uint64_t, std::size_t> where;
  for (std::size_t c = 0; c < communities.size(); ++c) {
    for (const auto member : communities[c].members) where.emplace(member, c);
  }
  std::vector<Successor> found;
  for (std::size_t i = 0; i < campaigns.size(); ++i) {
    std::map<std::size_t, std::size_t> shared;
    std::size_t left = 0;
    for (const auto member : campaigns[i].members) {
      left += there(member) ? 1 : 0;
      if (const auto at = where.find(member); at != where.end()) ++shared[at->second];
    }
    for (const auto& [c, count] : shared) {
      if (2 * count > left) found.push_back({count, i, c});
    }
  }
  std::ranges::sort(found, [](const Successor& a, const Successor& b) {
    return std::tuple(b.shared, a.campaign, a.seen) < std::tuple(a.shared, b.campaign, b.seen);
  });
  return found;
}

double held(double before, double poh, double release) { return poh <= before ? poh : std::max(before, poh / release); }

// Whom a campaign that is this community now has for members. Above the level nobody comes in, unless all are in.
std::vector<std::uint64_t> members_of(const Sighting& community, std::span<const std::uint64_t> before, double level) {
  if (community.all) return community.members;
  std::vector<std::uint64_t> stay, members;
  std::ranges::set_intersection(before, community.kept, std::back_inserter(stay));
  if (community.poh > level) return stay;
  std::ranges::set_union(stay, community.told, std::back_inserter(members));
  return members;
}

// Requires a member.
TrackedCampaign made(std::vector<std::uint64_t> members, double poh, double now) {
  TrackedCampaign campaign;
  campaign.members = std::move(members);
  // Campaigns of one moment are disjoint, so that none begins with another's first member.
  campaign.id = stable_hash(fmt::format("{:016x} {}", campaign.members.front(), now));
  campaign.since = now;
  campaign.poh = campaign.held_poh = poh;
  campaign.told = static_cast<std::uint32_t>(campaign.members.size());
  return campaign;
}

}  // namespace

std::string_view name(CampaignChange change) {
  constexpr std::array<std::string_view, 3> kNames = {"flagged", "grown", "released"};
  return kNames[static_cast<std::size_t>(change)];
}

TrackUpdate track(std::vector<TrackedCampaign>& campaigns, std::span<const Sighting> communities, double now,
                  const TrackOptions& options, const std::function<bool(std::uint64_t)>& there) {
  std::vector<std::optional<std::size_t>> becomes(campaigns.size());
  std::vector<bool> taken(communities.size());
  for (const auto& one : successors(campaigns, communities, there)) {
    if (taken[one.seen] || becomes[one.campaign]) continue;
    becomes[one.campaign] = one.seen;
    taken[one.seen] = true;
  }
  TrackUpdate update;
  std::vector<TrackedCampaign> next;
  std::vector<TrackUpdate::Event> grown;
  for (std::size_t i = 0; i < campaigns.size(); ++i) {
    auto& campaign = campaigns[i];
    if (becomes[i]) {
      const auto& community = communities[*becomes[i]];
      campaign.poh = community.poh;
      campaign.held_poh = held(campaign.held_poh, community.poh, options.release);
    }
    if (!becomes[i] || campaign.held_poh > options.level) {
      update.events.push_back({CampaignChange::released, std::move(campaign), becomes[i]});
      continue;
    }
    campaign.members = members_of(communities[*becomes[i]], campaign.members, options.level);
    if (static_cast<double>(campaign.members.size()) >= options.grown * campaign.told) {
      campaign.told = static_cast<std::uint32_t>(campaign.members.size());
      grown.push_back({CampaignChange::grown, campaign, becomes[i]});
    }
    next.push_back(std::move(campaign));
    update.seen.push_back(*becomes[i]);
  }
  for (std::size_t c = 0; c < communities.size(); ++c) {
    if (taken[c] || communities[c].members.empty() || communities[c].poh > options.level) continue;
    auto members = members_of(communities[c], {}, options.level);
    if (members.empty()) continue;  // nobody is told of it
    next.push_back(made(std::move(members), communities[c].poh, now));
    update.seen.push_back(c);
    update.events.push_back({CampaignChange::flagged, next.back(), c});
  }
  update.events.insert(update.events.end(), grown.begin(), grown.end());
  campaigns = std::move(next);
  return update;
}

void forget(std::vector<TrackedCampaign>& campaigns, std::uint64_t member) {
  for (auto& campaign : campaigns) {
    const auto at = std::ranges::lower_bound(campaign.members, member);
    if (at != campaign.members.end() && *at == member) campaign.members.erase(at);
  }
}

Bytes encode(std::span<const TrackedCampaign> campaigns) {
  ByteWriter out;
  out.put(kTrackingVersion);
  out.put(static_cast<std::uint32_t>(campaigns.size()));
  for (const auto& one : campaigns) {
    out.put(one.id);
    out.put(one.since);
    out.put(one.poh);
    out.put(one.held_poh);
    out.put(one.told);
    out.put_array<std::uint64_t>(one.members);
  }
  return out.take();
}

Result<KeptCampaigns> decode_campaigns(std::span<const std::uint8_t> bytes) {
  ByteReader in(bytes);
  const auto version = in.get<std::uint32_t>();
  if (version != kTrackingVersion && version != kPseudonymVersion) {
    return fail(ErrorCode::bad_input, fmt::format("campaigns of version {} (this program reads {} and {})", version,
                                                  kPseudonymVersion, kTrackingVersion));
  }
  const auto count = in.get<std::uint32_t>();
  KeptCampaigns kept;
  kept.by_pseudonym = version == kPseudonymVersion;
  bool sound = count <= kCampaignsMax;
  for (std::uint32_t i = 0; i < count && sound && !in.failed(); ++i) {
    TrackedCampaign one;
    one.id = in.get<std::uint64_t>();
    one.since = in.get<double>();
    one.poh = in.get<double>();
    one.held_poh = in.get<double>();
    one.told = in.get<std::uint32_t>();
    one.members = in.get_array<std::uint64_t>();
    sound = std::isfinite(one.since) && one.poh > 0 && one.poh <= 1 && one.held_poh > 0 && one.held_poh <= 1 &&
            std::ranges::adjacent_find(one.members, std::greater_equal()) == one.members.end();
    kept.campaigns.push_back(std::move(one));
  }
  if (!sound || !in.finished()) return fail(ErrorCode::bad_input, "campaigns that were kept are damaged");
  return kept;
}

}  // namespace cms::fleet
