#include "policy/policy.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstring>

namespace cms::policy {
namespace {

// Uniform in [0, 1) by HMAC-SHA256 (RFC 2104) of tenant, a zero byte (no tenant holds one) and account.
double keyed_share(const JitterKey& key, std::string_view tenant, std::string_view account) {
  std::string message(tenant);
  message.push_back('\0');
  message.append(account);
  std::array<std::uint8_t, 32> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const std::uint8_t*>(message.data()),
       message.size(), digest.data(), &size);
  std::uint64_t bits = 0;
  std::memcpy(&bits, digest.data(), sizeof(bits));
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

bool in_force(const Allowance& one, std::string_view tenant, double now) {
  return one.tenant == tenant && now < one.until;
}

const Allowance* allowance_of(const Policy& policy, std::string_view tenant, std::string_view account, double now) {
  for (const auto& one : policy.allowances) {
    if (one.account == account && in_force(one, tenant, now)) return &one;
  }
  return nullptr;
}

Action rung_of(const Ladder& ladder, double poh) {
  if (poh <= ladder.review) return Action::review;
  if (poh <= ladder.limit) return Action::limit;
  if (poh <= ladder.price) return Action::price;
  if (poh <= ladder.observe) return Action::observe;
  return Action::allow;
}

// Null where there is none.
const JitterKey* key_of(const Policy& policy, std::string_view tenant) {
  if (policy.jitter_key) return &*policy.jitter_key;
  const auto own = policy.own_jitter_keys.find(tenant);
  return own == policy.own_jitter_keys.end() ? nullptr : &own->second;
}

// A campaign's rung; communities that are not flagged, which honest accounts are in all the time, have none.
Action rung_of(const Policy& policy, const Membership& campaign) {
  const auto rung = rung_of(policy.ladder, campaign.campaign_poh);
  return rung < Action::limit ? Action::allow : std::min(rung, policy.campaign_at_most);
}

}  // namespace

std::set<std::string> declared(const Policy& policy, std::string_view tenant, double now) {
  std::set<std::string> accounts;
  for (const auto& one : policy.allowances) {
    if (in_force(one, tenant, now)) accounts.insert(one.account);
  }
  return accounts;
}

Action decide(const Ladder& ladder, const Score& score) {
  return score.computed ? rung_of(ladder, score.poh) : Action::allow;
}

Ladder ladder_of(const Policy& policy, std::string_view tenant, std::string_view account) {
  const auto* key = policy.jitter > 0 ? key_of(policy, tenant) : nullptr;
  if (key == nullptr) return policy.ladder;
  const double factor = 1 - keyed_share(*key, tenant, account) * policy.jitter;
  const auto& from = policy.ladder;
  return {from.observe * factor, from.price * factor, from.limit * factor, from.review * factor};
}

Decision decide(const Policy& policy, const Ladder& ladder, std::string_view tenant, std::string_view account,
                const Score& score, double now, const Override* found, const Membership* campaign) {
  Decision decision;
  decision.would_be = decide(ladder, score);
  if (!score.computed) decision.why = "not computed";
  const auto least = campaign != nullptr ? rung_of(policy, *campaign) : Action::allow;
  if (least > decision.would_be) {
    decision.would_be = least;
    decision.why = "campaign";
  }
  if (found != nullptr && now < found->until) {
    decision.would_be = found->action;
    decision.why = "override";
  } else if (decision.would_be != Action::allow) {
    const auto* allowance = allowance_of(policy, tenant, account, now);
    if (allowance != nullptr && allowance->at_most < decision.would_be) {
      decision.would_be = allowance->at_most;
      decision.why = "allowance";
    }
  }
  decision.action = decision.would_be;
  if (policy.shadow && decision.would_be != Action::allow) {
    decision.action = Action::allow;
    decision.why = "shadow";
  }
  return decision;
}

Decision decide(const Policy& policy, std::string_view tenant, std::string_view account, const Score& score, double now,
                const Override* found, const Membership* campaign) {
  return decide(policy, ladder_of(policy, tenant, account), tenant, account, score, now, found, campaign);
}

}  // namespace cms::policy
