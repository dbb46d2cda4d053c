#include "serve/decision.hpp"

namespace cms::serve {

policy::Decision decide(const policy::Policy& policy, const Overrides& overrides, const Campaigns* campaigns,
                        const store::AccountName& name, const Score& score, double now) {
  const auto found = overrides.of(name);
  const auto campaign = campaigns != nullptr ? campaigns->member(name) : nullptr;
  const auto membership = campaign ? Campaigns::membership(*campaign) : policy::Membership();
  return policy::decide(policy, name.tenant, name.account, score, now, found ? &*found : nullptr,
                        campaign ? &membership : nullptr);
}

policy::Decision decide(const policy::Policy& policy, const std::string& tenant, const CampaignPicture& campaign,
                        double now) {
  const auto membership = Campaigns::membership(campaign);
  return policy::decide(policy, policy.ladder, tenant, "", Score(), now, nullptr, &membership);
}

}  // namespace cms::serve
