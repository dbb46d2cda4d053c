#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "fleet/campaign_example.hpp"
#include "fleet/looks.hpp"

namespace cms::fleet {
namespace {

constexpr std::uint32_t kLooks = 4;
using Looks = std::vector<std::vector<Members>>;

TEST(Looks, a_community_has_become_the_one_that_most_of_its_members_are_in) {
  const Looks looks = {{{0, 1, 2}, {3, 4, 5}}, {{0, 3, 4}, {1, 2}, {6}}};
  const auto followed = follow_communities(7, looks);
  EXPECT_EQ(followed.count, 3U);
  EXPECT_EQ(followed.numbers[0][0], followed.numbers[1][1]);
  EXPECT_EQ(followed.numbers[0][1], followed.numbers[1][0]);
}

TEST(Looks, of_equals_the_one_with_the_lowest_account_goes_on_in_whatever_order_they_come) {
  for (const auto& last : {std::vector<Members>{{0, 5}, {1, 2}}, std::vector<Members>{{1, 2}, {0, 5}}}) {
    const auto followed = follow_communities(6, Looks{{{0, 1}}, last});
    const std::size_t lowest = last[0].front() == 0 ? 0 : 1;
    EXPECT_EQ(followed.numbers[0][0], followed.numbers[1][lowest]);
  }
}

TEST(Looks, who_is_in_no_community_for_a_while_is_followed_over_the_gap_and_who_is_never_again_ends) {
  const auto followed = follow_communities(9, Looks{{{0, 1}, {6, 7}}, {{6, 7, 8}}, {{0, 1, 2}}});
  EXPECT_EQ(followed.count, 2U);
  EXPECT_EQ(followed.numbers[0][0], followed.numbers[2][0]);
  EXPECT_EQ(followed.numbers[0][1], followed.numbers[1][0]) << "ended, and is one all the same";
  EXPECT_NE(followed.numbers[1][0], followed.numbers[2][0]);
}

TEST(Looks, see_an_equal_share_more_of_an_account_each_time_and_at_last_all_of_it) {
  for (const std::size_t requests : {0U, 1U, 3U, 4U, 30U, 149U}) {
    std::size_t before = 0;
    for (std::size_t look = 0; look < kLooks; ++look) {
      const auto sent = sent_at(look, kLooks, requests);
      EXPECT_GE(sent * kLooks, requests * (look + 1));
      EXPECT_LT(sent * kLooks, requests * (look + 1) + kLooks) << "no more than the rounding";
      EXPECT_GE(sent, before);
      before = sent;
    }
    EXPECT_EQ(before, requests);
  }
}

TEST(Looks, know_a_community_by_the_lowest_poh_and_the_most_evidence_that_it_ever_has) {
  const auto campaign = [](Members members, double poh) {
    Campaign made;
    made.members = std::move(members);
    made.poh = poh;
    made.evidence = -std::log(poh);
    return made;
  };
  const std::vector<std::vector<Campaign>> looks = {{campaign({0, 1}, .02), campaign({5, 6}, .3)},
                                                    {campaign({0, 1, 2}, .4)},
                                                    {campaign({0, 1, 2}, .1), campaign({7, 8}, 1)}};
  auto least = least_standings(9, looks);
  std::ranges::sort(least, {}, &LeastStanding::poh);
  ASSERT_EQ(least.size(), 3U);
  const double expected[] = {.02, .3, 1};
  for (std::size_t c = 0; c < least.size(); ++c) {
    EXPECT_EQ(least[c].poh, expected[c]);
    EXPECT_EQ(least[c].evidence, -std::log(expected[c]));
  }
}

// Honest fleets that go on for kLooks looks; one account in forty is a suspect by then, and each at its own time.
std::vector<HonestFleet> fleets_that_go_on(const ExampleWorld& world, int count, Random& random) {
  auto fleets = honest_fleets(world, count, random, kLooks);
  for (auto& fleet : fleets) {
    for (auto& look : fleet.earlier) look.pohs.assign(fleet.accounts.size(), .5F);
    fleet.pohs.assign(fleet.accounts.size(), .5F);
    for (std::size_t a = 0; a < fleet.accounts.size(); ++a) {
      if (random.below(40) > 0) continue;
      const auto from = random.below(kLooks), until = from + 1 + random.below(2);  // looks; it recovers
      for (auto look = from; look < std::min<std::size_t>(until, kLooks); ++look) {
        (look + 1 < kLooks ? fleet.earlier[look].pohs : fleet.pohs)[a] = .01F;
      }
    }
  }
  return fleets;
}

// The lowest PoH that each community of a fleet ever has.
std::vector<double> lowest_ever(const CampaignCalibration& calibration, const HonestFleet& fleet) {
  std::vector<std::vector<Campaign>> looks;
  const auto look_at = [&](std::span<const Signature> accounts, Pohs own) {
    auto found = find_campaigns(calibration, accounts, 0, own);
    ASSERT_TRUE(found);
    looks.push_back(std::move(*found));
  };
  for (const auto& look : fleet.earlier) look_at(look.accounts, look.pohs);
  look_at(fleet.accounts, fleet.pohs);
  std::vector<double> lowest;
  for (const auto& least : least_standings(static_cast<std::uint32_t>(fleet.accounts.size()), looks)) {
    lowest.push_back(least.poh);
  }
  return lowest;
}

// Over freshly drawn honest fleets, looked at as often as those that rank, a community is ever at PoH <= a with
// probability at most a. Ranked by their last look alone more are: looks count.
TEST(Looks, ever_flag_honest_communities_no_more_often_than_it_says) {
  const ExampleWorld world(31);
  Random random(32);
  constexpr std::array levels = {.01, .05, .1, .25};
  std::array<double, 4> hits{}, once_hits{};
  double communities = 0, ranked = 0;
  for (int round = 0; round < 2; ++round) {
    auto fleets = fleets_that_go_on(world, 70, random);
    const auto calibration = calibrate(fleets, small_options());
    for (auto& fleet : fleets) fleet.earlier.clear();
    const auto once = calibrate(fleets, small_options());
    ASSERT_TRUE(calibration && once);
    EXPECT_GE(calibration->suspects, 0);
    EXPECT_GT(calibration->looks, 1U);
    EXPECT_EQ(once->looks, 1U);
    EXPECT_LE(campaign_poh_min(*calibration), levels.front());
    for (const auto& [kind, evidence] : calibration->rankings) ranked += static_cast<double>(evidence.size());
    for (const auto& fresh : fleets_that_go_on(world, 12, random)) {
      const auto ever = lowest_ever(*calibration, fresh), by_last = lowest_ever(*once, fresh);
      ASSERT_EQ(ever.size(), by_last.size());
      communities += static_cast<double>(ever.size());
      for (std::size_t l = 0; l < levels.size(); ++l) {
        const auto within = [&](double poh) { return poh <= levels[l]; };
        hits[l] += static_cast<double>(std::ranges::count_if(ever, within));
        once_hits[l] += static_cast<double>(std::ranges::count_if(by_last, within));
      }
    }
  }
  const auto error = [&](double a) { return std::sqrt(a * (1 - a) * (1 / communities + 1 / ranked)); };
  for (std::size_t l = 0; l < levels.size(); ++l) {
    EXPECT_LE(hits[l] / communities, levels[l] + 3 * error(levels[l])) << levels[l];
  }
  EXPECT_GT(once_hits[3] / communities, levels[3] + 2 * error(levels[3])) << "the test would not notice";
}

TEST(Looks, raise_what_ranks_and_leave_the_evidence_as_it_is) {
  const ExampleWorld world(33);
  Random random(34);
  auto fleets = honest_fleets(world, 8, random, kLooks);
  const auto ever = calibrate(fleets, small_options());
  for (auto& fleet : fleets) fleet.earlier.clear();
  const auto once = calibrate(fleets, small_options());
  ASSERT_TRUE(ever && once);
  EXPECT_EQ(ever->coefficients, once->coefficients);
  EXPECT_EQ(ever->breadth_tail.from, once->breadth_tail.from);
  for (const double evidence : {0.0, 1.0, 2.0, 4.0}) {
    EXPECT_GE(campaign_poh(*ever, evidence), campaign_poh(*once, evidence)) << evidence;
  }
}

TEST(Looks, at_which_nobody_has_sent_anything_yet_say_nothing) {
  const ExampleWorld world(35);
  Random random(36);
  auto fleets = honest_fleets(world, 8, random);
  const auto once = calibrate(fleets, small_options());
  for (auto& fleet : fleets) fleet.earlier = {{std::vector<Signature>(fleet.accounts.size())}};
  const auto ever = calibrate(fleets, small_options());
  ASSERT_TRUE(ever && once);
  EXPECT_EQ(ever->rankings, once->rankings);
}

TEST(Looks, at_other_accounts_are_refused) {
  const ExampleWorld world(37);
  Random random(38);
  auto fleets = honest_fleets(world, 8, random, 2);
  fleets[5].earlier[0].accounts.pop_back();
  const auto fewer = calibrate(fleets, small_options());
  ASSERT_FALSE(fewer);
  EXPECT_EQ(fewer.error().code, ErrorCode::bad_input);
  EXPECT_NE(fewer.error().message.find("honest fleet 5"), std::string::npos) << fewer.error().message;
  fleets = honest_fleets(world, 8, random, 2);
  fleets[3].earlier[0].pohs.assign(fleets[3].accounts.size(), 1);  // the last look has none
  EXPECT_FALSE(calibrate(fleets, small_options()));
}

}  // namespace
}  // namespace cms::fleet
