#include "fleet/links.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "fleet/communities.hpp"
#include "fleet/signature_example.hpp"

namespace cms::fleet {
namespace {

BreadthNorm norm_of(std::span<const Signature> accounts) { return *fit_breadth(accounts); }

TEST(Breadth, is_0_on_average_for_honest_accounts_of_every_age_and_high_for_broad_ones) {
  const ExampleWorld world(1);
  Random random(2);
  const auto accounts = honest_accounts(world, 2'000, 20, random);
  const auto norm = norm_of(accounts);
  double young = 0, old = 0, youngs = 0, olds = 0;
  for (const auto& account : accounts) {
    (account.requests < 50 ? young : old) += breadth_of(norm, account);
    (account.requests < 50 ? youngs : olds) += 1;
  }
  EXPECT_NEAR(young / youngs, 0, .1);
  EXPECT_NEAR(old / olds, 0, .1);
  EXPECT_GT(breadth_of(norm, world.account(ExampleWorld::some(kExampleCharts, random), 60, random)), 2);
  EXPECT_EQ(breadth_of(norm, Signature{}), -3);
}

TEST(Breadth, of_honest_accounts_that_have_one_age_expects_of_others_what_these_have) {
  const ExampleWorld world(19);
  Random random(20);
  std::vector<Signature> accounts;
  for (int i = 0; i < 50; ++i) accounts.push_back(world.account(ExampleWorld::some(8, random), 60, random));
  const auto norm = norm_of(accounts);
  EXPECT_NEAR(norm.coefficients[1], 0, 1e-6);
  EXPECT_NEAR(norm.coefficients[2], 0, 1e-6);
  EXPECT_NEAR(std::exp(norm.coefficients[0]), 8, 1);
}

TEST(Breadth, of_too_few_accounts_with_charts_is_refused) {
  const ExampleWorld world(3);
  Random random(4);
  auto accounts = honest_accounts(world, 20, 20, random);
  EXPECT_TRUE(fit_breadth(accounts));
  accounts[0].charts = accounts[0].charts_before = {};
  EXPECT_FALSE(fit_breadth(accounts));
}

// Of two whose own PoH is 1, or nobody knows.
double weight_of(const BreadthNorm& norm, const Signature& a, const Signature& b) {
  return link_weight(std::min(outlyingness_of(norm, {}, a, 1), outlyingness_of(norm, {}, b, 1)), {}, a, b);
}

TEST(Outlyingness, is_breadth_and_rises_by_one_with_every_power_of_ten_of_the_poh_within_bounds) {
  const ExampleWorld world(13);
  Random random(14);
  const auto norm = norm_of(honest_accounts(world, 200, 20, random));
  const auto narrow = world.account(ExampleWorld::some(4, random), 60, random);
  const double breadth = breadth_of(norm, narrow);
  EXPECT_DOUBLE_EQ(outlyingness_of(norm, {}, narrow, 1), breadth);
  EXPECT_NEAR(outlyingness_of(norm, {}, narrow, .1F), breadth + 1, 1e-6);
  EXPECT_NEAR(outlyingness_of(norm, {}, narrow, .01F), breadth + 2, 1e-6);
  EXPECT_NEAR(outlyingness_of(norm, {}, narrow, kPohLeast), breadth + 3, 1e-6);
  EXPECT_EQ(outlyingness_of(norm, {}, narrow, 0), outlyingness_of(norm, {}, narrow, kPohLeast));
  LinkOptions heavy, none;
  heavy.poh_decade = 100;
  none.poh_decade = 0;
  EXPECT_EQ(outlyingness_of(norm, heavy, narrow, .1F), kOutlyingnessMax);
  EXPECT_EQ(outlyingness_of(norm, none, narrow, 0), breadth);
}

TEST(Links, bind_those_of_low_poh_together) {
  const ExampleWorld world(15);
  Random random(16);
  const auto accounts = honest_accounts(world, 400, 20, random);
  const auto norm = norm_of(accounts);
  std::vector<float> pohs(accounts.size(), .6F);
  for (std::size_t i = 0; i < 40; ++i) pohs[i] = .002F;
  LinkOptions options;
  options.outlying_coordinate = 1;
  // Share of the links of the forty that lead to another of them.
  const auto among = [&](const std::vector<Link>& links) {
    double both = 0, any = 0;
    for (const auto& link : links) both += link.b < 40 ? 1 : 0, any += link.a < 40 ? 1 : 0;
    return both / any;
  };
  EXPECT_GT(among(find_links(accounts, pohs, norm, options)), .5);
  EXPECT_LT(among(find_links(accounts, {}, norm, options)), .2);
}

TEST(Links, weigh_more_the_nearer_and_the_broader_both_are) {
  const ExampleWorld world(5);
  Random random(6);
  const auto norm = norm_of(honest_accounts(world, 200, 20, random));
  const auto broad = ExampleWorld::some(60, random), narrow = ExampleWorld::some(4, random);
  const auto a = world.account(broad, 60, random), b = world.account(broad, 60, random);
  const auto c = world.account(narrow, 60, random), d = world.account(narrow, 60, random);
  EXPECT_GT(weight_of(norm, a, b), 2 * weight_of(norm, c, d));
  EXPECT_GT(weight_of(norm, c, d), 2 * weight_of(norm, a, c));
  EXPECT_EQ(weight_of(norm, a, b), weight_of(norm, b, a));
}

// Every pair in which one is among the other's nearest, by a plain search.
std::set<std::pair<std::uint32_t, std::uint32_t>> slow_pairs(const std::vector<Signature>& accounts,
                                                             const BreadthNorm& norm, const LinkOptions& options) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
  std::vector<std::vector<double>> places;
  for (const auto& account : accounts) {
    const auto mean = mean_point(account);
    places.emplace_back(mean.begin(), mean.end());
    places.back().push_back(options.outlying_coordinate * breadth_of(norm, account));
  }
  for (std::uint32_t i = 0; i < accounts.size(); ++i) {
    std::vector<std::pair<double, std::uint32_t>> others;
    for (std::uint32_t j = 0; j < accounts.size(); ++j) {
      if (i == j) continue;
      double sum = 0;
      for (std::size_t d = 0; d < places[i].size(); ++d) sum += std::pow(places[i][d] - places[j][d], 2);
      others.emplace_back(sum, j);
    }
    std::sort(others.begin(), others.end());
    for (std::size_t k = 0; k < std::min<std::size_t>(options.neighbours, others.size()); ++k) {
      pairs.insert({std::min(i, others[k].second), std::max(i, others[k].second)});
    }
  }
  return pairs;
}

double recall(const std::vector<Link>& links, const std::set<std::pair<std::uint32_t, std::uint32_t>>& pairs) {
  double found = 0;
  for (const auto& link : links) found += pairs.contains({link.a, link.b}) ? 1 : 0;
  return found / static_cast<double>(pairs.size());
}

TEST(Links, are_those_of_a_plain_search_and_nearly_those_with_cells) {
  const ExampleWorld world(7);
  Random random(8);
  for (const std::size_t count : {5U, 300U, 2'500U}) {
    const auto accounts = honest_accounts(world, count, 20, random);
    const auto norm = count < 20 ? BreadthNorm{} : norm_of(accounts);
    const auto links = find_links(accounts, {}, norm, {});
    const auto pairs = slow_pairs(accounts, norm, {});
    EXPECT_GE(recall(links, pairs), count < 2'048 ? .9999 : .9);
    EXPECT_TRUE(std::is_sorted(links.begin(), links.end(), [](const Link& x, const Link& y) {
      return std::pair(x.a, x.b) < std::pair(y.a, y.b);
    }));
    for (const auto& link : links) EXPECT_LT(link.a, link.b);
  }
}

TEST(Links, are_the_same_with_any_number_of_threads_also_where_many_accounts_are_equal) {
  const ExampleWorld world(9);
  Random random(10);
  auto accounts = honest_accounts(world, 2'500, 20, random);
  const auto norm = norm_of(accounts);
  for (std::size_t i = 0; i < accounts.size(); i += 3) accounts[i] = accounts[i % 30];
  const int threads = omp_get_max_threads();
  for (const double style : {0., 8.}) {
    const LinkOptions options{.style = style, .style_outlying = -3.5};  // all may have them: more than one cell
    omp_set_num_threads(1);
    const auto alone = find_links(accounts, {}, norm, options);
    omp_set_num_threads(4);
    EXPECT_EQ(find_links(accounts, {}, norm, options), alone);
    omp_set_num_threads(threads);
  }
}

TEST(Links, weigh_what_topic_and_outlyingness_say_to_the_bit_without_style_or_where_nobody_is_odd_enough) {
  const ExampleWorld world(25);
  Random random(26);
  const auto accounts = honest_accounts(world, 300, 20, random);
  const auto norm = norm_of(accounts);
  std::vector<float> pohs;
  for (std::size_t i = 0; i < accounts.size(); ++i) pohs.push_back(i % 3 == 0 ? .001F : .5F);
  const auto outlyingness = outlyingness_of(norm, {}, accounts, pohs);
  const auto links = find_links(accounts, pohs, norm, {});
  for (const auto& link : links) {
    const double apart = std::max(0.0, distance_squared(accounts[link.a], accounts[link.b])) / .05;
    const double weight = std::exp(std::min(outlyingness[link.a], outlyingness[link.b]) - apart);
    EXPECT_EQ(link.weight, kWeightUnit * std::round(weight / kWeightUnit));
  }
  EXPECT_EQ(find_links(accounts, pohs, norm, {.style_outlying = -4}), links);
  EXPECT_EQ(find_links(accounts, pohs, norm, {.style = 8, .style_outlying = kOutlyingnessMax}), links);
  EXPECT_NE(find_links(accounts, pohs, norm, {.style = 8, .style_outlying = -4}), links);
}

TEST(Links, by_style_of_some_accounts_are_those_links_of_all_that_they_proposed) {
  const ExampleWorld world(27);
  Random random(28);
  const auto accounts = honest_accounts(world, 300, 20, random);
  const auto norm = norm_of(accounts);
  const LinkOptions options{.style = 8, .style_outlying = 0};
  const std::vector<std::uint32_t> some = {299, 7, 100};
  const auto all = find_links(accounts, {}, norm, options);
  for (const auto& link : find_links(accounts, {}, norm, options, some)) {
    EXPECT_TRUE(std::ranges::find(all, link) != all.end());
    EXPECT_TRUE(std::ranges::any_of(some, [&](std::uint32_t one) { return one == link.a || one == link.b; }));
  }
}

// Thirty teams of ten with three charts each, nobody else's; then one account more in the charts of each of the first
// twenty, all of one style. These look odd by themselves, and so does one of every team.
TEST(Links, by_style_gather_those_of_one_campaign_whose_topics_are_far_apart) {
  const ExampleWorld world(29);
  Random random(30);
  const auto style = ExampleWorld::direction(random);
  std::vector<Signature> accounts;
  std::vector<float> pohs;
  const auto charts = [](std::uint32_t team) { return std::vector{3 * team, 3 * team + 1, 3 * team + 2}; };
  for (std::uint32_t i = 0; i < 300; ++i) {
    accounts.push_back(world.account(charts(i / 10), 60, random));
    pohs.push_back(i % 10 == 0 ? .001F : 1);
  }
  const auto norm = norm_of(accounts);
  const std::vector<std::vector<Link>> honest = {find_links(accounts, pohs, norm, {})};
  CommunityOptions communities;
  communities.null = fit_null(honest);
  for (std::uint32_t team = 0; team < 20; ++team) {
    accounts.push_back(world.account(charts(team), 60, random, style));
    pohs.push_back(.001F);
  }
  // Most members in one community, and how many others are there.
  const auto together = [&](const LinkOptions& options) {
    const auto links = find_links(accounts, pohs, norm, options);
    std::pair<std::ptrdiff_t, std::ptrdiff_t> most;
    const auto found = find_communities(static_cast<std::uint32_t>(accounts.size()), links, communities);
    EXPECT_TRUE(found);
    if (!found) return most;
    for (const auto& one : *found) {
      const auto members = std::ranges::count_if(one, [](std::uint32_t account) { return account >= 300; });
      most = std::max(most, {members, std::ssize(one) - members});
    }
    return most;
  };
  EXPECT_LE(together({}).first, 4);
  EXPECT_EQ(together({.style = 12}), std::pair(std::ptrdiff_t{20}, std::ptrdiff_t{0}));
}

TEST(Links, of_some_accounts_are_those_links_of_all_that_they_proposed) {
  const ExampleWorld world(17);
  Random random(18);
  const auto accounts = honest_accounts(world, 300, 20, random);
  const auto norm = norm_of(accounts);
  const std::vector<std::uint32_t> some = {7, 100, 299};
  const auto all = find_links(accounts, {}, norm, {});
  const auto theirs = find_links(accounts, {}, norm, {}, some);
  EXPECT_GE(theirs.size(), LinkOptions{}.neighbours);
  for (const auto& link : theirs) {
    EXPECT_TRUE(std::ranges::find(all, link) != all.end());
    EXPECT_TRUE(std::ranges::any_of(some, [&](std::uint32_t one) { return one == link.a || one == link.b; }));
  }
}

TEST(Links, lead_past_accounts_too_young_to_judge_to_others) {
  const ExampleWorld world(21);
  Random random(22);
  auto accounts = honest_accounts(world, 60, 20, random);
  const auto norm = norm_of(accounts);
  const auto alone = find_links(accounts, {}, norm, {});
  for (std::size_t i = 0; i < 60; ++i) {  // each has a young twin nearby
    auto young = accounts[i];
    young.requests = kRequestsMin - 1;
    accounts.push_back(young);
  }
  EXPECT_EQ(find_links(accounts, {}, norm, {}), alone);
}

TEST(Links, between_accounts_too_far_apart_for_a_weight_are_none) {
  const ExampleWorld world(23);
  Random random(24);
  const auto accounts = honest_accounts(world, 100, 20, random);
  LinkOptions near;
  near.distance_scale = 1e-3;
  const auto norm = norm_of(accounts);
  EXPECT_LT(find_links(accounts, {}, norm, near).size(), find_links(accounts, {}, norm, {}).size());
  for (const auto& link : find_links(accounts, {}, norm, near)) EXPECT_GE(link.weight, kWeightUnit);
}

TEST(Links, leave_out_accounts_too_young_to_judge) {
  const ExampleWorld world(11);
  Random random(12);
  auto accounts = honest_accounts(world, 100, 20, random);
  const auto norm = norm_of(accounts);
  accounts[3] = world.account({1, 2}, kRequestsMin - 1, random);
  for (const auto& link : find_links(accounts, {}, norm, {})) {
    EXPECT_NE(link.a, 3U);
    EXPECT_NE(link.b, 3U);
  }
}

TEST(Links, of_nobody_are_none) { EXPECT_TRUE(find_links({}, {}, BreadthNorm{}, {}).empty()); }

}  // namespace
}  // namespace cms::fleet
