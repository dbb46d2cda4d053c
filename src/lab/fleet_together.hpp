// What becomes of a campaign, and of who is honest beside it, when all accounts of a fleet are seen together.
//
// Nothing here is found or judged anew: it is counted who is told, and of what. Communities are disjoint, and so are
// the campaigns made of them; both as fleet::find_campaigns and fleet::gather give them, at kFlagged.
// Threads: pure. Cost: linear in members, for each campaign that is flagged a search in its members by every community.
#pragma once

#include <span>
#include <vector>

#include "fleet/campaign.hpp"
#include "lab/fleet.hpp"
#include "lab/fleet_accounts.hpp"

namespace cms::lab {

// One look at a whole fleet: its communities, and the campaigns made of them at the usual level.
struct SeenTogether {
  std::vector<fleet::Link> links;
  std::vector<fleet::Campaign> communities, campaigns;
};

struct FlaggedCampaign {
  double evidence = 0;  // nats: the most that one of its communities has by itself, not what they have together
  const fleet::Campaign* campaign = nullptr;
  std::vector<const fleet::Campaign*> communities;  // that it is made of
};
// Each campaign at kFlagged or below. Pointers are into `seen`.
std::vector<FlaggedCampaign> flagged_by_evidence(const SeenTogether& seen);

// The honest groups, each flagged where more than half of its accounts are. `flags` begins with those of the fleet.
std::vector<GroupRow> groups_of(const ComposedFleet& fleet, const std::vector<bool>& flags);

// Fills in what is found of a campaign hidden beside honest accounts, what it is taken for, and who is told without
// being a member. `accounts` begins with those of `beside`; the campaign's, one at least, follow.
void judge_together(const SeenTogether& seen, std::span<const fleet::Signature> accounts, const ComposedFleet& beside,
                    CampaignRow& row);

}  // namespace cms::lab
