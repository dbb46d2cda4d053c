// The decision about an account as it is served: the policy, with what an analyst has overridden, and the campaign that
// the account is a member of.
//
// Threads: any. Cost: that of policy::decide(), and a look into two tables in memory.
#pragma once

#include <optional>
#include <string_view>

#include "pipeline/engine.hpp"
#include "policy/policy.hpp"
#include "serve/campaigns.hpp"
#include "serve/overrides.hpp"

namespace cms::serve {

// Without a fleet `campaigns` is null.
policy::Decision decide(const policy::Policy& policy, const Overrides& overrides, const Campaigns* campaigns,
                        const store::AccountName& name, const Score& score, double now);

// What is said of one account now, by HTTP, gRPC and the gate alike. There is always an answer, since serving goes on
// whatever happens here: of whom nothing is known the override and the campaign decide, and without them the account is
// allowed.
struct AccountAnswer {
  policy::Decision decision;
  std::string_view status;                     // "computed", "not_computed", "unknown", "unavailable": cannot be read
  bool stale = false;                          // the store refuses: older than the account's last requests, maybe
  std::optional<pipeline::Standing> standing;  // of an account that is known
};
AccountAnswer answer_about(pipeline::Engine& engine, const policy::Policy& policy, const Overrides& overrides,
                           const Campaigns* campaigns, const store::AccountName& name, double now);

// What follows for the members of a campaign, by the thresholds as they are written.
policy::Decision decide(const policy::Policy& policy, const std::string& tenant, const CampaignPicture& campaign,
                        double now);

}  // namespace cms::serve
