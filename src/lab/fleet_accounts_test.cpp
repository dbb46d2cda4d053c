#include "lab/fleet_accounts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "lab/corpus_example.hpp"

namespace cms::lab {
namespace {

FleetOptions small() {
  FleetOptions options;
  options.accounts = 120;
  options.group_max = 40;
  options.requests_max = 60;
  return options;
}

TEST(HonestFleet, has_its_accounts_groups_of_every_kind_and_no_text_twice_in_an_account) {
  const auto corpus = example(1).corpus();
  const auto pool = people(corpus);
  Random random(2);
  const auto fleet = honest_fleet(corpus, pool, small(), random);
  EXPECT_EQ(fleet.accounts.size(), 120U);
  ASSERT_EQ(fleet.groups.size(), fleet.accounts.size());
  std::set<std::string> kinds(fleet.kinds.begin(), fleet.kinds.end());
  EXPECT_GE(kinds.size(), 2U);
  for (std::size_t a = 0; a < fleet.accounts.size(); ++a) {
    expect_sound(corpus, fleet.accounts[a], pool, {60, 30});
    if (fleet.groups[a] != kNoGroup) {
      EXPECT_EQ(fleet.accounts[a].kind, fleet.kinds[fleet.groups[a]]);
    }
  }
  const auto grouped = std::count_if(fleet.groups.begin(), fleet.groups.end(), [](auto g) { return g != kNoGroup; });
  EXPECT_LE(grouped, 48);
  EXPECT_GE(grouped, 38);
}

TEST(HonestFleet, has_no_batch_jobs_where_they_are_declared) {
  const auto corpus = example(1).corpus();
  auto options = small();
  options.accounts = 400;
  for (const bool declared : {false, true}) {
    options.jobs_declared = declared;
    Random random(3);
    const auto fleet = honest_fleet(corpus, people(corpus), options, random);
    EXPECT_EQ(fleet.accounts.size(), 400U);
    EXPECT_EQ(std::ranges::count(fleet.kinds, "job") == 0, declared);
    EXPECT_EQ(std::ranges::count(fleet.accounts, "batch", &ComposedAccount::kind) == 0, declared);
  }
}

TEST(HonestGroup, stays_in_the_families_its_kind_says) {
  const auto corpus = example(3).corpus();
  const auto pool = people(corpus);
  Random random(4);
  for (int round = 0; round < 5; ++round) {
    for (const auto& [kind, most] : {std::pair("team", 3U), std::pair("job", 1U)}) {
      const auto group = honest_group(corpus, pool, kind, 12, small(), random);
      ASSERT_EQ(group.accounts.size(), 12U);
      std::set<std::uint32_t> families;
      for (const auto& account : group.accounts) families.merge(families_of(corpus, account.rows));
      EXPECT_LE(families.size(), most) << kind;
    }
    for (const auto& account : honest_group(corpus, pool, "proxy", 12, small(), random).accounts) {
      EXPECT_LE(families_of(corpus, account.rows).size(), 7U);
    }
  }
}

TEST(Campaigns, of_every_kind_hold_no_text_twice_in_an_account_and_keep_to_their_pools) {
  const auto corpus = example(5).corpus();
  const auto stream = distillers(corpus), cover = people(corpus);
  for (const std::string kind : kCampaignKinds) {
    Random random(6);
    const auto accounts = campaign(corpus, {stream, cover}, {kind, 8, 40}, random);
    ASSERT_GE(accounts.size(), 6U) << kind;
    for (const auto& account : accounts) {
      EXPECT_EQ(distinct_texts(corpus, account.rows), account.rows.size()) << kind;
      EXPECT_LE(account.rows.size(), 40U);
      EXPECT_GE(account.rows.size(), kind == "staggered" ? 16U : 40U) << kind;
      for (std::size_t i = 0; i < account.rows.size(); ++i) {
        const auto origin = corpus.rows[account.rows[i]].origin;
        EXPECT_EQ(origin == Origin::distiller, account.from_attacker[i]);
        if (!kind.starts_with("proxied") && !kind.starts_with("diluted")) {
          EXPECT_TRUE(account.from_attacker[i]);
        }
      }
    }
  }
}

TEST(Campaigns, in_disjoint_slices_share_no_text_and_rotated_ones_use_every_text_before_any_twice) {
  const auto corpus = example(7).corpus();
  const auto stream = distillers(corpus);
  Random random(8);
  const auto sliced = campaign(corpus, {stream, {}}, {"slices", 8, 40}, random);
  EXPECT_EQ(shared_texts(corpus, sliced, 200, random), 0);
  const auto rotated = campaign(corpus, {stream, {}}, {"rotated", 8, 40}, random);
  std::set<std::uint32_t> texts;
  for (const auto& account : rotated) {
    for (const auto row : account.rows) texts.insert(corpus.rows[row].text_id);
  }
  EXPECT_GE(texts.size(), 250U);  // of 320 requests; families share some texts
}

TEST(SharedTexts, are_all_of_equal_accounts_and_none_of_disjoint_ones) {
  const auto corpus = example(9).corpus();
  Random random(10);
  const auto pool = people(corpus);
  const auto rows = draw(corpus, pool, 60, random);
  const std::vector<std::uint32_t> first(rows.begin(), rows.begin() + 30), second(rows.begin() + 30, rows.end());
  const ComposedAccount equal[] = {account_of("a", first, false), account_of("b", first, false)};
  const ComposedAccount other[] = {account_of("a", first, false), account_of("b", second, false)};
  EXPECT_DOUBLE_EQ(shared_texts(corpus, equal, 10, random), 1);
  EXPECT_DOUBLE_EQ(shared_texts(corpus, other, 10, random), 0);
}

}  // namespace
}  // namespace cms::lab
