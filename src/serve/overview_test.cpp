#include "serve/overview.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>
#include <thread>

#include "base/random.hpp"
#include "serve/serve_example.hpp"
#include "store/spoilt_example.hpp"

namespace cms::serve {
namespace {

constexpr double kNow = 1'800'000'000;
const std::vector<std::string> kTenants{"acme", "other"};

class World {
 public:
  explicit World(std::size_t accounts_max = Overview::kAccountsMax)
      : overview(kTenants, [this] { return policy; }, kNow, accounts_max) {}

  void take(const std::string& account, double poh, double now = kNow, const std::string& tenant = "acme") {
    overview.take(std::vector{change(account, poh, now, tenant)}, now);
  }
  static pipeline::Change change(const std::string& account, double poh, double time, const std::string& tenant) {
    pipeline::Change made{{tenant, account}, time, {}};
    made.score.computed = poh <= 1;  // beyond: none yet
    made.score.poh = std::min(poh, 1.0);
    return made;
  }
  Overview::View view(double now = kNow) { return overview.view("acme", now); }

  std::shared_ptr<policy::Policy> policy = std::make_shared<policy::Policy>();
  Overview overview;
};

constexpr double kNone = 2;

TEST(overview, counts_accounts_by_their_last_score_and_requests_by_all_of_them) {
  World world;
  world.take("a", kNone);
  world.take("a", .5);
  world.take("a", .005);
  world.take("b", 1);
  world.take("c", kNone);
  world.take("d", .5, kNow, "other");
  const auto view = world.view();
  EXPECT_EQ(view.accounts, 3U);
  EXPECT_EQ(view.computed, 2U);
  EXPECT_EQ(view.actions, (pipeline::ByAction{2, 0, 0, 1, 0}));
  EXPECT_EQ(view.poh, (std::array<std::uint64_t, kPohBins>{0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
  ASSERT_EQ(view.minutes.size(), 1U);
  EXPECT_EQ(view.minutes[0].requests, 5U);
  EXPECT_EQ(view.minutes[0].poh, (std::array<std::uint32_t, kPohBins>{0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}));
  EXPECT_FALSE(view.filled);
  EXPECT_FALSE(view.capped);
}

TEST(overview, a_score_on_an_edge_counts_below_it_as_the_ladder_does) {
  World world;
  for (std::size_t e = 0; e < kPohEdges.size(); ++e) world.take(std::to_string(e), kPohEdges[e]);
  const auto view = world.view();
  EXPECT_EQ(view.poh[0], 2U);  // 0 and .001
  for (std::size_t bin = 1; bin < kPohBins; ++bin) EXPECT_EQ(view.poh[bin], 1U) << bin;
  EXPECT_EQ(view.actions, (pipeline::ByAction{9, 1, 2, 2, 2}));
}

TEST(overview, whatever_comes_the_counts_are_those_of_a_plain_count) {
  World world;
  Random random(7);
  std::map<std::string, double> plain;
  for (int i = 0; i < 5000; ++i) {
    const auto account = std::to_string(random.below(200));
    if (random.below(40) == 0) {
      world.overview.forget({"acme", account});
      plain.erase(account);
      continue;
    }
    if (random.below(500) == 0) {
      world.policy = std::make_shared<policy::Policy>();
      world.policy->ladder.observe = .1 + .8 * random.uniform();
    }
    const double poh = random.below(10) == 0 ? kNone : random.uniform();
    world.take(account, poh);
    plain[account] = poh;
  }
  const auto view = world.view();
  pipeline::ByAction actions{};
  std::array<std::uint64_t, kPohBins> bins{};
  for (const auto& [account, poh] : plain) {
    const auto score = World::change(account, poh, kNow, "acme").score;
    ++actions[static_cast<std::size_t>(policy::decide(world.policy->ladder, score))];
    for (std::size_t bin = 0; score.computed && bin < kPohBins; ++bin) {
      bins[bin] += poh > kPohEdges[bin] && poh <= kPohEdges[bin + 1];
    }
  }
  EXPECT_EQ(view.accounts, plain.size());
  EXPECT_EQ(view.actions, actions);
  EXPECT_EQ(view.poh, bins);
  EXPECT_EQ(view.computed, std::accumulate(bins.begin(), bins.end(), std::uint64_t{0}));
}

TEST(overview, an_account_falls_once_a_rung_and_again_only_after_it_recovered) {
  World world;
  for (const double poh : {.2, .09, .11, .09, .04, .03, .2, .09}) world.take("a", poh);
  world.take("b", .0001);
  const auto fell = world.view().fell;
  std::vector<std::pair<std::string, Action>> told;
  for (const auto& one : fell) told.emplace_back(one.account, one.action);
  // .11 is above the threshold of .10 and within its release; .2 is beyond that.
  EXPECT_EQ(told, (std::vector<std::pair<std::string, Action>>{
                      {"b", Action::review}, {"a", Action::observe}, {"a", Action::price}, {"a", Action::observe}}));
}

TEST(overview, in_shadow_it_says_what_would_be) {
  World world;
  world.policy->shadow = true;
  world.take("a", .005);
  EXPECT_TRUE(world.view().shadow);
  EXPECT_EQ(world.view().actions[static_cast<std::size_t>(Action::limit)], 1U);
  EXPECT_EQ(world.view().fell.size(), 1U);
}

TEST(overview, allowances_and_another_policy_count_at_once_and_nobody_falls_by_them) {
  World world;
  world.take("batch", .005);
  world.take("poor", .3);
  world.policy = std::make_shared<policy::Policy>();
  world.policy->ladder.observe = .5;
  world.policy->allowances.push_back({"acme", "batch", kNow + 1, Action::allow, "nightly"});
  EXPECT_EQ(world.view().actions, (pipeline::ByAction{1, 1, 0, 0, 0}));
  EXPECT_EQ(world.view().fell.size(), 1U);  // from before
  world.take("poor", .29);
  EXPECT_EQ(world.view().fell.size(), 1U);
}

TEST(overview, minutes_have_no_gaps_and_are_bounded) {
  World world;
  world.take("a", .5, kNow + 1);
  world.take("a", .5, kNow + 61);
  world.take("a", .5, kNow + 241);
  const auto view = world.view(kNow + 300);
  std::vector<std::uint64_t> requests;
  for (const auto& minute : view.minutes) requests.push_back(minute.requests);
  EXPECT_EQ(requests, (std::vector<std::uint64_t>{1, 1, 0, 0, 1, 0}));
  EXPECT_EQ(view.minutes.front().time, kNow);
  for (int i = 0; i < 1000; ++i) world.take("a", .5, kNow + 60.0 * i);
  EXPECT_EQ(world.view(kNow + 60'000).minutes.size(), Overview::kMinutes);
  EXPECT_EQ(world.view(kNow + 1e7).minutes.back().requests, 0U);
}

TEST(overview, the_rate_is_of_the_last_minute) {
  World world;
  for (int i = 0; i < 120; ++i) world.take("a", .5, kNow + i);
  EXPECT_EQ(world.overview.scored_per_s(kNow + 119), 1);
  EXPECT_EQ(world.overview.scored_per_s(kNow + 149), .5);
  EXPECT_EQ(world.overview.scored_per_s(kNow + 1000), 0);
}

TEST(overview, the_lowest_come_first_and_those_of_other_tenants_never) {
  World world;
  for (int i = 0; i < 50; ++i) world.take(std::to_string(i), .01 * (i + 1));
  world.take("none", kNone);
  world.take("x", .001, kNow, "other");
  const auto lowest = world.overview.lowest("acme", .1, 3);
  ASSERT_EQ(lowest.accounts.size(), 3U);
  EXPECT_EQ(lowest.total, 10U);
  EXPECT_EQ(lowest.accounts[0].account, "0");
  EXPECT_EQ(lowest.accounts[2].poh, .03);
  EXPECT_EQ(world.overview.lowest("nobody", 1, 3).total, 0U);
}

TEST(overview, beyond_the_bound_new_accounts_are_left_out_and_it_says_so) {
  World world(2);
  world.take("a", .5);
  world.take("b", .5);
  EXPECT_FALSE(world.view().capped);
  world.take("c", .005);
  world.take("a", .005);
  EXPECT_TRUE(world.view().capped);
  EXPECT_EQ(world.view().accounts, 2U);
  EXPECT_EQ(world.view().actions[static_cast<std::size_t>(Action::limit)], 1U);
}

TEST(overview, what_is_known_is_not_overwritten_by_what_is_remembered) {
  World world;
  const auto score = World::change("a", .005, kNow, "acme").score;
  const auto erasures = world.overview.erasures();
  world.take("a", .5);
  EXPECT_TRUE(world.overview.remember({"acme", "a"}, score, kNow, erasures));
  EXPECT_EQ(world.view().actions[0], 1U);
  EXPECT_TRUE(world.overview.remember({"acme", "b"}, score, kNow, erasures));
  EXPECT_EQ(world.view().accounts, 2U);
  EXPECT_TRUE(world.view().fell.empty());
  // It was read before an erasure, and may be the one that is gone.
  world.overview.forget({"acme", "c"});
  EXPECT_FALSE(world.overview.remember({"acme", "c"}, score, kNow, erasures));
  EXPECT_FALSE(world.overview.knows({"acme", "c"}));
}

TEST(overview, after_a_start_it_remembers_every_account_of_the_store_as_it_stood) {
  ServeWorld served("remembered");
  ASSERT_EQ(served.ingest("alice", 40).status, 200U);
  ASSERT_EQ(served.ingest("young", 2).status, 200U);
  World world;
  remember_all(world.overview, nullptr, served.store(), served.model(), served.engine(), kTenants,
               [] { return kNow; }, {}, {});
  const auto fresh = served.overview().view("acme", kNow);
  const auto view = world.view();
  EXPECT_TRUE(view.filled);
  EXPECT_EQ(view.accounts, 2U);
  EXPECT_EQ(view.computed, fresh.computed);
  EXPECT_EQ(view.poh, fresh.poh);
  EXPECT_EQ(view.actions, fresh.actions);
}

TEST(overview, accounts_that_cannot_be_listed_do_not_keep_it_from_being_filled) {
  ServeWorld served("spoilt");
  World world;
  store::SpoiltStore spoilt;
  spoilt.spoil("a2", true);
  const std::vector<std::string> tenants{"acme"};
  std::stop_source stop;
  const std::jthread late([&](const std::stop_token& done) {
    for (int i = 0; i < 100 && !done.stop_requested(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  remember_all(world.overview, nullptr, *spoilt.store, served.model(), served.engine(), tenants, [] { return kNow; },
               {}, stop.get_token());
  EXPECT_TRUE(world.view().filled);
}

TEST(overview, one_that_is_told_to_stop_is_not_filled) {
  ServeWorld served("stopped");
  ASSERT_EQ(served.ingest("alice", 1).status, 200U);
  World world;
  std::stop_source stop;
  stop.request_stop();
  remember_all(world.overview, nullptr, served.store(), served.model(), served.engine(), kTenants, [] { return kNow; },
               {}, stop.get_token());
  EXPECT_FALSE(world.view().filled);
}

}  // namespace
}  // namespace cms::serve
