#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "fleet/campaign.hpp"
#include "fleet/campaign_example.hpp"

namespace cms::fleet {
namespace {

constexpr double kLevel = .03;

// Honest accounts and one broad stream over 150 more, which modularity takes apart.
struct Parted {
  ExampleWorld world{31};
  Random random{32};
  CampaignCalibration calibration;
  HonestFleet fleet;
  std::size_t honest = 0;
  std::vector<Link> links;
  std::vector<Campaign> campaigns;

  Parted() {
    const auto options = small_options();
    calibration = *calibrate(honest_fleets(world, 24, random), options);
    fleet = honest_fleet(world, random);
    honest = fleet.accounts.size();
    const auto stream = ExampleWorld::some(90, random);
    for (int i = 0; i < 150; ++i) fleet.accounts.push_back(world.account(stream, 30, random));
    links = find_links(fleet.accounts, {}, calibration.breadth, options.links);
    campaigns = *find_campaigns(calibration, fleet.accounts, links);
  }
  [[nodiscard]] std::size_t members_in(const Campaign& one) const {
    return static_cast<std::size_t>(one.members.end() - std::ranges::lower_bound(one.members, honest));
  }
};

// Made once: its calibration takes longer than all that is asked of it.
const Parted& parted_fleet() {
  static const Parted made;
  return made;
}

// Of honest fleets whose accounts' own PoHs are known, three in a hundred of them suspects.
CampaignCalibration with_suspects(const ExampleWorld& world, Random& random) {
  auto fleets = honest_fleets(world, 24, random);
  for (auto& fleet : fleets) {
    for (std::size_t a = 0; a < fleet.accounts.size(); ++a) fleet.pohs.push_back(static_cast<float>(random.uniform()));
  }
  return *calibrate(fleets, small_options());
}

std::uint32_t communities_in(std::span<const Campaign> campaigns) {
  return std::accumulate(campaigns.begin(), campaigns.end(), 0U,
                         [](std::uint32_t sum, const Campaign& one) { return sum + one.communities; });
}

TEST(Gather, makes_one_campaign_of_the_communities_that_a_stream_was_parted_into) {
  const auto& parted = parted_fleet();
  const auto split =
      std::ranges::count_if(parted.campaigns, [&](const auto& one) { return parted.members_in(one) > 4; });
  ASSERT_GE(split, 2) << "the stream is whole";
  const auto gathered = gather(parted.calibration, parted.fleet.accounts, parted.links, parted.campaigns, kLevel);
  EXPECT_GE(parted.members_in(gathered.front()), 120U);
  EXPECT_GE(gathered.front().communities, 2U);
  EXPECT_NE(reasons(parted.calibration, gathered.front()).find(" communities of one stream"), std::string::npos);
}

TEST(Gather, neither_loses_nor_invents_accounts_and_nobody_flagged_is_let_off) {
  const auto& parted = parted_fleet();
  const auto gathered = gather(parted.calibration, parted.fleet.accounts, parted.links, parted.campaigns, kLevel);
  EXPECT_EQ(communities_in(gathered), parted.campaigns.size());
  std::vector<std::uint32_t> before, after;
  for (const auto& one : parted.campaigns) before.insert(before.end(), one.members.begin(), one.members.end());
  for (const auto& one : gathered) {
    EXPECT_TRUE(std::ranges::is_sorted(one.members));
    after.insert(after.end(), one.members.begin(), one.members.end());
  }
  std::ranges::sort(before);
  std::ranges::sort(after);
  EXPECT_EQ(before, after);
  EXPECT_TRUE(std::ranges::is_sorted(gathered, {}, &Campaign::poh));
  const auto count = parted.fleet.accounts.size();
  const auto alone = flagged(parted.campaigns, count, kLevel), together = flagged(gathered, count, kLevel);
  for (std::size_t a = 0; a < count; ++a) EXPECT_LE(alone[a], together[a]) << a;
}

// Whoever ranks above the border stays outside, what was flagged for itself would be together, and a whole stands
// where the lowest of its parts does.
TEST(Gather, takes_in_low_communities_alone_and_only_where_the_case_is_no_weaker) {
  const auto& parted = parted_fleet();
  const auto gathered = gather(parted.calibration, parted.fleet.accounts, parted.links, parted.campaigns, kLevel);
  std::size_t wholes = 0;
  for (const auto& whole : gathered) {
    if (whole.communities == 1) continue;
    ++wholes;
    double least = 1;
    for (const auto& part : parted.campaigns) {
      if (!std::ranges::includes(whole.members, part.members)) continue;
      EXPECT_LE(part.poh, kTakenInMost);
      least = std::min(least, part.poh);
    }
    EXPECT_EQ(whole.poh, least);
    EXPECT_LE(judge(parted.calibration, parted.fleet.accounts, whole.members).poh, kLevel);
  }
  EXPECT_GE(wholes, 1U);
}

TEST(Gather, keeps_two_streams_apart_however_suspicious_both_are) {
  const ExampleWorld world(33);
  Random random(34);
  const auto calibration = with_suspects(world, random);
  const auto charts = ExampleWorld::some(40, random);
  const auto found = [&](std::span<const std::uint32_t> one, std::span<const std::uint32_t> other) {
    std::vector<Signature> accounts;
    for (int i = 0; i < 12; ++i) accounts.push_back(world.account({one.begin(), one.end()}, 40, random));
    for (int i = 0; i < 12; ++i) accounts.push_back(world.account({other.begin(), other.end()}, 40, random));
    const std::vector<float> pohs(accounts.size(), .001F);
    std::vector<Campaign> campaigns;
    for (std::uint32_t from : {0U, 12U}) {
      std::vector<std::uint32_t> members(12);
      std::iota(members.begin(), members.end(), from);
      campaigns.push_back(judge(calibration, accounts, std::move(members), pohs));
      EXPECT_LE(campaigns.back().poh, kLevel);
    }
    const std::vector<Link> links = {{3, 15, 1.0}};
    return gather(calibration, accounts, links, campaigns, kLevel, pohs).size();
  };
  const std::span all(charts);
  EXPECT_EQ(found(all.first(20), all.last(20)), 2U);
  EXPECT_EQ(found(all.first(20), all.first(20)), 1U);
}

// Half of the first are suspects, so all of it is told; of both together fewer are, and nine accounts would be let off.
TEST(Gather, refuses_what_would_let_somebody_off_who_is_told_of_a_part) {
  const ExampleWorld world(35);
  Random random(36);
  const auto calibration = with_suspects(world, random);
  const auto charts = ExampleWorld::some(8, random);
  std::vector<Signature> accounts;
  for (int i = 0; i < 80; ++i) accounts.push_back(world.account(charts, 40, random));
  std::vector<float> pohs(80, .5F);
  std::fill_n(pohs.begin(), 11, .001F);
  const auto gathered = [&](int suspects_of_60) {
    std::fill_n(pohs.begin() + 20, suspects_of_60, .001F);
    std::vector<std::uint32_t> first(20), second(60);
    std::iota(first.begin(), first.end(), 0U);
    std::iota(second.begin(), second.end(), 20U);
    const std::vector<Campaign> campaigns = {judge(calibration, accounts, first, pohs),
                                             judge(calibration, accounts, second, pohs)};
    EXPECT_EQ(told(campaigns[0], kLevel).size(), 20U);
    return gather(calibration, accounts, std::vector<Link>{{3, 30, 1.0}}, campaigns, kLevel, pohs).size();
  };
  EXPECT_EQ(gathered(27), 2U);
  EXPECT_EQ(gathered(40), 1U);
}

TEST(Gather, leaves_communities_alone_where_nothing_is_flagged_or_nothing_is_linked) {
  const auto& parted = parted_fleet();
  const auto nothing = gather(parted.calibration, parted.fleet.accounts, parted.links, parted.campaigns, 0);
  const auto unlinked = gather(parted.calibration, parted.fleet.accounts, {}, parted.campaigns, kLevel);
  EXPECT_EQ(nothing.size(), parted.campaigns.size());
  EXPECT_EQ(unlinked.size(), parted.campaigns.size());
}

TEST(Gather, is_what_find_campaigns_does_with_links_of_its_own) {
  const auto& parted = parted_fleet();
  const auto here = gather(parted.calibration, parted.fleet.accounts, parted.links, parted.campaigns, kLevel);
  const auto there = find_campaigns(parted.calibration, parted.fleet.accounts, kLevel);
  ASSERT_TRUE(there) << there.error().message;
  ASSERT_EQ(there->size(), here.size());
  for (std::size_t c = 0; c < here.size(); ++c) EXPECT_EQ((*there)[c].members, here[c].members);
}

}  // namespace
}  // namespace cms::fleet
