// The decision about an account as it is served: the policy, with what an analyst has overridden, and the campaign that
// the account is a member of.
//
// Threads: any. Cost: that of policy::decide(), and one look into the store, which is in its memory as a rule.
#pragma once

#include <optional>

#include "policy/policy.hpp"
#include "serve/campaigns.hpp"
#include "store/store.hpp"

namespace cms::serve {

// What an analyst has overridden. One that cannot be read counts as none: decisions never wait for a disk that is ill.
std::optional<policy::Override> override_of(const store::Store& store, const store::AccountName& name);

// Without a fleet `campaigns` is null.
policy::Decision decide(const policy::Policy& policy, const store::Store& store, const Campaigns* campaigns,
                        const store::AccountName& name, const Score& score, double now);

// What follows for the members of a campaign, by the thresholds as they are written.
policy::Decision decide(const policy::Policy& policy, const std::string& tenant, const CampaignPicture& campaign,
                        double now);

}  // namespace cms::serve
