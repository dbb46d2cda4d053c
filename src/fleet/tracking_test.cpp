#include "fleet/tracking.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "base/random.hpp"

namespace cms::fleet {
namespace {

constexpr TrackOptions kOptions{};

bool always(std::uint64_t) { return true; }

std::vector<std::uint64_t> between(std::uint64_t first, std::uint64_t end) {
  std::vector<std::uint64_t> members(end - first);
  std::iota(members.begin(), members.end(), first);
  return members;
}

std::vector<std::string> words(const TrackUpdate& update) {
  std::vector<std::string> said;
  for (const auto& event : update.events) said.emplace_back(name(event.change));
  return said;
}
using Words = std::vector<std::string>;

TEST(Tracking, flags_at_the_level_and_releases_only_beyond_half_more) {
  std::vector<TrackedCampaign> campaigns;
  const auto look = [&](double poh) {
    const std::vector<Sighting> seen{{between(0, 20), poh}};
    return words(track(campaigns, seen, 100, kOptions, always));
  };
  EXPECT_EQ(look(.0101), Words());
  EXPECT_EQ(look(.01), Words{"flagged"});
  const auto id = campaigns[0].id;
  for (const double poh : {.0149, .008, .0149, .012}) EXPECT_EQ(look(poh), Words());
  EXPECT_EQ(campaigns[0].id, id);
  EXPECT_LE(campaigns[0].held_poh, .01);
  EXPECT_EQ(campaigns[0].poh, .012);
  EXPECT_EQ(look(.0151), Words{"released"});
  EXPECT_TRUE(campaigns.empty());
  EXPECT_EQ(look(.0101), Words());
}

TEST(Tracking, a_held_poh_passes_any_threshold_upwards_only_with_half_more) {
  Random random(1);
  std::vector<TrackedCampaign> campaigns;
  const TrackOptions open{.level = 1, .release = 1.5, .grown = 1.25};
  const double threshold = .1;
  bool acted = false;
  for (int i = 0; i < 2000; ++i) {
    const double poh = .05 + .15 * random.uniform();
    const std::vector<Sighting> seen{{between(0, 9), poh}};
    track(campaigns, seen, i, open, always);
    acted = poh <= threshold || (acted && poh / 1.5 <= threshold);
    EXPECT_EQ(campaigns[0].held_poh <= threshold, acted) << i;
  }
}

TEST(Tracking, keeps_its_name_while_most_members_are_together) {
  std::vector<TrackedCampaign> campaigns;
  const std::vector<Sighting> first{{between(0, 40), .005}, {between(100, 140), .5}};
  track(campaigns, first, 1, kOptions, always);
  const auto id = campaigns.at(0).id;
  // A quarter leaves for others, strangers come.
  auto changed = between(10, 40);
  for (const auto stranger : between(200, 215)) changed.push_back(stranger);
  const std::vector<Sighting> second{{between(0, 10), .5}, {changed, .005}};
  EXPECT_EQ(words(track(campaigns, second, 2, kOptions, always)), Words());
  EXPECT_EQ(campaigns.at(0).id, id);
  EXPECT_EQ(campaigns.at(0).members, changed);
  // It falls into thirds: none has most of it.
  const std::vector<Sighting> third{{between(10, 25), .005}, {between(25, 40), .5}, {between(200, 215), .5}};
  EXPECT_EQ(words(track(campaigns, third, 3, kOptions, always)), (Words{"released", "flagged"}));
  EXPECT_NE(campaigns.at(0).id, id);
}

TEST(Tracking, members_that_have_left_the_fleet_do_not_count) {
  std::vector<TrackedCampaign> campaigns;
  const std::vector<Sighting> first{{between(0, 40), .005}};
  track(campaigns, first, 1, kOptions, always);
  const auto id = campaigns.at(0).id;
  const std::vector<Sighting> second{{between(30, 40), .005}};
  auto copy = campaigns;
  EXPECT_EQ(words(track(copy, second, 2, kOptions, always)), (Words{"released", "flagged"}));
  EXPECT_EQ(words(track(campaigns, second, 2, kOptions, [](std::uint64_t m) { return m >= 30; })), Words());
  EXPECT_EQ(campaigns.at(0).id, id);
}

TEST(Tracking, of_two_that_become_one_the_larger_part_goes_on) {
  std::vector<TrackedCampaign> campaigns;
  const std::vector<Sighting> two{{between(0, 10), .005}, {between(10, 40), .005}};
  track(campaigns, two, 1, kOptions, always);
  const auto larger = campaigns.at(1).id;
  const std::vector<Sighting> one{{between(0, 40), .005}};
  EXPECT_EQ(words(track(campaigns, one, 2, kOptions, always)), (Words{"released", "grown"}));
  ASSERT_EQ(campaigns.size(), 1U);
  EXPECT_EQ(campaigns[0].id, larger);
}

TEST(Tracking, growth_is_told_by_quarters) {
  std::vector<TrackedCampaign> campaigns;
  int told = 0;
  for (std::uint64_t members = 20; members < 200; ++members) {
    const std::vector<Sighting> seen{{between(0, members), .005}};
    for (const auto& word : words(track(campaigns, seen, 1, kOptions, always))) told += word == "grown" ? 1 : 0;
  }
  EXPECT_EQ(told, 10);  // at 25 32 40 50 63 79 99 124 155 194
}

TEST(Tracking, on_random_partitions_campaigns_are_disjoint_and_names_are_not_given_twice) {
  Random random(7);
  std::vector<TrackedCampaign> campaigns;
  std::set<std::uint64_t> ended, known;
  for (int round = 0; round < 300; ++round) {
    std::map<std::uint64_t, std::vector<std::uint64_t>> groups;
    for (std::uint64_t account = 0; account < 60; ++account) {
      const auto stays = random.below(5) > 0;
      groups[stays ? account / 12 : random.below(5)].push_back(account);
    }
    std::vector<Sighting> seen;
    for (auto& [group, members] : groups) {
      seen.push_back({members, random.uniform() < .5 ? .004 : .0125 + .01 * random.uniform()});
    }
    const auto update = track(campaigns, seen, round, kOptions, always);
    for (const auto& event : update.events) {
      if (event.change == CampaignChange::released) ended.insert(event.campaign.id);
      if (event.change != CampaignChange::flagged) continue;
      EXPECT_TRUE(known.insert(event.campaign.id).second);
    }
    ASSERT_EQ(update.seen.size(), campaigns.size());
    std::set<std::uint64_t> members;
    for (std::size_t i = 0; i < campaigns.size(); ++i) {
      EXPECT_FALSE(ended.contains(campaigns[i].id));
      EXPECT_LE(campaigns[i].held_poh, kOptions.level);
      EXPECT_EQ(campaigns[i].members, seen[update.seen[i]].members);
      for (const auto member : campaigns[i].members) EXPECT_TRUE(members.insert(member).second);
    }
  }
  EXPECT_GT(ended.size(), 10U);
}

TEST(Tracking, an_account_that_is_forgotten_is_in_none) {
  std::vector<TrackedCampaign> campaigns;
  const std::vector<Sighting> seen{{between(0, 10), .005}};
  track(campaigns, seen, 1, kOptions, always);
  forget(campaigns, 3);
  forget(campaigns, 77);
  EXPECT_EQ(campaigns[0].members, (std::vector<std::uint64_t>{0, 1, 2, 4, 5, 6, 7, 8, 9}));
}

TEST(Tracking, comes_back_from_its_bytes_and_damage_is_refused) {
  std::vector<TrackedCampaign> campaigns;
  const std::vector<Sighting> seen{{between(0, 10), .005}, {between(20, 44), .008}};
  track(campaigns, seen, 1.5, kOptions, always);
  const auto bytes = encode(campaigns);
  EXPECT_EQ(decode_campaigns(bytes)->campaigns, campaigns);
  EXPECT_FALSE(decode_campaigns(bytes)->by_pseudonym);
  EXPECT_TRUE(decode_campaigns(encode({}))->campaigns.empty());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_campaigns(std::span(bytes).first(size))) << size;
  }
  auto wrong = campaigns;
  wrong[0].members[3] = 2;
  EXPECT_FALSE(decode_campaigns(encode(wrong)));
  wrong = campaigns;
  wrong[1].poh = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(decode_campaigns(encode(wrong)));
  auto other = bytes;
  other[0] = 9;
  EXPECT_FALSE(decode_campaigns(other));
  other[0] = 1;  // as programs before 2026-11-27 wrote it
  EXPECT_EQ(decode_campaigns(other)->campaigns, campaigns);
  EXPECT_TRUE(decode_campaigns(other)->by_pseudonym);
}

