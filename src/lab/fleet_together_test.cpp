#include "lab/fleet_together.hpp"

#include <gtest/gtest.h>

namespace cms::lab {
namespace {

using Members = std::vector<std::uint32_t>;

fleet::Campaign community(Members members, double evidence, double poh, Members suspects) {
  fleet::Campaign made;
  made.members = std::move(members);
  made.evidence = evidence;
  made.poh = poh;
  made.suspects = std::move(suspects);
  return made;
}

// Ten honest accounts, of which 0 to 3 are a job's and 4 to 7 a team's, and five of a campaign, 10 to 14, of whom the
// last is in no community. The first community, most of it the campaign's, has taken in the third, which is honest.
struct World {
  World() {
    beside.accounts.resize(10);
    beside.groups = {0, 0, 0, 0, 1, 1, 1, 1, kNoGroup, kNoGroup};
    beside.kinds = {"job", "team"};
    for (auto& one : accounts) one.requests = 60;
    accounts[10].requests = kYoungRequests - 1;
    accounts[14].requests = kYoungRequests - 4;
    seen.communities = {community({8, 9, 10, 11, 12}, 9, .002, {10, 11, 12}),
                        community({0, 1, 2, 3, 13}, 7, .008, {3, 13}), community({4, 5, 6, 7}, 5.5, .03, {})};
    seen.campaigns = {community({4, 5, 6, 7, 8, 9, 10, 11, 12}, 4, .002, {10, 11, 12}), seen.communities[1]};
    seen.campaigns[0].communities = 2;
    seen.campaigns[0].breadth_poh = .001;  // so that all of it is told
  }
  CampaignRow judged() const {
    CampaignRow row;
    judge_together(seen, accounts, beside, row);
    return row;
  }
  ComposedFleet beside;
  std::vector<fleet::Signature> accounts = std::vector<fleet::Signature>(15);
  SeenTogether seen;
};

TEST(FleetTogether, a_campaign_has_the_evidence_of_the_part_that_has_most_not_what_was_gathered_has) {
  const World world;
  const auto flagged = flagged_by_evidence(world.seen);
  ASSERT_EQ(flagged.size(), 2U);
  EXPECT_EQ(flagged[0].campaign, &world.seen.campaigns[0]);
  EXPECT_EQ(flagged[0].evidence, 9);
  EXPECT_EQ(flagged[0].communities,
            (std::vector<const fleet::Campaign*>{&world.seen.communities[0], &world.seen.communities[2]}));
  EXPECT_EQ(flagged[1].evidence, 7);
  EXPECT_EQ(flagged[1].communities, std::vector<const fleet::Campaign*>{&world.seen.communities[1]});
}

TEST(FleetTogether, what_lies_above_the_level_is_not_flagged) {
  World world;
  for (auto& one : world.seen.campaigns) one.poh = .0101;
  EXPECT_TRUE(flagged_by_evidence(world.seen).empty());
  const auto row = world.judged();
  EXPECT_EQ(row.found, 0);
  EXPECT_TRUE(row.told.empty());
  EXPECT_TRUE(row.honest_communities_told.empty());
  EXPECT_FALSE(row.precision) << "nobody is told of";
  EXPECT_EQ(row.together, .6) << "though it is together";
}

TEST(FleetTogether, members_and_honest_accounts_are_counted_apart_in_all_and_by_campaign) {
  const auto row = World().judged();
  EXPECT_DOUBLE_EQ(row.found, .8);
  ASSERT_TRUE(row.precision);
  EXPECT_DOUBLE_EQ(*row.precision, 4. / 11);
  EXPECT_EQ(row.honest_told, 7U);
  ASSERT_EQ(row.told.size(), 2U);
  EXPECT_EQ(row.told[0].evidence, 9);
  EXPECT_DOUBLE_EQ(row.told[0].share, .6);
  EXPECT_EQ(row.told[0].honest, 6U);
  EXPECT_EQ(row.told[1].evidence, 7);
  EXPECT_DOUBLE_EQ(row.told[1].share, .2) << "of a community less than half of which are suspects these alone are told";
  EXPECT_EQ(row.told[1].honest, 1U);
  ASSERT_TRUE(row.found_young);
  EXPECT_DOUBLE_EQ(*row.found_young, .5);
}

TEST(FleetTogether, a_community_is_honest_by_more_than_half_and_counts_where_it_was_taken_in) {
  const auto row = World().judged();
  EXPECT_EQ(row.honest_communities, 2U);
  EXPECT_EQ(row.honest_communities_flagged, 1U) << "by itself";
  ASSERT_EQ(row.honest_communities_told.size(), 2U);
  EXPECT_EQ(row.honest_communities_told[0].evidence, 9) << "of the campaign that took it in";
  EXPECT_EQ(row.honest_communities_told[0].share, 1);
  EXPECT_EQ(row.honest_communities_told[1].evidence, 7);
  EXPECT_EQ(row.honest_groups, 2U);
  EXPECT_EQ(row.honest_groups_flagged, 1U) << "all of the team, one of the job";
}

TEST(FleetTogether, the_campaign_is_what_holds_most_of_it_and_its_parts_are_of_before) {
  const auto row = World().judged();
  EXPECT_DOUBLE_EQ(row.together, .6);
  EXPECT_DOUBLE_EQ(row.purity, 3. / 9);
  EXPECT_EQ(row.evidence, 4);
  EXPECT_EQ(row.poh, .002);
  ASSERT_EQ(row.parts.size(), 2U) << "the third has nobody of it";
  EXPECT_DOUBLE_EQ(row.parts[0].share, .6);
  EXPECT_DOUBLE_EQ(row.parts[0].purity, .6);
  EXPECT_EQ(row.parts[0].evidence, 9);
  EXPECT_DOUBLE_EQ(row.parts[1].share, .2);
  EXPECT_EQ(row.parts[1].poh, .008);
}

}  // namespace
}  // namespace cms::lab
