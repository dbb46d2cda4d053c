#include "fleet/live.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

#include "fleet/signature_example.hpp"

namespace cms::fleet {
namespace {

// Every cell is looked through, so that links are exact.
LiveOptions exact() {
  LiveOptions options;
  options.cells = 12;
  options.links.probes = 12;
  return options;
}

// One update of `count` accounts: most send a few requests more, some become somebody else, a few are new.
std::vector<std::uint32_t> change(const ExampleWorld& world, std::vector<Signature>& accounts, std::uint32_t count,
                                  Random& random) {
  std::vector<std::uint32_t> changed;
  for (std::uint32_t c = 0; c < count; ++c) {
    const auto way = random.below(10);
    auto account = static_cast<std::uint32_t>(random.below(accounts.size()));
    if (way == 0) account = static_cast<std::uint32_t>(accounts.size()), accounts.emplace_back();
    if (way < 3) accounts[account] = honest_accounts(world, 1, 10, random).front();
    else world.give(accounts[account], random.below(kExampleCharts), random);
    changed.push_back(account);
  }
  return changed;
}

LiveUpdate apply(LiveFleet& fleet, const std::vector<Signature>& accounts, const std::vector<std::uint32_t>& changed,
                 Pohs all_pohs = {}) {
  std::vector<Signature> signatures;
  std::vector<float> pohs;
  for (const auto account : changed) {
    signatures.push_back(accounts[account]);
    if (!all_pohs.empty()) pohs.push_back(all_pohs[account]);
  }
  const auto done = fleet.update(changed, signatures, pohs);
  EXPECT_TRUE(done);
  return done ? *done : LiveUpdate{};
}

TEST(LiveFleet, refuses_links_by_style_which_it_does_not_keep) {
  const ExampleWorld world(51);
  Random random(52);
  const auto accounts = honest_accounts(world, 30, 20, random);
  auto options = exact();
  EXPECT_TRUE(LiveFleet::make(accounts, {}, *fit_breadth(accounts), options));
  options.links.style = 8;
  const auto refused = LiveFleet::make(accounts, {}, *fit_breadth(accounts), options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::bad_input);
}

TEST(LiveFleet, has_the_links_of_a_plain_search_from_scratch_after_every_update) {
  const ExampleWorld world(1);
  Random random(2);
  for (const std::size_t count : {1U, 3U, 30U, 600U}) {
    auto accounts = honest_accounts(world, count, 10, random);
    const auto norm = *fit_breadth(honest_accounts(world, 200, 10, random));
    auto fleet = LiveFleet::make(accounts, {}, norm, exact());
    ASSERT_TRUE(fleet);
    for (int round = 0; round < 12; ++round) {
      EXPECT_EQ(fleet->links(), find_links(accounts, {}, norm, {}));
      apply(*fleet, accounts, change(world, accounts, 1 + static_cast<std::uint32_t>(count) / 10, random));
    }
    EXPECT_TRUE(std::equal(accounts.begin(), accounts.end(), fleet->accounts().begin(), fleet->accounts().end()));
  }
}

TEST(LiveFleet, has_them_where_pohs_are_known_and_change_too) {
  const ExampleWorld world(21);
  Random random(22);
  auto accounts = honest_accounts(world, 400, 10, random);
  const auto norm = *fit_breadth(accounts);
  std::vector<float> pohs(accounts.size());
  for (auto& poh : pohs) poh = static_cast<float>(random.uniform());
  auto fleet = LiveFleet::make(accounts, pohs, norm, exact());
  ASSERT_TRUE(fleet);
  for (int round = 0; round < 8; ++round) {
    EXPECT_EQ(fleet->links(), find_links(accounts, pohs, norm, {}));
    auto changed = change(world, accounts, 40, random);
    pohs.resize(accounts.size(), 1);
    for (const auto account : changed) pohs[account] = static_cast<float>(random.uniform());
    apply(*fleet, accounts, changed, pohs);
  }
  pohs[5] /= 100;  // the signature is what it was
  EXPECT_EQ(apply(*fleet, accounts, {5}, pohs).changed, 1U);
  EXPECT_EQ(fleet->links(), find_links(accounts, pohs, norm, {}));
  EXPECT_EQ(apply(*fleet, accounts, {5}, pohs).changed, 0U);
  EXPECT_FALSE(fleet->update(std::vector{1U, 2U}, std::vector{accounts[1], accounts[2]}, std::vector{.5F}));
  EXPECT_FALSE(LiveFleet::make(accounts, std::vector{.5F}, norm, exact()));
}

// The weights that communities are made of are kept, not made again with every update.
TEST(LiveFleet, keeps_the_weights_that_a_fresh_fleet_would_have) {
  const ExampleWorld world(23);
  Random random(24);
  for (const bool known : {false, true}) {
    auto accounts = honest_accounts(world, 400, 10, random);
    const auto norm = *fit_breadth(accounts);
    std::vector<float> pohs(known ? accounts.size() : 0, .5F);
    auto fleet = LiveFleet::make(accounts, pohs, norm, exact());
    ASSERT_TRUE(fleet);
    for (int round = 0; round < 8; ++round) {
      auto changed = change(world, accounts, 40, random);
      if (known) pohs.resize(accounts.size(), 1);
      for (const auto account : changed) {
        if (known) pohs[account] = static_cast<float>(random.uniform());
      }
      apply(*fleet, accounts, changed, pohs);
      std::vector<std::uint32_t> all(accounts.size());
      std::iota(all.begin(), all.end(), 0U);
      const auto kept = fleet->links_among(all);
      EXPECT_EQ(kept, LiveFleet::make(accounts, pohs, norm, exact())->links_among(all));
      EXPECT_EQ(kept, fleet->links());  // weighed anew
    }
  }
}

TEST(LiveFleet, has_them_where_many_accounts_are_the_same) {
  const ExampleWorld world(3);
  Random random(4);
  const auto norm = *fit_breadth(honest_accounts(world, 200, 10, random));
  auto accounts = honest_accounts(world, 120, 10, random);
  for (std::size_t i = 0; i < 80; ++i) accounts[i] = accounts[0];
  auto fleet = LiveFleet::make(accounts, {}, norm, exact());
  for (std::uint32_t i = 40; i < 100; i += 3) {
    accounts[i] = accounts[101 + i % 2];
    apply(*fleet, accounts, {i});
  }
  EXPECT_EQ(fleet->links(), find_links(accounts, {}, norm, {}));
}

TEST(LiveFleet, has_the_links_of_those_who_stay_when_many_are_emptied) {
  const ExampleWorld world(25);
  Random random(26);
  const auto norm = *fit_breadth(honest_accounts(world, 200, 20, random));
  auto accounts = honest_accounts(world, 160, 20, random);
  const auto before = accounts;
  auto fleet = LiveFleet::make(accounts, {}, norm, exact());
  ASSERT_TRUE(fleet);
  std::vector<std::uint32_t> left, all(accounts.size());
  std::iota(all.begin(), all.end(), 0U);
  for (std::uint32_t i = 60; i < 160; ++i) left.push_back(i), accounts[i] = {};
  apply(*fleet, accounts, left);
  EXPECT_EQ(fleet->links(), find_links(std::span(accounts).first(60), {}, norm, {}));
  EXPECT_EQ(fleet->links_among(all), fleet->links());
  for (const std::uint64_t requests : {kRequestsMin - 1, kRequestsMin}) {  // they come back, some too young at first
    for (std::uint32_t i = 61; i < 100; i += 2) accounts[i] = before[i], accounts[i].requests = requests;
    apply(*fleet, accounts, left);
    EXPECT_EQ(fleet->links(), find_links(accounts, {}, norm, {}));
    EXPECT_EQ(fleet->links_among(all), fleet->links());  // the weights that are kept
    EXPECT_EQ(fleet->links_among(all), LiveFleet::make(accounts, {}, norm, exact())->links_among(all));
  }
}

// Under the null model of the links at hand, or a fitted one beyond which more than a third of the accounts are.
class LiveFleetUnder : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(, LiveFleetUnder, testing::Bool(), [](const auto& one) {
  return one.param ? std::string("a_fitted_null_model") : std::string("the_null_model_of_its_links");
});

NullModel stricter_null(std::span<const Signature> accounts, const BreadthNorm& norm, const LinkOptions& options) {
  const std::vector<std::vector<Link>> links = {find_links(accounts, {}, norm, options)};
  auto null = fit_null(links);
  null.strength /= 4;
  std::map<std::uint32_t, double> strengths;
  for (const auto& link : links[0]) strengths[link.a] += link.weight, strengths[link.b] += link.weight;
  EXPECT_GT(3 * std::ranges::count_if(strengths, [&](const auto& one) { return one.second > null.strength; }),
            std::ssize(strengths));
  return null;
}

TEST_P(LiveFleetUnder, has_the_communities_of_scratch_where_components_are_small) {
  const ExampleWorld world(5);
  Random random(6);
  const auto norm = *fit_breadth(honest_accounts(world, 200, 10, random));
  // Groups of 30 that share a few charts nobody else has: with 12 neighbours each is a component.
  auto options = exact();
  options.links.neighbours = 12;
  std::vector<Signature> accounts;
  const auto member = [&](std::uint32_t group) { return world.account({2 * group, 2 * group + 1}, 60, random); };
  for (std::uint32_t group = 0; group < 20; ++group) {
    for (int m = 0; m < 30; ++m) accounts.push_back(member(group));
  }
  if (GetParam()) options.communities.null = stricter_null(accounts, norm, options.links);
  auto fleet = LiveFleet::make(accounts, {}, norm, options);
  ASSERT_TRUE(fleet->rebuild());
  for (int round = 0; round < 10; ++round) {
    std::vector<std::uint32_t> changed;
    for (int c = 0; c < 12; ++c) {
      changed.push_back(static_cast<std::uint32_t>(random.below(accounts.size())));
      accounts[changed.back()] = member(static_cast<std::uint32_t>(random.below(20)));
    }
    EXPECT_GT(apply(*fleet, accounts, changed).clustered, 0U);
    auto anew = LiveFleet::make(accounts, {}, norm, options);
    ASSERT_TRUE(anew->rebuild());
    EXPECT_EQ(fleet->communities(), anew->communities());
    EXPECT_EQ(fleet->communities(),
              *find_communities(static_cast<std::uint32_t>(accounts.size()), fleet->links(), options.communities));
  }
}

TEST_P(LiveFleetUnder, stays_near_the_modularity_of_scratch_by_single_moves) {
  const ExampleWorld world(7);
  Random random(8);
  auto options = exact();
  options.component_max = 0;  // never clusters anew
  auto accounts = honest_accounts(world, 800, 10, random);
  const auto norm = *fit_breadth(accounts);
  if (GetParam()) options.communities.null = stricter_null(accounts, norm, options.links);
  auto fleet = LiveFleet::make(accounts, {}, norm, options);
  ASSERT_TRUE(fleet->rebuild());
  std::uint32_t moved = 0;
  for (int round = 0; round < 20; ++round) {
    const auto done = apply(*fleet, accounts, change(world, accounts, 40, random));
    moved += done.moved;
    EXPECT_EQ(done.clustered, 0U);
    const auto count = static_cast<std::uint32_t>(accounts.size());
    const auto links = fleet->links();
    const auto quality = [&](const auto& communities) {
      return modularity(count, links, communities, options.communities.resolution, options.communities.null);
    };
    EXPECT_GT(quality(fleet->communities()), .9 * quality(*find_communities(count, links, options.communities)));
  }
  EXPECT_GT(moved, 100U);
}

TEST(LiveFleet, who_turns_to_what_others_do_joins_their_community) {
  const ExampleWorld world(9);
  Random random(10);
  std::vector<Signature> accounts;
  const auto member = [&](std::uint32_t group) { return world.account({2 * group, 2 * group + 1}, 60, random); };
  for (std::uint32_t i = 0; i < 600; ++i) accounts.push_back(member(i % 20));
  auto options = exact();
  options.component_max = 0;
  auto fleet = LiveFleet::make(accounts, {}, *fit_breadth(honest_accounts(world, 200, 10, random)), options);
  ASSERT_TRUE(fleet->rebuild());
  for (std::uint32_t i = 0; i < 200; i += 7) {
    const auto group = (i + 11) % 20;
    const auto other = 200 + group;  // who has never changed
    EXPECT_NE(fleet->community_of(i), fleet->community_of(other));
    accounts[i] = member(group);
    apply(*fleet, accounts, {i});
    EXPECT_EQ(fleet->community_of(i), fleet->community_of(other)) << i;
  }
}

TEST(LiveFleet, is_the_same_for_any_number_of_threads) {
  const ExampleWorld world(13);
  std::vector<std::vector<Link>> links;
  std::vector<std::vector<std::vector<std::uint32_t>>> communities;
  const int before = omp_get_max_threads();
  for (const int threads : {1, 3}) {
    omp_set_num_threads(threads);
    Random random(14);
    auto accounts = honest_accounts(world, 1'200, 10, random);
    auto fleet = LiveFleet::make(accounts, {}, *fit_breadth(accounts), {});
    ASSERT_TRUE(fleet->rebuild());
    for (int round = 0; round < 4; ++round) apply(*fleet, accounts, change(world, accounts, 100, random));
    links.push_back(fleet->links());
    communities.push_back(fleet->communities());
  }
  omp_set_num_threads(before);
  EXPECT_EQ(links[0], links[1]);
  EXPECT_EQ(communities[0], communities[1]);
}

TEST(LiveFleet, holds_less_than_five_quarters_of_a_kibibyte_beside_a_signature) {
  const ExampleWorld world(15);
  Random random(16);
  auto accounts = honest_accounts(world, 6'000, 10, random);
  auto fleet = LiveFleet::make(accounts, {}, *fit_breadth(accounts), {});
  for (int round = 0; round < 3; ++round) {
    std::vector<std::uint32_t> changed;
    for (std::uint32_t i = 0; i < 1'500; ++i) {
      changed.push_back(static_cast<std::uint32_t>(random.below(accounts.size())));
      world.give(accounts[changed.back()], random.below(kExampleCharts), random);
    }
    apply(*fleet, accounts, changed);
  }
  EXPECT_LE(fleet->bytes(), 1'280 * accounts.size());
  EXPECT_GE(fleet->bytes(), 400 * accounts.size());
}

// True from its `calls`-th call on.
Stop after(int calls) {
  return [left = std::make_shared<int>(calls)] { return --*left < 0; };
}

TEST(LiveFleet, told_to_stop_at_any_moment_it_does_and_no_signature_is_lost) {
  const ExampleWorld world(17);
  Random random(18);
  auto accounts = honest_accounts(world, 1'500, 10, random);
  const auto norm = *fit_breadth(accounts);
  LiveOptions options;
  options.component_max = 4;  // most are moved one by one
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);  // or asking would need a lock
  int calls = 0;
  for (bool done = false; !done; calls += 1 + calls / 2) {
    auto given = accounts;
    done = LiveFleet::make(std::move(given), {}, norm, options, after(calls)).has_value();
    if (!done) {
      EXPECT_EQ(given, accounts);
    }
  }
  EXPECT_GT(calls, 2);
  auto whole = LiveFleet::make(accounts, {}, norm, options);
  ASSERT_TRUE(whole->rebuild());
  const auto changed = change(world, accounts, 100, random);
  std::vector<Signature> signatures;
  for (const auto account : changed) signatures.push_back(accounts[account]);
  calls = 0;
  for (bool done = false; !done; calls += 1 + calls / 2) {
    auto fleet = *whole;
    done = fleet.update(changed, signatures, {}, after(calls)) && fleet.rebuild(after(calls));
    EXPECT_TRUE(std::ranges::equal(fleet.accounts(), accounts));
  }
  EXPECT_GT(calls, 20);
  omp_set_num_threads(before);
}

TEST(LiveFleet, costs_nothing_where_nothing_is_new_and_says_what_it_cannot_take) {
  const ExampleWorld world(11);
  Random random(12);
  const auto accounts = honest_accounts(world, 50, 10, random);
  const auto norm = *fit_breadth(accounts);
  auto fleet = LiveFleet::make(accounts, {}, norm, exact());
  const std::vector<std::uint32_t> some = {3, 4}, gap = {51};
  EXPECT_EQ(fleet->update(some, std::vector{accounts[3], accounts[4]}, {})->changed, 0U);
  EXPECT_FALSE(fleet->update(some, std::vector{accounts[3]}, {}));
  EXPECT_FALSE(fleet->update(gap, std::vector{accounts[3]}, {}));
  EXPECT_EQ(fleet->accounts().size(), 50U);
  EXPECT_FALSE(LiveFleet::make({}, {}, norm, {}));
  EXPECT_EQ(fleet->update(std::vector{3U, 3U}, std::vector{accounts[4], accounts[5]}, {})->changed, 1U);
  EXPECT_EQ(fleet->accounts()[3], accounts[5]);
}

}  // namespace
}  // namespace cms::fleet
