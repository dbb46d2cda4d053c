#include "fleet/campaign.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "fleet/campaign_example.hpp"

namespace cms::fleet {
namespace {

TEST(Campaign, reading_equals_its_slow_definition) {
  const ExampleWorld world(1);
  Random random(2);
  const auto fleet = honest_fleet(world, random);
  const auto norm = *fit_breadth(fleet.accounts);
  const std::vector<std::uint32_t> members = {3, 4, 9, 40, 77, 160};
  const auto reading = read_community(fleet.accounts, members, norm);
  double distance = 0, pairs = 0, shared = 0, chance = 0, total = 0, entropy = 0;
  std::vector<double> visits(kExampleCharts);
  for (const auto a : members) {
    for (std::uint32_t c = 0; c < kExampleCharts; ++c) {
      visits[c] += static_cast<double>(charts_of(fleet.accounts[a])[c / 64] >> (c % 64) & 1);
    }
  }
  const auto covered = static_cast<double>(kExampleCharts - std::count(visits.begin(), visits.end(), 0.0));
  for (const auto a : members) {
    for (const auto b : members) {
      if (a == b) continue;
      distance += distance_squared(fleet.accounts[a], fleet.accounts[b]);
      pairs += 1;
      const auto one = charts_of(fleet.accounts[a]), two = charts_of(fleet.accounts[b]);
      for (std::size_t w = 0; w < one.size(); ++w) shared += std::popcount(one[w] & two[w]);
      chance += chart_count(one) * static_cast<double>(chart_count(two)) / covered;
    }
  }
  for (const double count : visits) total += count;
  for (const double count : visits) entropy -= count > 0 ? count / total * std::log(count / total) : 0;
  EXPECT_NEAR(reading.distance, distance / pairs, 1e-4);
  EXPECT_NEAR(reading.overlap, shared / chance, 1e-9);
  EXPECT_NEAR(reading.effective_charts, std::exp(entropy), 1e-9);
  EXPECT_EQ(reading.charts, covered);
  EXPECT_EQ(reading.accounts, 6U);
}

TEST(Campaign, of_one_broad_stream_over_many_accounts_is_found_whole_and_says_why) {
  const ExampleWorld world(3);
  Random random(4);
  const auto calibration = calibrate(honest_fleets(world, 24, random), small_options());
  ASSERT_TRUE(calibration) << calibration.error().message;
  auto fleet = honest_fleet(world, random);
  const auto honest = fleet.accounts.size();
  const auto stream = ExampleWorld::some(90, random);
  for (int i = 0; i < 25; ++i) fleet.accounts.push_back(world.account(stream, 30, random));
  const auto found = find_campaigns(*calibration, fleet.accounts, 0);
  ASSERT_TRUE(found);
  const auto flags = flagged(*found, fleet.accounts.size(), .03);
  EXPECT_GE(std::count(flags.begin() + static_cast<std::ptrdiff_t>(honest), flags.end(), true), 24);
  EXPECT_LE(std::count(flags.begin(), flags.begin() + static_cast<std::ptrdiff_t>(honest), true), 20);
  const auto words = reasons(*calibration, found->front());
  EXPECT_NE(words.find("accounts cover"), std::string::npos);
  EXPECT_NE(words.find("honest groups"), std::string::npos);
  EXPECT_NE(words.find("nats, is what they cover together"), std::string::npos) << words;
}

// The promise: over freshly drawn honest fleets, a community's PoH is <= a with probability at most a. Both the ranking
// communities and the fresh ones are drawn; the bound allows the sampling error of both.
TEST(Campaign, flags_honest_communities_no_more_often_than_it_says) {
  const ExampleWorld world(5);
  Random random(6);
  double communities = 0;
  const double levels[] = {.01, .05, .1, .25};
  double hits[4] = {};
  double ranked = 0;
  for (int round = 0; round < 4; ++round) {
    const auto calibration = calibrate(honest_fleets(world, 20, random), small_options());
    ASSERT_TRUE(calibration);
    for (const auto& [kind, evidence] : calibration->rankings) ranked += static_cast<double>(evidence.size());
    for (int f = 0; f < 8; ++f) {
      const auto found = find_campaigns(*calibration, honest_fleet(world, random).accounts, 0);
      ASSERT_TRUE(found);
      for (const auto& campaign : *found) {
        communities += 1;
        for (int l = 0; l < 4; ++l) hits[l] += campaign.poh <= levels[l] ? 1 : 0;
      }
    }
  }
  for (int l = 0; l < 4; ++l) {
    const double a = levels[l];
    EXPECT_LE(hits[l] / communities, a + 3 * std::sqrt(a * (1 - a) * (1 / communities + 1 / ranked))) << a;
  }
  EXPECT_GE(hits[3] / communities, .15);  // who flags nobody keeps every promise
}

TEST(Campaign, poh_is_a_rank_falls_with_evidence_and_the_most_lenient_kind_decides) {
  CampaignCalibration calibration;
  for (int i = 0; i < 99; ++i) calibration.rankings[""].push_back(i);
  EXPECT_DOUBLE_EQ(campaign_poh(calibration, 1'000), .01);
  EXPECT_DOUBLE_EQ(campaign_poh(calibration, 98), .02);
  EXPECT_DOUBLE_EQ(campaign_poh(calibration, -1), 1);
  for (double e = -2; e < 100; e += .25) {
    EXPECT_GE(campaign_poh(calibration, e), campaign_poh(calibration, e + .25));
  }
  for (int i = 0; i < 49; ++i) calibration.rankings["team"].push_back(i + 200);
  EXPECT_DOUBLE_EQ(campaign_poh(calibration, 1'000), .02);
  EXPECT_DOUBLE_EQ(campaign_poh(calibration, 150), 1);
}

// One account in forty is a suspect, wherever it belongs.
std::vector<float> chance_pohs(std::size_t accounts, Random& random) {
  std::vector<float> pohs(accounts);
  for (auto& poh : pohs) poh = random.below(40) == 0 ? .01F : .5F;
  return pohs;
}

std::vector<HonestFleet> suspicious_fleets(const ExampleWorld& world, int count, Random& random) {
  auto fleets = honest_fleets(world, count, random);
  for (auto& fleet : fleets) fleet.pohs = chance_pohs(fleet.accounts.size(), random);
  return fleets;
}

// A campaign as narrow as a team, of 25 members, `suspects` of them suspects, among honest accounts.
struct Narrow {
  HonestFleet fleet;
  std::vector<float> pohs;
  std::size_t honest = 0;

  Narrow(const ExampleWorld& world, int suspects, Random& random) : fleet(honest_fleet(world, random)) {
    pohs = chance_pohs(fleet.accounts.size(), random);
    honest = fleet.accounts.size();
    const auto subject = ExampleWorld::some(10, random);
    for (int i = 0; i < 25; ++i) {
      fleet.accounts.push_back(world.account(subject, 40, random));
      pohs.push_back(i < suspects ? .02F : .4F);
    }
  }

  // Accounts told of, of the campaign or else honest ones.
  [[nodiscard]] std::ptrdiff_t told_of(std::span<const Campaign> found, bool campaign) const {
    const auto flags = flagged(found, fleet.accounts.size(), .03);
    const auto border = flags.begin() + static_cast<std::ptrdiff_t>(honest);
    return campaign ? std::count(border, flags.end(), true) : std::count(flags.begin(), border, true);
  }
};

TEST(Campaign, of_suspects_alike_is_found_though_narrow_and_who_is_no_suspect_is_told_of_where_half_are) {
  const ExampleWorld world(15);
  Random random(16);
  const auto calibration = calibrate(suspicious_fleets(world, 24, random), small_options());
  ASSERT_TRUE(calibration) << calibration.error().message;
  EXPECT_NEAR(calibration->suspects, 1.0 / 40, .01);
  for (const int suspects : {11, 20}) {
    const Narrow one(world, suspects, random);
    const auto found = find_campaigns(*calibration, one.fleet.accounts, 0, one.pohs);
    ASSERT_TRUE(found);
    EXPECT_GE(one.told_of(*found, true), suspects == 20 ? 23 : 9);
    EXPECT_LE(one.told_of(*found, true), suspects == 20 ? 25 : 11);
    EXPECT_LE(one.told_of(*found, false), 5);
    EXPECT_NE(reasons(*calibration, found->front()).find("suspects by themselves"), std::string::npos);
    EXPECT_NE(reasons(*calibration, found->front()).find("nats, is how many of them"), std::string::npos);
    const auto unknown = find_campaigns(*calibration, one.fleet.accounts, 0);
    ASSERT_FALSE(unknown) << "honest fleets were judged with their PoHs";
    EXPECT_EQ(unknown.error().code, ErrorCode::bad_input);
  }
}

TEST(Campaign, of_suspects_is_gathered_by_their_poh_where_what_they_ask_lies_apart) {
  const ExampleWorld world(25);
  Random random(26);
  const auto calibration = calibrate(suspicious_fleets(world, 24, random), small_options());
  ASSERT_TRUE(calibration) << calibration.error().message;
  auto fleet = honest_fleet(world, random);
  auto pohs = chance_pohs(fleet.accounts.size(), random);
  const auto honest = fleet.accounts.size();
  for (int i = 0; i < 25; ++i) {  // each with a subject of its own beside the common one
    auto charts = ExampleWorld::some(6, random);
    for (std::uint32_t c = 0; c < 6; ++c) charts.push_back(c);
    fleet.accounts.push_back(world.account(charts, 40, random));
    pohs.push_back(.004F);
  }
  const auto together = [&](const CampaignCalibration& by) {
    const auto found = *find_campaigns(by, fleet.accounts, 0, pohs);
    std::ptrdiff_t most = 0;
    for (const auto& one : found) {
      const auto members = one.members.end() - std::ranges::lower_bound(one.members, honest);
      if (2 * members > std::ssize(one.members)) most = std::max<std::ptrdiff_t>(most, members);
    }
    return most;
  };
  auto blind = *calibration;
  blind.options.links.poh_decade = 0;
  EXPECT_GE(together(*calibration), 20);
  EXPECT_LT(together(blind), together(*calibration));
}

TEST(Campaign, a_fifth_of_honest_communities_lies_in_the_tail_of_each_kind_and_its_nats_say_how_many_lie_beyond) {
  const ExampleWorld world(27);
  Random random(28);
  const auto calibration = calibrate(suspicious_fleets(world, 60, random), small_options());
  ASSERT_TRUE(calibration) << calibration.error().message;
  EXPECT_NE(calibration->breadth_tail.from, 0);
  double count = 0, breadth = 0, suspicion = 0, rare = 0;
  for (const auto& fleet : suspicious_fleets(world, 30, random)) {
    const auto found = *find_campaigns(*calibration, fleet.accounts, 0, fleet.pohs);
    for (const auto& one : found) {
      const double deviations = evidence_of_breadth(*calibration, one.reading);
      count += 1;
      breadth += deviations >= calibration->breadth_tail.from ? 1 : 0;
      suspicion += evidence_of_suspicion(*calibration, one.reading) >= calibration->suspicion_tail.from ? 1 : 0;
      rare += deviations >= breadth_as_rare_as(*calibration, std::log(20)) ? 1 : 0;
    }
  }
  EXPECT_NEAR(breadth / count, kTailShare, .06);
  EXPECT_NEAR(suspicion / count, kTailShare, .06);
  EXPECT_NEAR(rare / count, .05, .03);
}

TEST(Campaign, evidence_of_either_kind_is_as_great_as_it_is_rare_among_honest_communities) {
  CampaignCalibration calibration;
  calibration.coefficients = {1, 0};
  calibration.suspects = .02;
  calibration.suspects_spread = .05;
  calibration.breadth_tail = {.5, {.25, 0}};
  calibration.suspicion_tail = {1, {.5, .5}};
  CommunityReading reading;
  reading.accounts = 50;
  reading.suspects = 0;
  reading.effective_charts = std::exp(2.0);  // one scale above what is expected
  EXPECT_DOUBLE_EQ(evidence_of(calibration, reading), .5 / .25 + std::log(5));
  EXPECT_NEAR(breadth_as_rare_as(calibration, evidence_of(calibration, reading)), 1, 1e-12);
  reading.suspects = 25;
  const double suspicion = evidence_of_suspicion(calibration, reading);
  EXPECT_DOUBLE_EQ(evidence_of(calibration, reading), 2 * std::log(suspicion) + std::log(5));
  calibration.suspicion_tail.law.shape = 0;
  EXPECT_DOUBLE_EQ(evidence_of(calibration, reading), (suspicion - 1) / .5 + std::log(5));
  calibration.breadth_tail.law.shape = .2;
  for (const double nats : {-3.0, 0.0, 1.0, 2.0, 9.0}) {
    reading.suspects.reset();
    reading.effective_charts = std::exp(1 + breadth_as_rare_as(calibration, nats));
    if (reading.effective_charts <= 1) continue;
    EXPECT_NEAR(evidence_of(calibration, reading), nats, 1e-9);
  }
  calibration.breadth_tail.law.shape = 0;
  reading.effective_charts = std::exp(2.0);
  reading.suspects.reset();
  EXPECT_DOUBLE_EQ(evidence_of(calibration, reading), .5 / .25 + std::log(5));
}

TEST(Campaign, keeps_its_promise_where_suspects_are_known_too) {
  const ExampleWorld world(17);
  Random random(18);
  double communities = 0, hits = 0, ranked = 0;
  for (int round = 0; round < 4; ++round) {
    const auto calibration = calibrate(suspicious_fleets(world, 20, random), small_options());
    ASSERT_TRUE(calibration);
    for (const auto& [kind, evidence] : calibration->rankings) ranked += static_cast<double>(evidence.size());
    for (const auto& fleet : suspicious_fleets(world, 8, random)) {
      const auto found = find_campaigns(*calibration, fleet.accounts, 0, fleet.pohs);
      ASSERT_TRUE(found);
      for (const auto& campaign : *found) communities += 1, hits += campaign.poh <= .05 ? 1 : 0;
    }
  }
  EXPECT_GT(hits, 0);
  EXPECT_LE(hits / communities, .05 + 3 * std::sqrt(.05 * .95 * (1 / communities + 1 / ranked)));
}

// Two accounts in five are of one campaign, whose links weigh up to four hundred times what honest ones do.
TEST(Campaign, keeps_its_promise_beside_a_heavy_campaign_and_finds_that) {
  const ExampleWorld world(21);
  Random random(22);
  double alone = 0, beside = 0, hits = 0, found_members = 0, members = 0, ranked = 0, told_honest = 0, honest = 0;
  for (int round = 0; round < 2; ++round) {
    const auto calibration = calibrate(suspicious_fleets(world, 20, random), small_options());
    ASSERT_TRUE(calibration);
    for (const auto& [kind, evidence] : calibration->rankings) ranked += static_cast<double>(evidence.size());
    for (auto& fleet : suspicious_fleets(world, 6, random)) {
      alone += static_cast<double>(find_campaigns(*calibration, fleet.accounts, 0, fleet.pohs)->size());
      const auto border = fleet.accounts.size();
      const auto stream = ExampleWorld::some(90, random);
      for (int i = 0; i < 220; ++i) {
        fleet.accounts.push_back(world.account(stream, 40, random));
        fleet.pohs.push_back(.002F);
      }
      const auto found = find_campaigns(*calibration, fleet.accounts, 0, fleet.pohs);
      ASSERT_TRUE(found);
      for (const auto& campaign : *found) {
        const auto own = campaign.members.end() - std::ranges::lower_bound(campaign.members, border);
        if (2 * own > std::ssize(campaign.members)) continue;
        beside += 1, hits += campaign.poh <= .05 ? 1 : 0;
      }
      const auto flags = flagged(*found, fleet.accounts.size(), .05);
      const auto at = flags.begin() + static_cast<std::ptrdiff_t>(border);
      told_honest += static_cast<double>(std::count(flags.begin(), at, true));
      found_members += static_cast<double>(std::count(at, flags.end(), true));
      honest += static_cast<double>(border), members += 220;
    }
  }
  EXPECT_NEAR(beside / alone, 1, .1) << "honest communities are what they are without it";
  EXPECT_LE(hits / beside, .05 + 3 * std::sqrt(.05 * .95 * (1 / beside + 1 / ranked)));
  EXPECT_LE(told_honest / honest, .05);
  EXPECT_GE(found_members / members, .95);
}

TEST(Campaign, pohs_of_some_accounts_alone_are_refused) {
  const ExampleWorld world(19);
  Random random(20);
  auto fleets = suspicious_fleets(world, 8, random);
  fleets[2].pohs.pop_back();
  EXPECT_FALSE(calibrate(fleets, small_options()));
  for (const std::size_t without : {2, 3}) {  // none at all: suspects are not known, and breadth alone counts
    fleets = suspicious_fleets(world, 8, random);
    fleets[without].pohs.clear();
    const auto calibration = calibrate(fleets, small_options());
    ASSERT_TRUE(calibration) << calibration.error().message;
    EXPECT_LT(calibration->suspects, 0);
    EXPECT_TRUE(calibration->breadth_rankings.empty());
    // Nor do PoHs say who is linked: these are none that it could be set against.
    const auto with = find_campaigns(*calibration, fleets[0].accounts, 0, fleets[0].pohs);
    const auto bare = find_campaigns(*calibration, fleets[0].accounts, 0);
    ASSERT_TRUE(with && bare);
    EXPECT_TRUE(std::ranges::equal(*with, *bare, {}, &Campaign::members, &Campaign::members));
    for (const auto& campaign : *with) {
      EXPECT_EQ(campaign.breadth_poh, campaign.poh) << "breadth is all there is";
      EXPECT_FALSE(campaign.reading.suspects);
      EXPECT_EQ(told(campaign, campaign.poh).size(), campaign.members.size());
    }
  }
}

TEST(Campaign, no_ranking_of_fewer_than_20_communities_decides) {
  const ExampleWorld world(13);
  Random random(14);
  auto fleets = honest_fleets(world, 16, random);
  std::size_t together = 0;
  for (const bool split : {false, true}) {
    for (std::size_t f = 0; f < fleets.size(); ++f) {
      for (auto& kind : fleets[f].kinds) kind = "team";
      if (split && f == 1) std::fill_n(fleets[f].kinds.begin(), 60, "rare");
    }
    const auto calibration = calibrate(fleets, small_options());
    ASSERT_TRUE(calibration);
    ASSERT_EQ(calibration->rankings.size(), 1U);
    const auto& ranked = calibration->rankings.at("team");
    EXPECT_TRUE(std::is_sorted(ranked.begin(), ranked.end()));
    if (split) {
      EXPECT_EQ(ranked.size(), together);
    }
    together = ranked.size();
    EXPECT_DOUBLE_EQ(campaign_poh_min(*calibration), 1.0 / static_cast<double>(together + 1));
  }
}

TEST(Campaign, ranking_fleets_do_not_touch_the_evidence) {
  const ExampleWorld world(7);
  Random random(8);
  auto fleets = suspicious_fleets(world, 16, random);
  const auto first = calibrate(fleets, small_options());
  for (std::size_t f = 1; f < fleets.size(); f += 2) fleets[f] = suspicious_fleets(world, 1, random).front();
  const auto second = calibrate(fleets, small_options());
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->suspects, second->suspects);
  EXPECT_EQ(first->suspects_spread, second->suspects_spread);
  const auto tail_of = [](const Tail& tail) { return std::array{tail.from, tail.law.scale, tail.law.shape}; };
  EXPECT_EQ(tail_of(first->breadth_tail), tail_of(second->breadth_tail));
  EXPECT_EQ(tail_of(first->suspicion_tail), tail_of(second->suspicion_tail));
  EXPECT_EQ(first->coefficients, second->coefficients);
  EXPECT_EQ(first->scale, second->scale);
  EXPECT_NE(first->rankings, second->rankings);
}

TEST(Campaign, of_too_few_honest_communities_is_refused) {
  const ExampleWorld world(9);
  Random random(10);
  EXPECT_FALSE(calibrate({}, small_options()));
  const auto one = honest_fleets(world, 1, random);
  EXPECT_FALSE(calibrate(one, small_options()));
  auto odd = honest_fleets(world, 8, random);
  odd[3].kinds.pop_back();
  EXPECT_FALSE(calibrate(odd, small_options()));
}

TEST(Campaign, members_that_avoid_one_another_overlap_less_than_chance) {
  const ExampleWorld world(11);
  Random random(12);
  std::vector<Signature> slices, draws;
  const auto all = ExampleWorld::some(80, random);
  for (std::uint32_t i = 0; i < 20; ++i) {
    slices.push_back(world.account({all.begin() + 4 * i, all.begin() + 4 * i + 4}, 40, random));
    draws.push_back(world.account(all, 40, random));
  }
  std::vector<std::uint32_t> members(20);
  std::iota(members.begin(), members.end(), 0U);
  EXPECT_LT(read_community(slices, members, {}).overlap, .2);
  EXPECT_NEAR(read_community(draws, members, {}).overlap, 1, .15);
}

}  // namespace
}  // namespace cms::fleet
