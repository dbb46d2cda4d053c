#include "pipeline/backtest.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>

#include "pipeline/parallel.hpp"
#include "pipeline/step.hpp"

namespace cms::pipeline {
namespace {

constexpr std::size_t kTogether = 64;  // requests of an account that go through the step at once

// Calls take(i, score) for the i-th request of the account. A template so that the call costs nothing.
template <typename Take>
void follow(const Traffic& traffic, const tap::AccountRows& account, Scratch& scratch, const Take& take) {
  auto state = make_account(traffic.model);
  std::vector<Event> events;
  for (const auto row : account.rows) events.push_back({&state, traffic.set.row(row), traffic.set.rows[row].time});
  std::vector<Score> scores(std::min(kTogether, events.size()));
  for (std::size_t first = 0; first < events.size(); first += kTogether) {
    const auto batch = std::span(events).subspan(first, std::min(kTogether, events.size() - first));
    step(traffic.model, batch, scratch, scores);
    for (std::size_t i = 0; i < batch.size(); ++i) take(first + i, scores[i]);
  }
}

// Calls work(i, scratch) for every account, and tells of it. A template as parallel_for is one.
template <typename Work>
void for_each_account(const Traffic& traffic, const Work& work) {
  std::vector<Scratch> scratches(traffic.threads);
  std::atomic<std::size_t> done{0};
  parallel_for(traffic.accounts.size(), traffic.threads, [&](unsigned worker, std::size_t i) {
    work(i, scratches[worker]);
    const std::size_t ready = ++done;
    if (worker == 0 && traffic.told) traffic.told(ready);
  });
  if (traffic.told) traffic.told(traffic.accounts.size());
}

std::string group_of(const nlohmann::json& more) {
  for (const auto* key : {"group", "kind"}) {
    const auto found = more.is_object() ? more.find(key) : more.end();
    if (found != more.end() && found->is_string()) return found->get<std::string>();
  }
  return {};
}

// `rung`: what the ladder alone says.
void take(PolicyOutcome& outcome, const policy::Decision& decision, Action rung, std::uint64_t request) {
  ++outcome.requests[static_cast<std::size_t>(decision.would_be)];
  outcome.let_off = outcome.let_off || decision.would_be < rung;
  if (decision.would_be <= outcome.harshest) return;
  outcome.harshest = decision.would_be;
  outcome.at_request = request;
}

}  // namespace

std::vector<AccountOutcome> backtest(const Traffic& traffic, std::span<const policy::Policy> policies) {
  std::vector<AccountOutcome> outcomes(traffic.accounts.size());
  for_each_account(traffic, [&](std::size_t a, Scratch& scratch) {
    const auto& account = traffic.accounts[a];
    auto& outcome = outcomes[a];
    outcome.account = account.account;
    outcome.group = group_of(traffic.set.rows[account.rows.front()].more);
    outcome.policies.resize(policies.size());
    std::vector<policy::Ladder> ladders;
    for (const auto& one : policies) ladders.push_back(policy::ladder_of(one, traffic.tenant, account.account));
    follow(traffic, account, scratch, [&](std::size_t i, const Score& score) {
      if (score.computed && (!outcome.lowest.computed || score.poh < outcome.lowest.poh)) outcome.lowest = score;
      const double time = traffic.set.rows[account.rows[i]].time;
      for (std::size_t p = 0; p < policies.size(); ++p) {
        const auto decision = policy::decide(policies[p], ladders[p], traffic.tenant, account.account, score, time);
        take(outcome.policies[p], decision, policy::decide(ladders[p], score), i + 1);
      }
    });
  });
  return outcomes;
}

std::vector<GroupTally> tally(std::span<const AccountOutcome> outcomes, std::size_t policy) {
  GroupTally all;
  std::map<std::string, GroupTally> groups;
  const auto add = [](GroupTally& to, const PolicyOutcome& one) {
    ++to.accounts[static_cast<std::size_t>(one.harshest)];
    for (std::size_t a = 0; a < kActionCount; ++a) to.requests[a] += one.requests[a];
    to.let_off += one.let_off ? 1 : 0;
  };
  for (const auto& outcome : outcomes) {
    add(all, outcome.policies[policy]);
    add(groups[outcome.group.empty() ? "-" : outcome.group], outcome.policies[policy]);
  }
  std::vector<GroupTally> tallies = {all};
  if (groups.size() == 1 && groups.contains("-")) return tallies;
  for (auto& [name, group] : groups) {
    group.group = name;
    tallies.push_back(group);
  }
  return tallies;
}

std::vector<std::size_t> changed(std::span<const AccountOutcome> outcomes) {
  const auto moved = [&](std::size_t i) {
    const auto& policies = outcomes[i].policies;
    return std::abs(static_cast<int>(policies[0].harshest) - static_cast<int>(policies[1].harshest));
  };
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (moved(i) > 0) found.push_back(i);
  }
  std::stable_sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
    if (moved(a) != moved(b)) return moved(a) > moved(b);
    return outcomes[a].lowest.poh < outcomes[b].lowest.poh;
  });
  return found;
}

std::vector<Decided> replay(const Traffic& traffic, const policy::Policy& policy) {
  std::vector<Decided> decided(traffic.set.count());
  for_each_account(traffic, [&](std::size_t a, Scratch& scratch) {
    const auto& account = traffic.accounts[a];
    const auto ladder = policy::ladder_of(policy, traffic.tenant, account.account);
    follow(traffic, account, scratch, [&](std::size_t i, const Score& score) {
      const auto row = account.rows[i];
      const double time = traffic.set.rows[row].time;
      decided[row] = {score, policy::decide(policy, ladder, traffic.tenant, account.account, score, time)};
    });
  });
  return decided;
}

}  // namespace cms::pipeline
