#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "fleet/campaign_example.hpp"

namespace cms::fleet {
namespace {

constexpr std::uint32_t kLooks = 4;

TEST(Looks, a_community_has_become_the_one_that_most_of_its_members_are_in) {
  const std::vector<std::uint32_t> places = {2, 2, 0, 0, kNoPlace, kNoPlace, 1};
  using Members = std::vector<std::uint32_t>;
  EXPECT_EQ(heir_of(places, Members{0, 1, 2}), 2U);
  EXPECT_EQ(heir_of(places, Members{0, 1, 2, 3}), 0U) << "of equals the lower";
  EXPECT_EQ(heir_of(places, Members{4, 5, 6}), 1U) << "who is in none has no say";
  EXPECT_EQ(heir_of(places, Members{4, 5}), kNoPlace);
}

// Communities of a fleet, and those that are flagged at any of its looks at each level.
template <std::size_t N>
void look_again_and_again(const CampaignCalibration& calibration, const HonestFleet& fleet,
                          const std::array<double, N>& levels, double& communities, std::array<double, N>& hits) {
  std::vector<std::uint32_t> places(fleet.accounts.size(), kNoPlace);
  const auto last = find_campaigns(calibration, fleet.accounts, 0);
  ASSERT_TRUE(last);
  for (std::uint32_t c = 0; c < last->size(); ++c) {
    for (const auto member : (*last)[c].members) places[member] = c;
  }
  std::set<std::pair<std::size_t, std::uint32_t>> all;
  std::array<std::set<std::pair<std::size_t, std::uint32_t>>, N> ever;
  const auto take = [&](std::size_t look, std::uint32_t c, const Campaign& one) {
    const auto heir = heir_of(places, one.members);
    const auto who = heir == kNoPlace ? std::pair(look, c) : std::pair(std::size_t{0}, heir);
    all.insert(who);
    for (std::size_t l = 0; l < N; ++l) {
      if (one.poh <= levels[l]) ever[l].insert(who);
    }
  };
  for (std::uint32_t c = 0; c < last->size(); ++c) take(0, c, (*last)[c]);
  for (std::size_t look = 0; look < fleet.earlier.size(); ++look) {
    const auto before = find_campaigns(calibration, fleet.earlier[look].accounts, 0);
    ASSERT_TRUE(before);
    for (std::uint32_t c = 0; c < before->size(); ++c) take(look + 1, c, (*before)[c]);
  }
  communities += static_cast<double>(all.size());
  for (std::size_t l = 0; l < N; ++l) hits[l] += static_cast<double>(ever[l].size());
}

// Over freshly drawn honest fleets, looked at as often as those that rank, a community is ever at PoH <= a with
// probability at most a. Ranked by their last look alone they are flagged more often: looks count.
TEST(Looks, ever_flag_honest_communities_no_more_often_than_it_says) {
  const ExampleWorld world(31);
  Random random(32);
  constexpr std::array levels = {.02, .05, .1, .25};
  std::array<double, 4> hits{}, once_hits{};
  double communities = 0, once_communities = 0, ranked = 0;
  for (int round = 0; round < 3; ++round) {
    auto fleets = honest_fleets(world, 20, random, kLooks);
    const auto calibration = calibrate(fleets, small_options());
    for (auto& fleet : fleets) fleet.earlier.clear();
    const auto once = calibrate(fleets, small_options());
    ASSERT_TRUE(calibration && once);
    for (const auto& [kind, evidence] : calibration->rankings) ranked += static_cast<double>(evidence.size());
    for (int f = 0; f < 6; ++f) {
      const auto fresh = honest_fleet(world, random, kLooks);
      look_again_and_again(*calibration, fresh, levels, communities, hits);
      look_again_and_again(*once, fresh, levels, once_communities, once_hits);
    }
  }
  for (std::size_t l = 0; l < levels.size(); ++l) {
    const double a = levels[l];
    EXPECT_LE(hits[l] / communities, a + 3 * std::sqrt(a * (1 - a) * (1 / communities + 1 / ranked))) << a;
    EXPECT_GE(once_hits[l], hits[l]) << a;
  }
  EXPECT_GT(once_hits[3] / once_communities, .25 + 3 * std::sqrt(.25 * .75 * (1 / communities + 1 / ranked)));
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