TEST(Tracking, who_is_told_becomes_a_member_and_stays_one_while_kept) {
  std::vector<TrackedCampaign> campaigns;
  const auto see = [&](double poh, std::uint64_t told, std::uint64_t kept) {
    const std::vector<Sighting> seen{{between(0, 20), poh, false, between(0, told), between(0, kept)}};
    track(campaigns, seen, 1, {}, [](std::uint64_t) { return true; });
    return campaigns.empty() ? std::vector<std::uint64_t>() : campaigns[0].members;
  };
  EXPECT_EQ(see(.005, 10, 12), between(0, 10));
  const auto id = campaigns.at(0).id;
  EXPECT_EQ(see(.005, 2, 12), between(0, 10)) << "a few told, all of them kept";
  EXPECT_EQ(see(.005, 14, 20), between(0, 14));
  EXPECT_EQ(see(.012, 0, 6), between(0, 6)) << "above the level nobody comes in";
  EXPECT_EQ(see(.005, 3, 20), between(0, 6));
  EXPECT_EQ(campaigns.at(0).id, id) << "though most of its community are not members";
  EXPECT_EQ(see(.02, 0, 20), std::vector<std::uint64_t>()) << "released";
}

TEST(Tracking, of_a_community_that_is_told_of_nobody_and_keeps_nobody_nobody_is_a_member) {
  std::vector<TrackedCampaign> campaigns;
  const auto see = [&](std::uint64_t told) {
    const std::vector<Sighting> seen{{between(0, 20), .005, false, between(0, told), between(0, told)}};
    return words(track(campaigns, seen, 1, {}, always));
  };
  EXPECT_EQ(see(0), Words()) << "nobody is told of it";
  EXPECT_EQ(see(10), Words{"flagged"});
  EXPECT_EQ(see(0), Words()) << "its PoH is what it was";
  EXPECT_EQ(campaigns.at(0).members, std::vector<std::uint64_t>());
  EXPECT_EQ(see(0), Words{"released"}) << "there is nobody left to be together";
  EXPECT_TRUE(campaigns.empty());
}

}  // namespace
}  // namespace cms::fleet
