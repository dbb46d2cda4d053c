#include "pipeline/backtest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "pipeline/model_example.hpp"
#include "pipeline/step.hpp"

namespace cms::pipeline {
namespace {

constexpr std::size_t kAccounts = 12;
constexpr std::size_t kRequests = 60;

// Accounts whose rows lie one after the other in turn, of two groups and none.
struct World {
  World() : model(example_model()) {
    set.manifest = model.atlas.manifest;
    std::vector<Stream> streams;
    for (std::size_t a = 0; a < kAccounts; ++a) streams.push_back(example_stream(model, 500 + a, kRequests));
    for (std::size_t i = 0; i < kRequests; ++i) {
      for (std::size_t a = 0; a < kAccounts; ++a) {
        const auto row = streams[a].row(i);
        set.values.insert(set.values.end(), row.begin(), row.end());
        RowInfo info;
        info.account = fmt::format("a{}", a);
        info.time = 60.0 * static_cast<double>(i);
        if (a % 3 == 1) info.more = {{"kind", "people"}};
        if (a % 3 == 2) info.more = {{"group", "batch"}, {"kind", "people"}};
        set.rows.push_back(info);
      }
    }
    accounts = *tap::rows_by_account(set);
  }

  [[nodiscard]] Traffic traffic(unsigned threads = 1) const { return {model, set, accounts, "t", threads}; }

  Model model;
  ActivationSet set;
  std::vector<tap::AccountRows> accounts;
};

const World& world() {
  static const World made;
  return made;
}

// Rungs so high that accounts of noise meet all of them.
policy::Policy wide() {
  policy::Policy policy;
  policy.ladder = {.9, .6, .3, .1};
  return policy;
}

std::vector<policy::Policy> three_policies() {
  auto first = wide(), second = wide();
  first.jitter = .5;
  first.jitter_key.emplace().fill(3);
  first.allowances = {{"t", "a2", 60 * 50, Action::observe, "batch"}, {"u", "a3", 1e9, Action::allow, "not here"}};
  second.shadow = true;
  return {first, second, policy::Policy{}};
}

TEST(Backtest, decides_what_the_step_and_the_policy_say_one_request_after_the_other) {
  const auto& [model, set, accounts] = world();
  const auto policies = three_policies();
  const auto outcomes = backtest(world().traffic(), policies);
  ASSERT_EQ(outcomes.size(), kAccounts);
  ByAction seen{};
  Scratch scratch;
  for (std::size_t a = 0; a < kAccounts; ++a) {
    auto state = make_account(model);
    std::vector<PolicyOutcome> expected(policies.size());
    double lowest = 2;
    for (std::size_t i = 0; i < kRequests; ++i) {
      const auto row = accounts[a].rows[i];
      const auto score = step(model, state, set.row(row), set.rows[row].time, scratch);
      if (score.computed) lowest = std::min(lowest, score.poh);
      for (std::size_t p = 0; p < policies.size(); ++p) {
        const auto action = policy::decide(policies[p], "t", accounts[a].account, score, set.rows[row].time).would_be;
        ++expected[p].requests[static_cast<std::size_t>(action)];
        if (action > expected[p].harshest) expected[p] = {expected[p].requests, action, i + 1, false};
      }
    }
    EXPECT_EQ(outcomes[a].account, accounts[a].account);
    EXPECT_EQ(outcomes[a].lowest.poh, lowest);
    for (std::size_t p = 0; p < policies.size(); ++p) {
      EXPECT_EQ(outcomes[a].policies[p].requests, expected[p].requests);
      EXPECT_EQ(outcomes[a].policies[p].harshest, expected[p].harshest);
      EXPECT_EQ(outcomes[a].policies[p].at_request, expected[p].at_request);
    }
    for (std::size_t k = 0; k < kActionCount; ++k) seen[k] += expected[1].requests[k];
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 0U), 0) << "the world shows too little";
}

TEST(Backtest, accounts_are_let_off_by_allowances_of_their_tenant_alone) {
  const auto outcomes = backtest(world().traffic(), three_policies());
  for (const auto& one : outcomes) EXPECT_EQ(one.policies[0].let_off, one.account == "a2") << one.account;
}

TEST(Backtest, tallies_count_every_account_and_request_once) {
  const auto outcomes = backtest(world().traffic(), three_policies());
  for (std::size_t p = 0; p < 3; ++p) {
    const auto tallies = tally(outcomes, p);
    ASSERT_EQ(tallies.size(), 4);
    EXPECT_EQ(tallies[1].group, "-");
    EXPECT_EQ(tallies[2].group, "batch");
    EXPECT_EQ(tallies[3].group, "people");
    for (std::size_t k = 0; k < kActionCount; ++k) {
      EXPECT_EQ(tallies[0].accounts[k], tallies[1].accounts[k] + tallies[2].accounts[k] + tallies[3].accounts[k]);
      EXPECT_EQ(tallies[0].requests[k], tallies[1].requests[k] + tallies[2].requests[k] + tallies[3].requests[k]);
    }
    std::uint64_t accounts = 0, requests = 0;
    for (std::size_t k = 0; k < kActionCount; ++k) {
      accounts += tallies[0].accounts[k];
      requests += tallies[0].requests[k];
    }
    EXPECT_EQ(accounts, kAccounts);
    EXPECT_EQ(requests, kAccounts * kRequests);
  }
}

AccountOutcome moved(Action first, Action second, double poh) {
  AccountOutcome outcome;
  outcome.lowest.poh = poh;
  outcome.policies = {{{}, first, 0, false}, {{}, second, 0, false}};
  return outcome;
}

TEST(Backtest, those_who_move_farthest_come_first_then_the_lowest_and_who_does_not_move_never) {
  const std::vector<AccountOutcome> outcomes = {
      moved(Action::allow, Action::observe, .1), moved(Action::limit, Action::limit, .01),
      moved(Action::review, Action::observe, .001), moved(Action::observe, Action::allow, .05),
      moved(Action::price, Action::observe, .1)};
  EXPECT_EQ(changed(outcomes), (std::vector<std::size_t>{2, 3, 0, 4}));
}

TEST(Backtest, replay_gives_the_decision_of_every_row_and_the_same_sums) {
  const auto policies = three_policies();
  const auto outcomes = backtest(world().traffic(), policies);
  for (std::size_t p = 0; p < policies.size(); ++p) {
    const auto decided = replay(world().traffic(), policies[p]);
    ASSERT_EQ(decided.size(), world().set.count());
    ByAction sums{};
    for (std::size_t row = 0; row < decided.size(); ++row) {
      EXPECT_EQ(decided[row].score.requests, row / kAccounts + 1);
      ++sums[static_cast<std::size_t>(decided[row].decision.would_be)];
      EXPECT_EQ(decided[row].decision.action, policies[p].shadow ? Action::allow : decided[row].decision.would_be);
    }
    EXPECT_EQ(sums, tally(outcomes, p)[0].requests);
  }
}

TEST(Backtest, any_number_of_threads_gives_the_same) {
  const auto policies = three_policies();
  const auto one = backtest(world().traffic(1), policies), four = backtest(world().traffic(4), policies);
  ASSERT_EQ(one.size(), four.size());
  for (std::size_t a = 0; a < one.size(); ++a) {
    EXPECT_EQ(one[a].account, four[a].account);
    EXPECT_EQ(one[a].lowest, four[a].lowest);
    for (std::size_t p = 0; p < policies.size(); ++p) {
      EXPECT_EQ(one[a].policies[p].requests, four[a].policies[p].requests);
    }
  }
}

}  // namespace
}  // namespace cms::pipeline
