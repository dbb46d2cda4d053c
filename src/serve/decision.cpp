#include "serve/decision.hpp"

namespace cms::serve {

std::optional<policy::Override> override_of(const store::Store& store, const store::AccountName& name) {
  const auto document = store.document(name, std::string(policy::kOverrideKind));
  if (!document || !*document) return std::nullopt;
  const auto found = policy::parse_override(**document);
  return found ? std::optional(*found) : std::nullopt;
}

policy::Decision decide(const policy::Policy& policy, const store::Store& store, const Campaigns* campaigns,
                        const store::AccountName& name, const Score& score, double now) {
  const auto found = override_of(store, name);
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
