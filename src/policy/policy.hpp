// The policy: what follows from a score. A score is never an accusation; the mildest rung that fits is taken.
//
// A decision is a function of the policy, the account's name, its score and the time: no clock, no storage. What it can
// only do beyond the ladder is to be milder: thresholds are lowered by a secret amount, an account that is known to be
// a machine is let off, and a policy in shadow acts on nobody. Harsher are an analyst's override and membership in a
// campaign: it lowers the account's standing here, never its PoH.
// Invariants: no action is harsher than what the ladder says of the account's PoH or its campaign's, unless by
// override; the same arguments, the same decision.
// Threads: plain values and pure functions. Cost: below. Page: docs/policy.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policy/override.hpp"
#include "types/score.hpp"

namespace cms::policy {

// Greatest PoH at which each rung applies; descending, in (0, 1]. Review at the bottom, allow above `observe`. Of equal
// ones the harsher applies, so that a rung can be left out.
struct Ladder {
  double observe = 0.10;
  double price = 0.05;
  double limit = 0.01;
  double review = 0.001;

  bool operator==(const Ladder&) const = default;
};

// Declared automation: an account that is known not to be a person, and may do what it does, until a day.
struct Allowance {
  std::string tenant;
  std::string account;
  double until = 0;  // seconds since 1970; from then on it says nothing
  Action at_most = Action::allow;
  std::string why;

  bool operator==(const Allowance&) const = default;
};

// A community that an account is a member of, as the fleet has judged it (docs/fleet.md).
struct Membership {
  double campaign_poh = 1;  // in (0, 1]

  bool operator==(const Membership&) const = default;
};

using JitterKey = std::array<std::uint8_t, 32>;

struct Policy {
  Ladder ladder;
  Action campaign_at_most = Action::limit;  // the harshest that follows from membership in a campaign
  bool shadow = false;  // decide, act never: the action is allow, and `would_be` says what it would have been
  // Thresholds of an account are times 1 - u x jitter, u in [0, 1) keyed by tenant and account: who probes one account
  // learns nothing of another's. They are only ever lowered, so the promise of the ladder holds. In [0, .5]; without a
  // key there is none, for what anyone can compute is no secret. Campaigns are judged by the ladder as it stands.
  double jitter = .1;
  std::optional<JitterKey> jitter_key;                            // for all tenants, where the policy names one,
  std::map<std::string, JitterKey, std::less<>> own_jitter_keys;  // else that of the tenant
  std::vector<Allowance> allowances;

  bool operator==(const Policy&) const = default;
};

struct Decision {
  Action action = Action::allow;
  Action would_be = Action::allow;      // the action, were the policy not in shadow
  std::string_view why = "ladder";      // what fixed the action: "ladder", "campaign", "allowance", "shadow",
                                        // "override" or "not computed"

  bool operator==(const Decision&) const = default;
};

// The accounts of a tenant that an allowance is in force for at `now`. Cost: a walk over the allowances.
std::set<std::string> declared(const Policy& policy, std::string_view tenant, double now);

// The rung of a score; an account of which nothing is known yet is allowed. Cost: four comparisons.
Action decide(const Ladder& ladder, const Score& score);

// The thresholds of one account. Cost: one HMAC-SHA256, some 2 us, or nothing where jitter is 0 or has no key.
Ladder ladder_of(const Policy& policy, std::string_view tenant, std::string_view account);

// What follows at `now` (seconds since 1970). `found` is the account's override, null where it has none; it wins over
// everything but shadow until it ends. `campaign` is the community it is a member of, null where it has none: one that
// is not flagged (campaign PoH above `limit`) says nothing; a flagged one gives at least the rung of its own PoH, no
// harsher than `campaign_at_most`. Cost: that of ladder_of(), and a walk over the allowances.
Decision decide(const Policy& policy, std::string_view tenant, std::string_view account, const Score& score, double now,
                const Override* found = nullptr, const Membership* campaign = nullptr);

// The same for who has many scores of one account: `ladder` is what ladder_of() gives for it.
Decision decide(const Policy& policy, const Ladder& ladder, std::string_view tenant, std::string_view account,
                const Score& score, double now, const Override* found = nullptr,
                const Membership* campaign = nullptr);

}  // namespace cms::policy
