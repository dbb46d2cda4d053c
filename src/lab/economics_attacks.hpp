// Who extracts in the economics experiment, and what a run of theirs and honest accounts cost under each price rule.
//
// A run is rows in the order sent, with the account of each and that account's PoH after it; it does not depend on the
// rule that charges for it, so every run is an attack on every rule, and on every floor its accounts kept.
// Threads: pure functions of their arguments.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "lab/price_rules.hpp"
#include "lab/white_box.hpp"

namespace cms::lab {

using Rules = std::array<Rule, kRuleCount>;      // by RuleKind
using PerRule = std::array<double, kRuleCount>;  // the same

// A run until it had kReached of the yardstick's mass, or to its end.
struct Attack {
  std::string attacker;         // "white-box", "naive", ...
  bool reached = false;
  double coverage = 0;
  double poh_min = 1;           // of any account, so far
  std::uint32_t requests = 0;
  std::uint32_t accounts = 0;
  PerRule paid{};               // in ordinary requests, every account charged for itself
  PerRule paid_as_one{};        // all accounts charged as one, by somebody who knows them
};
Attack judge(const Ground& ground, const PriceGround& prices, const Rules& rules, const std::string& attacker,
             const WhiteBoxRun& run);
// What the requests of a judged run cost by other rules.
void charge(const PriceGround& prices, const Rules& rules, const WhiteBoxRun& run, Attack& attack);

// What honest accounts of one kind pay for their first requests beyond one each, by rule.
struct Bill {
  std::string kind;
  std::uint32_t requests = 0;
  std::vector<PerRule> surcharges;  // per account
};
// One a kind. Accounts of less than 100 requests are left out where more are billed.
std::vector<Bill> bills_of(const PriceGround& prices, const Rules& rules, std::span<const Honest> honest,
                           std::uint32_t requests);

// `order` sent as it is; an account is left for a new one before a request that would take it below `floor`, and after
// `account_requests` (0 = never). Ends at `accounts_max` (0 = any number).
struct StreamOptions {
  double floor = 0;
  std::uint32_t account_requests = 0;
  std::uint32_t accounts_max = 0;
};
WhiteBoxRun run_stream(const Ground& ground, std::span<const std::uint32_t> order, const StreamOptions& options);

// The first `requests` of honest accounts, one after another, each the one of most new mass among 100 drawn from those
// not yet replayed: always one of the fastest hundredth. Ends when kReached, or when none is left.
WhiteBoxRun replay_fastest(const Ground& ground, std::span<const Honest> honest, std::uint32_t requests,
                           Random& random);

// Accounts drawn from those of `kinds`, any of them more than once, as one account: the first request of each in turn,
// then the second. Requires an account of these kinds.
struct TeamSize {
  std::uint32_t members = 0;
  std::size_t requests = 0;  // the first of each member
};
Honest draw_team(std::span<const Honest> honest, const std::set<std::string>& kinds, const TeamSize& size,
                 Random& random);

// Requests after which an account has kReached of the mass; UINT32_MAX when it never has.
std::uint32_t requests_to_reach(const Ground& ground, std::span<const std::uint32_t> rows);

}  // namespace cms::lab
