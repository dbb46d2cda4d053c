#include "lab/fleet_together.hpp"

#include <algorithm>
#include <functional>

#include "types/score.hpp"

namespace cms::lab {
namespace {

// Members are ascending, so the campaign's come last.
std::size_t members_from(std::span<const std::uint32_t> members, std::size_t honest) {
  return static_cast<std::size_t>(members.end() - std::ranges::lower_bound(members, honest));
}

bool mostly_honest(const fleet::Campaign& community, std::size_t honest) {
  return 2 * members_from(community.members, honest) < community.members.size();
}

// The communities, before any is gathered, that hold a tenth of the members or more.
std::vector<CampaignPart> campaign_parts(std::span<const fleet::Campaign> communities, std::size_t honest,
                                         double count) {
  std::vector<CampaignPart> parts;
  for (const auto& one : communities) {
    const auto members = static_cast<double>(members_from(one.members, honest));
    const double share = members / count;
    if (share >= .1) parts.push_back({share, members / static_cast<double>(one.members.size()), one.evidence, one.poh});
  }
  std::ranges::stable_sort(parts, std::greater(), &CampaignPart::share);
  return parts;
}

void judge_flagged(const SeenTogether& seen, std::size_t honest, double count, CampaignRow& row) {
  for (const auto& [evidence, campaign, communities] : flagged_by_evidence(seen)) {
    const auto told = fleet::told(*campaign, kFlagged);
    const auto members = members_from(told, honest);
    row.told.push_back({evidence, static_cast<double>(members) / count, told.size() - members});
    const auto those = std::ranges::count_if(communities, [&](const auto* one) { return mostly_honest(*one, honest); });
    if (those > 0) row.honest_communities_told.push_back({evidence, static_cast<double>(those)});
  }
}

// What holds most of the campaign once communities are gathered.
void judge_gathered(std::span<const fleet::Campaign> campaigns, std::size_t honest, double count, CampaignRow& row) {
  for (const auto& one : campaigns) {
    const auto members = static_cast<double>(members_from(one.members, honest));
    if (members / count <= row.together) continue;
    row.together = members / count;
    row.purity = members / static_cast<double>(one.members.size());
    row.poh = one.poh;
    row.evidence = one.evidence;
  }
}

}  // namespace

std::vector<FlaggedCampaign> flagged_by_evidence(const SeenTogether& seen) {
  std::vector<FlaggedCampaign> flagged;
  for (const auto& campaign : seen.campaigns) {
    if (campaign.poh > kFlagged) continue;
    auto& made = flagged.emplace_back(FlaggedCampaign{0, &campaign, {}});
    for (const auto& one : seen.communities) {
      if (!std::ranges::binary_search(campaign.members, one.members.front())) continue;
      made.evidence = std::max(made.evidence, one.evidence);
      made.communities.push_back(&one);
    }
  }
  return flagged;
}

std::vector<GroupRow> groups_of(const ComposedFleet& fleet, const std::vector<bool>& flags) {
  std::vector<GroupRow> groups;
  for (const auto& kind : fleet.kinds) groups.push_back({.kind = kind});
  std::vector<std::uint32_t> hits(groups.size());
  for (std::size_t a = 0; a < fleet.groups.size(); ++a) {
    if (fleet.groups[a] == kNoGroup) continue;
    groups[fleet.groups[a]].accounts += 1;
    hits[fleet.groups[a]] += flags[a] ? 1 : 0;
  }
  for (std::size_t g = 0; g < groups.size(); ++g) groups[g].flagged = 2 * hits[g] > groups[g].accounts;
  return groups;
}

void judge_together(const SeenTogether& seen, std::span<const fleet::Signature> accounts, const ComposedFleet& beside,
                    CampaignRow& row) {
  const auto honest = beside.accounts.size();
  const auto count = static_cast<double>(accounts.size() - honest);
  const auto flags = fleet::flagged(seen.campaigns, accounts.size(), kFlagged);
  const auto found = std::count(flags.begin() + static_cast<std::ptrdiff_t>(honest), flags.end(), true);
  const auto all = std::ranges::count(flags, true);
  row.found = static_cast<double>(found) / count;
  row.parts = campaign_parts(seen.communities, honest, count);
  judge_flagged(seen, honest, count, row);
  if (all > 0) row.precision = static_cast<double>(found) / static_cast<double>(all);
  double young = 0, young_found = 0;
  for (std::size_t a = honest; a < accounts.size(); ++a) {
    if (accounts[a].requests >= kYoungRequests) continue;
    young += 1;
    young_found += flags[a] ? 1 : 0;
  }
  if (young > 0) row.found_young = young_found / young;
  row.honest_told = static_cast<std::uint64_t>(all - found);
  for (const auto& group : groups_of(beside, flags)) {
    row.honest_groups += 1;
    row.honest_groups_flagged += group.flagged ? 1 : 0;
  }
  for (const auto& one : seen.communities) {
    if (!mostly_honest(one, honest)) continue;
    row.honest_communities += 1;
    row.honest_communities_flagged += one.poh <= kFlagged ? 1 : 0;
  }
  judge_gathered(seen.campaigns, honest, count, row);
}

}  // namespace cms::lab
