#include "fleet/communities.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.hpp"

namespace cms::fleet {
namespace {

// `groups` of `size` accounts; links inside with probability .5, between with `between`.
std::vector<Link> planted(std::uint32_t groups, std::uint32_t size, double between, Random& random) {
  std::vector<Link> links;
  for (std::uint32_t a = 0; a < groups * size; ++a) {
    for (std::uint32_t b = a + 1; b < groups * size; ++b) {
      if (random.uniform() < (a / size == b / size ? .5 : between)) links.push_back({a, b, .5 + random.uniform()});
    }
  }
  return links;
}

TEST(Communities, are_the_planted_groups) {
  Random random(1);
  const auto found = find_communities(80, planted(8, 10, .01, random), {1, 5, 1, {}});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 8U);
  for (std::uint32_t g = 0; g < 8; ++g) {
    ASSERT_EQ((*found)[g].size(), 10U);
    for (std::uint32_t i = 0; i < 10; ++i) EXPECT_EQ((*found)[g][i], 10 * g + i);
  }
}

// The best modularity over every partition of a few accounts, by trying them all.
double best_modularity(std::uint32_t count, const std::vector<Link>& links, double resolution, const NullModel& null) {
  std::vector<std::uint32_t> labels(count);
  double best = -1;
  const auto visit = [&](const auto& self, std::uint32_t account, std::uint32_t used) -> void {
    if (account == count) {
      std::vector<std::vector<std::uint32_t>> communities(used);
      for (std::uint32_t a = 0; a < count; ++a) communities[labels[a]].push_back(a);
      best = std::max(best, modularity(count, links, communities, resolution, null));
      return;
    }
    for (labels[account] = 0; labels[account] <= used; ++labels[account]) {
      self(self, account + 1, std::max(used, labels[account] + 1));
    }
  };
  visit(visit, 0, 0);
  return best;
}

TEST(Communities, are_nearly_as_good_as_the_best_of_all_partitions_of_small_graphs) {
  Random random(2);
  for (int round = 0; round < 20; ++round) {
    const auto links = planted(2, 4, .2, random);
    if (links.empty()) continue;
    for (const NullModel null : {NullModel{}, NullModel{3, 2}, NullModel{8, 1}}) {
      for (const double resolution : {.5, 1.0, 2.0}) {
        const auto found = find_communities(8, links, {resolution, 10, 1, null});
        ASSERT_TRUE(found);
        EXPECT_GE(modularity(8, links, *found, resolution, null), best_modularity(8, links, resolution, null) - .05);
      }
    }
  }
}

// A null model of the links at hand puts everybody else together beside heavy ones; an honest fleet's does not.
TEST(Communities, beside_heavy_links_are_what_they_are_without_them_under_the_null_model_of_others) {
  Random random(4);
  const std::vector<std::vector<Link>> honest = {planted(8, 10, .01, random), planted(8, 10, .01, random)};
  auto links = planted(8, 10, .01, random);
  const auto alone = find_communities(80, links, {2, 5, 1, fit_null(honest)});
  for (const auto& link : planted(1, 40, 0, random)) links.push_back({link.a + 80, link.b + 80, 100 * link.weight});
  const auto beside = find_communities(120, links, {2, 5, 1, fit_null(honest)});
  ASSERT_TRUE(alone && beside);
  EXPECT_EQ(alone->size(), 8U);
  ASSERT_EQ(beside->size(), alone->size() + 1);
  EXPECT_TRUE(std::equal(alone->begin(), alone->end(), beside->begin()));
  EXPECT_EQ(beside->back().size(), 40U);
  const auto by_all = find_communities(120, links, {2, 5, 1, {}});
  ASSERT_TRUE(by_all);
  EXPECT_FALSE(std::ranges::includes(*by_all, *alone)) << "the null model of the links at hand melts honest groups";
}

TEST(Communities, null_model_counts_the_fourth_root_beyond_what_nine_in_ten_do_not_exceed) {
  std::vector<std::vector<Link>> fleets(2);
  for (std::uint32_t i = 1; i <= 10; ++i) fleets[i % 2].push_back({2 * i, 2 * i + 1, static_cast<double>(i)});
  const auto fitted = fit_null(fleets);
  EXPECT_EQ(fitted.strength, 9);
  EXPECT_NEAR(fitted.mean, 110 / (18 + 2 * .9), 1e-4);
  EXPECT_NEAR(whole_of(fitted, 18 * kPresent + 2 * presence(10, fitted)), 55, 1e-9);
  EXPECT_EQ(presence(0, fitted), 0);
  EXPECT_EQ(presence(9, fitted), kPresent);
  EXPECT_EQ(presence(36, fitted), kPresent / 4);
  EXPECT_EQ(presence(1e30, fitted), 1);
  const NullModel null{100, 2};
  EXPECT_EQ(counted(1.5, null), 1.5);
  EXPECT_DOUBLE_EQ(counted(32, null), 4);
  EXPECT_EQ(counted(32, {}), 32);
  EXPECT_EQ(fit_null({}), NullModel{});
  EXPECT_EQ(fit_null(std::vector<std::vector<Link>>(3)), NullModel{});
}

TEST(Communities, are_equal_for_equal_seeds_and_hold_every_account_once) {
  Random random(3);
  const auto links = planted(20, 12, .05, random);
  const auto first = find_communities(250, links, {}), second = find_communities(250, links, {});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
  std::vector<std::uint32_t> all;
  for (const auto& members : *first) {
    EXPECT_TRUE(std::is_sorted(members.begin(), members.end()));
    all.insert(all.end(), members.begin(), members.end());
  }
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), 250U);  // the last ten have no links: each is alone
  for (std::uint32_t a = 0; a < 250; ++a) EXPECT_EQ(all[a], a);
  for (std::uint32_t a = 240; a < 250; ++a) {
    EXPECT_EQ((*first)[first->size() - 250 + a], std::vector<std::uint32_t>{a});
  }
}

TEST(Communities, of_nothing_are_nothing_and_bad_links_are_told) {
  EXPECT_TRUE(find_communities(0, {}, {})->empty());
  EXPECT_EQ(find_communities(3, {}, {})->size(), 3U);
  const Link bad[] = {{0, 3, 1}, {1, 1, 1}, {0, 1, 0}, {0, 1, -1}, {0, 1, std::numeric_limits<double>::infinity()}};
  for (const auto& link : bad) EXPECT_FALSE(find_communities(3, {&link, 1}, {}));
  // Told to stop, and not any more: nothing of the first call is left behind.
  Random random(5);
  const auto links = planted(8, 10, .01, random);
  EXPECT_FALSE(find_communities(80, links, {}, [] { return true; }));
  EXPECT_TRUE(find_communities(80, links, {}));
}

}  // namespace
}  // namespace cms::fleet
