// The decision about an account as it is served: the policy, with what an analyst has overridden, and the campaign that
// the account is a member of.
//
// Threads: any. Cost: that of policy::decide(), and a look into two tables in memory.
#pragma once

#include "policy/policy.hpp"
#include "serve/campaigns.hpp"
#include "serve/overrides.hpp"

namespace cms::serve {

// Without a fleet `campaigns` is null.
policy::Decision decide(const policy::Policy& policy, const Overrides& overrides, const Campaigns* campaigns,
                        const store::AccountName& name, const Score& score, double now);

// What follows for the members of a campaign, by the thresholds as they are written.
policy::Decision decide(const policy::Policy& policy, const std::string& tenant, const CampaignPicture& campaign,
                        double now);

}  // namespace cms::serve
