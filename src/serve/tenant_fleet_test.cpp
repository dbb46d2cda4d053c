#include "serve/tenant_fleet.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "base/hash.hpp"
#include "fleet/campaign_example.hpp"

namespace cms::serve {
namespace {

using fleet::ExampleWorld;

// An honest fleet, and a campaign of 40 accounts over most charts.
class World {
 public:
  World() {
    options.level = 1.5 * fleet::campaign_poh_min(calibration);
    const auto honest = fleet::honest_fleet(world, random).accounts;
    for (std::size_t i = 0; i < honest.size(); ++i) accounts["honest" + std::to_string(i)] = honest[i];
    made.emplace(calibration, options, std::vector<fleet::TrackedCampaign>());
  }
  void add_campaign(int members) {
    for (int i = 0; i < members; ++i) {
      accounts["campaign" + std::to_string(campaign++)] = world.account(all, 40, random);
    }
  }
  void put_all(double time = 1000) {
    for (const auto& [account, signature] : accounts) put(account, time);
  }
  void put(const std::string& account, double time = 1000) {
    made->put(account, stable_hash(account), {accounts.at(account), time});
  }
  // As a daemon does, with what the store keeps.
  void restart() {
    TenantFleet::Names names;
    for (const auto& [account, signature] : accounts) names[stable_hash(account)] = account;
    auto kept = fleet::decode_campaigns(fleet::encode(made->campaigns())).value();
    made.emplace(calibration, options, std::move(kept.campaigns), std::move(names));
  }
  std::vector<std::string> update(double now = 1000, bool filled = true) {
    std::vector<std::string> said;
    const auto events = made->update(now, filled).value();
    for (const auto& event : events) said.emplace_back(fleet::name(event.change));
    return said;
  }
  std::shared_ptr<const FleetPicture> picture() const { return made->picture(); }
  // Of the flagged campaign that holds most made-up members: all members, and how many are made up.
  std::pair<std::size_t, std::size_t> found() const {
    std::pair<std::size_t, std::size_t> most;
    for (const auto& one : picture()->flagged) {
      const auto made_up = std::ranges::count_if(one->members, [](const auto& member) {
        return member.account.starts_with("campaign");
      });
      if (static_cast<std::size_t>(made_up) > most.second) most = {one->members.size(), made_up};
    }
    return most;
  }

  // Made once: it takes a second.
  static const fleet::CampaignCalibration& calibrated() {
    static const auto made = [] {
      Random chance(1);
      return *fleet::calibrate(fleet::honest_fleets(ExampleWorld(1), 24, chance), fleet::small_options());
    }();
    return made;
  }

