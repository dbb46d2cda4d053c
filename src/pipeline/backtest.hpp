// A policy over past traffic: what it would have decided, request by request, before it goes live.
//
// Accounts are followed by the pure step, each on its own, and every policy decides on the same scores. The time of a
// decision is that of its request. Overrides are live decisions of people and take no part.
// Threads: accounts are shared out among threads, results are written by index, so that their number changes nothing.
// Cost: that of scoring the set; a policy more costs nothing to speak of. Page: docs/policy.md.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/model.hpp"
#include "policy/policy.hpp"
#include "tap/activation_set.hpp"
#include "types/score.hpp"

namespace cms::pipeline {

inline constexpr std::size_t kActionCount = 5;
using ByAction = std::array<std::uint64_t, kActionCount>;  // index: the Action

// What all accounts of a set have in common.
struct Traffic {
  const Model& model;
  const ActivationSet& set;
  std::span<const tap::AccountRows> accounts;
  std::string tenant;        // whose accounts they are: allowances and jitter go by it
  unsigned threads = 1;
  std::function<void(std::size_t)> told = {};  // how many accounts are done; from the calling thread alone
};

// What one policy did to one account. Actions are those that would be taken, shadow or not.
struct PolicyOutcome {
  ByAction requests{};
  Action harshest = Action::allow;
  std::uint64_t at_request = 0;  // the first, from 1, that met the harshest; 0 where that is allow
  bool let_off = false;          // an allowance made some action milder
};

struct AccountOutcome {
  std::string account;
  std::string group;  // key "group" of its first row, else "kind", else empty
  Score lowest;       // the first with the lowest PoH; not computed where none was
  std::vector<PolicyOutcome> policies;
};

// Outcomes of every account in the order of `traffic.accounts`, for each policy in the order given.
std::vector<AccountOutcome> backtest(const Traffic& traffic, std::span<const policy::Policy> policies);

// Accounts by the harshest action they met, and requests by theirs.
struct GroupTally {
  std::string group;
  ByAction accounts{};
  ByAction requests{};
  std::uint64_t let_off = 0;  // accounts
};

// The tally of all accounts (group empty) and, where accounts have groups, of each group by name ("" comes as "-").
std::vector<GroupTally> tally(std::span<const AccountOutcome> outcomes, std::size_t policy);

// Indices of outcomes whose harshest action differs between the policies 0 and 1: those that moved farthest first, then
// those with the lowest PoH, then in order.
std::vector<std::size_t> changed(std::span<const AccountOutcome> outcomes);

// One request and what followed.
struct Decided {
  Score score;
  policy::Decision decision;
};

// By row of the set.
std::vector<Decided> replay(const Traffic& traffic, const policy::Policy& policy);

}  // namespace cms::pipeline
