#include "serve/decision.hpp"

#include <utility>

#include "pipeline/admission.hpp"

namespace cms::serve {

policy::Decision decide(const policy::Policy& policy, const Overrides& overrides, const Campaigns* campaigns,
                        const store::AccountName& name, const Score& score, double now) {
  const auto found = overrides.of(name);
  const auto campaign = campaigns != nullptr ? campaigns->member(name) : nullptr;
  const auto membership = campaign ? Campaigns::membership(*campaign) : policy::Membership();
  return policy::decide(policy, name.tenant, name.account, score, now, found ? &*found : nullptr,
                        campaign ? &membership : nullptr);
}

AccountAnswer answer_about(pipeline::Engine& engine, const policy::Policy& policy, const Overrides& overrides,
                           const Campaigns* campaigns, const store::AccountName& name, double now) {
  AccountAnswer answer;
  if (!pipeline::is_account_name(name.account)) {  // nobody's: the disk is not asked, and nothing remembers it
    answer.stale = !engine.durable();
    answer.status = "unknown";
    answer.decision = policy::decide(policy, name.tenant, name.account, Score(), now);
    return answer;
  }
  auto found = engine.look_up(name, now);
  answer.stale = !found || !engine.durable();
  answer.status = found ? "unknown" : "unavailable";
  if (found) answer.standing = std::move(*found);
  if (answer.standing) answer.status = answer.standing->score.computed ? "computed" : "not_computed";
  answer.decision = decide(policy, overrides, campaigns, name, answer.standing ? answer.standing->score : Score(), now);
  return answer;
}

policy::Decision decide(const policy::Policy& policy, const std::string& tenant, const CampaignPicture& campaign,
                        double now) {
  const auto membership = Campaigns::membership(campaign);
  return policy::decide(policy, policy.ladder, tenant, "", Score(), now, nullptr, &membership);
}

}  // namespace cms::serve