  ExampleWorld world{1};
  Random random{2};
  std::vector<std::uint32_t> all = ExampleWorld::some(80, random);
  fleet::CampaignCalibration calibration = calibrated();
  FleetOptions options;
  std::map<std::string, fleet::Signature> accounts;
  int campaign = 0;
  std::optional<TenantFleet> made;
};

using Words = std::vector<std::string>;

TEST(TenantFleet, finds_a_campaign_whole_and_no_honest_account_beside_it) {
  World world;
  world.put_all();
  EXPECT_EQ(world.update(), Words());
  world.add_campaign(40);
  world.put_all();
  EXPECT_EQ(world.update(), Words{"flagged"});
  const auto [members, made_up] = world.found();
  EXPECT_EQ(made_up, 40U);
  EXPECT_LE(members, 42U);
  const auto fleet = world.picture();
  EXPECT_EQ(fleet->members.size(), members);
  EXPECT_EQ(fleet->accounts, world.accounts.size());
  EXPECT_LE(fleet->poh_least, world.options.level);
  EXPECT_EQ(world.update(), Words());
}

TEST(TenantFleet, what_it_says_of_a_campaign_is_what_a_fresh_reading_of_its_members_says) {
  World world;
  world.add_campaign(30);
  world.put_all();
  world.update();
  for (int round = 0; round < 5; ++round) {
    world.add_campaign(3);
    for (int i = 0; i < world.campaign; i += 4) {
      auto& account = world.accounts["campaign" + std::to_string(i)];
      fleet::merge(account, world.world.account(world.all, 20, world.random));
    }
    world.put_all();
    world.update(1001 + round);
    ASSERT_EQ(world.picture()->flagged.size(), 1U);
    const auto& campaign = *world.picture()->flagged[0];
    std::vector<fleet::Signature> signatures;
    std::vector<std::uint32_t> members;
    std::uint64_t distinct = 0;
    for (const auto& member : campaign.members) {
      members.push_back(static_cast<std::uint32_t>(signatures.size()));
      signatures.push_back(world.accounts.at(member.account));
      distinct += signatures.back().requests;
      EXPECT_EQ(member.requests, signatures.back().requests);
      EXPECT_EQ(member.charts, fleet::chart_count(fleet::charts_of(signatures.back())));
    }
    const auto fresh = fleet::judge(world.calibration, signatures, members);
    EXPECT_EQ(campaign.accounts, fresh.reading.accounts);
    EXPECT_EQ(campaign.reading.requests, fresh.reading.requests);
    EXPECT_EQ(campaign.reading.charts, fresh.reading.charts);
    EXPECT_EQ(campaign.charts.size(), fresh.reading.charts);
    EXPECT_EQ(campaign.distinct, distinct);
    EXPECT_NEAR(campaign.reading.effective_charts, fresh.reading.effective_charts, 1e-9);
    EXPECT_NEAR(campaign.reading.distance, fresh.reading.distance, 1e-9);
    EXPECT_NEAR(campaign.poh, fresh.poh, 1e-12);
  }
}

TEST(TenantFleet, the_graph_links_members_by_their_places_and_holds_a_bounded_sample) {
  World world;
  world.calibration.options.communities.resolution = .2;  // more would cut it into pieces
  world.add_campaign(260);
  world.put_all();
  world.update();
  ASSERT_FALSE(world.picture()->flagged.empty());
  const auto& campaign = *world.picture()->flagged[0];
  ASSERT_GT(campaign.accounts, TenantFleet::kDrawnMax);
  EXPECT_EQ(campaign.drawn.size(), TenantFleet::kDrawnMax);
  std::set<std::string> members;
  for (const auto& member : campaign.members) members.insert(member.account);
  for (const auto& account : campaign.drawn) EXPECT_TRUE(members.contains(account));
  EXPECT_GT(campaign.links.size(), TenantFleet::kDrawnMax);
  for (const auto& link : campaign.links) {
    ASSERT_LT(link.a, campaign.drawn.size());
    ASSERT_LT(link.b, campaign.drawn.size());
    const auto &a = world.accounts.at(campaign.drawn[link.a]), &b = world.accounts.at(campaign.drawn[link.b]);
    const auto& options = world.calibration.options.links;
    const auto outlyingness = [&](const auto& one) {
      return fleet::outlyingness_of(world.calibration.breadth, options, one, 1);  // its calibration knows no PoH
    };
    EXPECT_NEAR(link.weight, fleet::link_weight(std::min(outlyingness(a), outlyingness(b)), options, a, b), 1e-6);
  }
}

TEST(TenantFleet, a_campaign_that_rests_is_released_and_its_name_leads_to_it_still) {
  World world;
  world.add_campaign(40);
  world.put_all(1000);
  world.update(1000);
  const auto id = world.picture()->flagged.at(0)->id;
  for (const auto& [account, signature] : world.accounts) {
    if (account.starts_with("honest")) world.put(account, 2000);
  }
  world.made->remove_idle(1500);
  EXPECT_EQ(world.update(2000), Words{"released"});
  EXPECT_TRUE(world.picture()->flagged.empty());
  EXPECT_TRUE(world.picture()->members.empty());
  ASSERT_EQ(world.picture()->released.size(), 1U);
  EXPECT_EQ(world.picture()->released[0]->id, id);
  EXPECT_EQ(world.picture()->released[0]->until, 2000);
}

TEST(TenantFleet, members_that_turn_to_one_honest_subject_release_it) {
  World world;
  world.add_campaign(40);
  world.put_all();
  world.update();
  for (auto& [account, signature] : world.accounts) {
    if (!account.starts_with("campaign")) continue;
    const auto own = ExampleWorld::some(4, world.random);
    signature = world.world.account(own, 60, world.random);
  }
  world.put_all(1100);
  EXPECT_EQ(world.update(1100), Words{"released"});
}

TEST(TenantFleet, after_a_restart_campaigns_hold_from_the_first_moment_and_keep_their_names) {
  World world;
  world.add_campaign(40);
  world.put_all();
  world.update();
  const auto before = world.picture();
  world.restart();
  EXPECT_EQ(world.update(1000, false), Words());
  const auto recalled = world.picture();
  ASSERT_EQ(recalled->flagged.size(), before->flagged.size());
  EXPECT_EQ(recalled->flagged[0]->id, before->flagged[0]->id);
  EXPECT_FALSE(recalled->flagged[0]->judged);
  for (const auto& [account, campaign] : before->members) EXPECT_TRUE(recalled->members.contains(account)) << account;
  world.put_all();
  EXPECT_EQ(world.update(1000, true), Words());
  const auto after = world.picture();
  EXPECT_EQ(after->flagged.at(0)->id, before->flagged[0]->id);
  EXPECT_EQ(after->flagged[0]->accounts, before->flagged[0]->accounts);
  EXPECT_EQ(after->flagged[0]->words, before->flagged[0]->words);
}

TEST(TenantFleet, who_is_erased_is_in_no_picture_and_the_place_goes_to_another) {
  World world;
  world.add_campaign(40);
  world.put_all();
  world.update();
  for (int i = 0; i < 10; ++i) world.made->remove({"campaign" + std::to_string(i)});
  EXPECT_EQ(world.found().second, 30U);  // at once
  world.update();
  EXPECT_EQ(world.found().second, 30U);
  EXPECT_EQ(world.made->accounts(), world.accounts.size() - 10);
  for (const auto& one : world.picture()->flagged) {
    EXPECT_TRUE(std::ranges::none_of(one->members, [](const auto& member) { return member.account == "campaign3"; }));
    EXPECT_TRUE(std::ranges::find(one->drawn, "campaign3") == one->drawn.end());
  }
  const auto bytes = world.made->bytes();
  world.add_campaign(10);
  for (int i = 40; i < 50; ++i) world.put("campaign" + std::to_string(i));
  world.update();
  EXPECT_EQ(world.found().second, 40U);
  EXPECT_LE(world.made->bytes(), bytes + bytes / 20);
  world.made->remove_idle(5000);
  world.update(6000);
  world.made->remove({"campaign45"});
  world.update(6001);
  ASSERT_FALSE(world.picture()->released.empty());
  for (const auto& one : world.picture()->released) {
    EXPECT_TRUE(std::ranges::none_of(one->members, [](const auto& member) { return member.account == "campaign45"; }));
  }
}

// True from its `calls`-th call on.
fleet::Stop after(int calls) {
  return [left = std::make_shared<int>(calls)] { return --*left < 0; };
}

TEST(TenantFleet, an_update_that_was_stopped_anywhere_changes_nothing_and_the_next_one_catches_up) {
  fleet::use_threads(1);
  World whole;
  whole.put_all();
  whole.add_campaign(40);
  whole.put_all();
  whole.update(1001);
  for (const bool running : {false, true}) {
    int calls = 0;
    for (bool done = false; !done; calls += 1 + calls / 2) {
      World world;
      world.put_all();
      if (running) world.update(999);
      const auto before = world.picture();
      world.add_campaign(40);
      world.put_all();
      done = world.made->update(1000, true, after(calls)).has_value();
      if (done) continue;
      EXPECT_EQ(world.picture(), before);
      EXPECT_TRUE(world.made->campaigns().empty());
      EXPECT_EQ(world.update(1001), Words{"flagged"}) << calls;
      EXPECT_EQ(world.made->campaigns(), whole.made->campaigns()) << calls;
      EXPECT_EQ(world.picture()->accounts, world.accounts.size());
    }
    EXPECT_GT(calls, 10);
  }
}

TEST(TenantFleet, of_more_accounts_than_it_may_hold_it_holds_a_sample_that_does_not_depend_on_who_came_first) {
  World world;
  world.options.accounts_max = 100;
  const auto sample = [&](bool backwards) {
    world.made.emplace(world.calibration, world.options, std::vector<fleet::TrackedCampaign>());
    std::vector<std::string> names, held;
    for (const auto& [account, signature] : world.accounts) names.push_back(account);
    if (backwards) std::ranges::reverse(names);
    for (const auto& name : names) world.put(name);
    for (const auto& [account, signature] : world.accounts) {
      if (world.made->holds(account)) held.push_back(account);
    }
    EXPECT_EQ(world.made->accounts(), 100U);
    world.update();
    EXPECT_TRUE(world.picture()->capped);
    return held;
  };
  ASSERT_GT(world.accounts.size(), 150U);
  const auto held = sample(false);
  EXPECT_EQ(sample(true), held);
  // In the week after, another one: nobody keeps a place for ever.
  for (int week = 1; week < 3; ++week) {
    for (const auto& [account, signature] : world.accounts) world.put(account, 1000);
    world.update(1000 + week * 7 * 86'400.0);
  }
  const auto stayed = std::ranges::count_if(held, [&](const auto& account) { return world.made->holds(account); });
  EXPECT_LT(stayed, 60);
  EXPECT_GT(stayed, 10);
}

TEST(TenantFleet, a_crowd_of_other_accounts_takes_no_members_place_before_or_after_a_restart) {
  World world;
  world.add_campaign(40);
  world.put_all();
  world.update();
  const auto most = world.accounts.size();
  world.options.accounts_max = static_cast<std::uint32_t>(most);
  const auto flood = [&](int first) {
    for (int i = first; i < first + 2'000; ++i) {
      const auto account = "flood" + std::to_string(i);
      world.accounts[account] = fleet::honest_accounts(world.world, 1, 16, world.random).front();
      world.put(account);
    }
  };
  const auto all_there = [&](const FleetPicture& fleet) {
    return fleet.members.size() >= 40 && std::ranges::all_of(fleet.members, [&](const auto& member) {
      return world.made->holds(member.first);
    });
  };
  world.restart();
  world.update(2000, false);
  flood(0);  // before the members' own signatures are read
  EXPECT_EQ(world.made->accounts(), most);
  world.put_all();
  EXPECT_EQ(world.made->accounts(), most);
  EXPECT_TRUE(all_there(*world.picture()));
  world.update(2000);
  const auto judged = world.picture();
  ASSERT_FALSE(judged->flagged.empty());
  flood(2'000);
  for (const auto& [account, campaign] : judged->members) EXPECT_TRUE(world.made->holds(account)) << account;
  EXPECT_EQ(world.made->accounts(), most);
}

// As narrow as a team: only that they are suspects gives them away, and what is no suspect is let be.
struct SuspiciousWorld : World {
  Random random{31};

  SuspiciousWorld() {
    auto fleets = fleet::honest_fleets(world, 24, random);
    for (auto& fleet : fleets) {
      for (std::size_t i = 0; i < fleet.accounts.size(); ++i) fleet.pohs.push_back(by_chance());
    }
    calibration = *fleet::calibrate(fleets, fleet::small_options());
    options.level = 1.5 * fleet::campaign_poh_min(calibration);
    made.emplace(calibration, options, std::vector<fleet::TrackedCampaign>());
    for (const auto& [account, signature] : accounts) {
      made->put(account, stable_hash(account), {signature, 1000, by_chance()});
    }
    const auto subject = ExampleWorld::some(10, random);
    for (int i = 0; i < 25; ++i) accounts[member(i)] = world.account(subject, 40, random);
  }

  float by_chance() { return random.below(40) == 0 ? .01F : .5F; }
  static std::string member(int i) { return "member" + std::to_string(i); }

  // Members from `first` on, as many as `count`, come to this PoH.
  void stand(int first, int count, float poh) {
    for (int i = first; i < first + count; ++i) {
      made->put(member(i), stable_hash(member(i)), {accounts.at(member(i)), 1000, poh});
    }
  }
};

TEST(TenantFleet, a_campaign_of_some_suspects_has_the_suspects_for_members_until_they_are_none) {
  SuspiciousWorld world;
  world.stand(0, 25, .5F);
  EXPECT_EQ(world.update(), Words());
  world.stand(0, 11, .02F);
  EXPECT_EQ(world.update(), Words{"flagged"});
  const auto members = world.picture()->members;
  for (int i = 0; i < 25; ++i) EXPECT_EQ(members.contains(world.member(i)), i < 11) << i;
  EXPECT_LE(members.size(), 14U);
  const auto id = world.picture()->flagged.at(0)->id;
  world.stand(0, 2, .04F);  // who wavers round what a suspect is stays a member
  EXPECT_EQ(world.update(), Words());
  EXPECT_EQ(world.picture()->flagged.at(0)->id, id);
  EXPECT_EQ(world.picture()->members.size(), members.size());
  world.stand(0, 25, .5F);
  EXPECT_EQ(world.update(2000), Words{"released"});
  EXPECT_TRUE(world.picture()->members.empty());
}

// The daemon's fleet links and judges as `cms fleet` does: what it flags is what find_campaigns() makes of the same,
// where nothing is gathered.
TEST(TenantFleet, flags_what_find_campaigns_does_of_the_same_accounts_and_pohs) {
  SuspiciousWorld world;
  std::vector<fleet::Signature> signatures;
  std::vector<float> pohs;
  std::vector<std::string> names;
  for (const auto& [account, signature] : world.accounts) {
    const bool member = account.starts_with("member");
    const float poh = member ? .004F : world.by_chance();
    names.push_back(account);
    signatures.push_back(signature);
    pohs.push_back(poh);
    world.made->put(account, stable_hash(account), {signature, 1000, poh});
  }
  EXPECT_EQ(world.update(), Words{"flagged"});
  const auto found = *fleet::find_campaigns(world.calibration, signatures, 0, pohs);
  std::set<std::string> told;
  for (const auto place : fleet::told(found.front(), world.options.level)) told.insert(names[place]);
  const auto picture = world.picture();
  std::set<std::string> members;
  for (const auto& member : picture->flagged.at(0)->members) members.insert(member.account);
  EXPECT_EQ(members, told);
  EXPECT_NEAR(picture->flagged[0]->evidence, found.front().evidence, 1e-9);
  ASSERT_TRUE(picture->flagged[0]->reading.suspects);
  EXPECT_GE(*picture->flagged[0]->reading.suspects, 25U);
}

// Links of the second weigh up to four hundred times what honest ones do, and it is two accounts in five.
TEST(TenantFleet, a_heavy_campaign_takes_no_honest_account_with_it_and_no_other_campaign_away) {
  SuspiciousWorld world;
  world.stand(0, 20, .02F);
  world.stand(20, 5, .5F);
  ASSERT_EQ(world.update(), Words{"flagged"});
  const auto before = world.picture();
  for (int i = 0; i < 220; ++i) {
    const auto account = "heavy" + std::to_string(i);
    world.made->put(account, stable_hash(account), {world.world.account(world.all, 40, world.random), 1001, .002F});
  }
  const auto said = world.update(1001);
  EXPECT_EQ(std::ranges::count(said, "released"), 0);
  EXPECT_GE(std::ranges::count(said, "flagged"), 1);
  const auto now = world.picture();
  const auto& first = *before->flagged.at(0);
  const auto kept = std::ranges::find(now->flagged, first.id, [](const auto& one) { return one->id; });
  ASSERT_NE(kept, now->flagged.end());
  EXPECT_NEAR((*kept)->evidence, first.evidence, .5);
  const auto named = [&](const char* prefix) {
    return std::ranges::count_if(now->members, [&](const auto& one) { return one.first.starts_with(prefix); });
  };
  EXPECT_GE(named("heavy"), 210);
  EXPECT_EQ(named("member"), 25);
  EXPECT_LE(named("honest"), 5);
}

TEST(TenantFleet, a_campaign_half_of_which_are_suspects_has_all_for_members_until_a_third_are) {
  SuspiciousWorld world;
  world.stand(0, 20, .02F);
  world.stand(20, 5, .5F);
  EXPECT_EQ(world.update(), Words{"flagged"});
  const auto all = world.picture()->members.size();
  EXPECT_GE(all, 25U);
  for (int i = 0; i < 25; ++i) EXPECT_TRUE(world.picture()->members.contains(world.member(i))) << i;
  world.stand(11, 9, .5F);  // eleven of them are left
  EXPECT_EQ(world.update(), Words());
  EXPECT_EQ(world.picture()->members.size(), all);
}

TEST(TenantFleet, without_accounts_nothing_is_found_and_recalled_campaigns_end) {
  World world;
  EXPECT_EQ(world.update(), Words());
  EXPECT_EQ(world.picture()->accounts, 0U);
  fleet::TrackedCampaign recalled;
  recalled.id = 7;
  recalled.members = {1, 2, 3};
  recalled.poh = recalled.held_poh = .001;
  world.made.emplace(world.calibration, world.options, std::vector{recalled});
  EXPECT_EQ(world.update(), Words{"released"});
}

}  // namespace
}  // namespace cms::serve
