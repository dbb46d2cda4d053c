#include "lab/fleet_cost.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "fleet/campaign_example.hpp"
#include "lab/ground_example.hpp"

namespace cms::lab {
namespace {

class FleetCost : public testing::Test {
 protected:
  static const Ground& ground() {
    static const Ground made = [] {
      const auto small = small_ground();
      return Ground{small.study, {small.charts, small.mass}, small.model, {}};
    }();
    return made;
  }
  // Lines of `requests` texts of the test part each, none of them twice.
  static CampaignPlan plan(std::uint32_t lines, std::uint32_t requests, std::uint32_t at_once) {
    Random random(3);
    const auto rows = draw(ground().study.corpus, ground().study.split.test, lines * requests, random);
    CampaignPlan made{"rotated", {}, at_once, 0};
    for (std::uint32_t l = 0; l < lines; ++l) {
      const auto from = rows.begin() + l * requests;
      made.lines.push_back(account_of("rotated", {from, from + requests}, true));
    }
    return made;
  }
  static Spending spent(const CampaignPlan& plan, const Wanted& wanted, const Look& look = {}) {
    const auto spending = spend(ground(), ground().yardstick, plan, wanted, look);
    EXPECT_TRUE(spending.has_value());
    return spending.value_or(Spending{});
  }
  // Flags everybody whom a fleet links.
  static Result<std::vector<bool>> flag_all(const SeenAccounts& accounts) {
    std::vector<bool> flags;
    for (const auto& account : accounts.signatures) flags.push_back(account.requests >= fleet::kRequestsMin);
    return flags;
  }
};

constexpr double kNoFloor = 0;
constexpr double kNeverCovered = 2;

TEST_F(FleetCost, without_looks_or_floor_every_line_is_one_account) {
  const auto spending = spent(plan(4, 48, 4), {.answers = 192, .coverage = kNeverCovered, .floor = kNoFloor});
  EXPECT_TRUE(spending.answers.reached);
  EXPECT_EQ(spending.answers.requests, 192U);
  EXPECT_EQ(spending.answers.accounts, 4U);
  EXPECT_EQ(spending.refused, 0U);
  EXPECT_FALSE(spending.coverage.reached);
}

TEST_F(FleetCost, the_same_requests_are_sent_and_every_account_is_lost_once_it_can_be_linked) {
  for (const std::uint32_t at_once : {1U, 4U}) {
    const Wanted wanted{.answers = 192, .coverage = kNeverCovered, .floor = kNoFloor};
    const auto spending = spent(plan(4, 48, at_once), wanted, flag_all);
    EXPECT_EQ(spending.answers.requests, 192U);
    EXPECT_EQ(spending.answers.accounts, 192U / fleet::kRequestsMin);
    // The last account of each line ends with its line.
    EXPECT_EQ(spending.refused, 192U / fleet::kRequestsMin - 4);
  }
}

TEST_F(FleetCost, accounts_left_before_they_can_be_linked_are_never_refused) {
  auto young = plan(4, 45, 4);
  young.account_requests = fleet::kRequestsMin - 1;
  const auto spending = spent(young, {.answers = 180, .coverage = kNeverCovered, .floor = kNoFloor}, flag_all);
  EXPECT_EQ(spending.refused, 0U);
  EXPECT_EQ(spending.answers.accounts, 12U);
}

TEST_F(FleetCost, an_account_is_left_before_its_own_poh_falls_below_the_floor) {
  const auto one = plan(1, 180, 1);
  const auto watched = spent(one, {.answers = 180, .coverage = kNeverCovered, .floor = .2});
  EXPECT_GT(watched.answers.accounts, 1U);
  EXPECT_EQ(watched.answers.requests, 180U);
  // By hand: the PoH of a fresh account over what is left, again and again.
  std::uint32_t accounts = 0;
  for (std::size_t at = 0; at < 180; ++accounts) {
    const auto poh = poh_of(ground(), std::span(one.lines[0].rows).subspan(at));
    const auto fell = std::find_if(poh.begin(), poh.end(), [](double value) { return value < .2; });
    at += static_cast<std::size_t>(fell - poh.begin());
  }
  EXPECT_EQ(watched.answers.accounts, accounts);
}

TEST_F(FleetCost, cover_is_paid_for_and_wins_nothing) {
  auto half = plan(2, 40, 2);
  for (auto& line : half.lines) {
    for (std::size_t i = 0; i < line.from_attacker.size(); i += 2) line.from_attacker[i] = false;
  }
  const auto spending = spent(half, {.answers = 40, .coverage = kNeverCovered, .floor = kNoFloor});
  EXPECT_TRUE(spending.answers.reached);
  EXPECT_EQ(spending.answers.requests, 80U);
}

TEST_F(FleetCost, coverage_is_won_with_the_request_that_completes_it) {
  const auto one = plan(1, 180, 1);
  const auto spending = spent(one, {.answers = 180, .coverage = .4, .floor = kNoFloor});
  const auto covered = coverage_of(ground().yardstick, one.lines[0].rows);
  EXPECT_EQ(spending.coverage.requests, requests_until(covered, .4));
}

TEST_F(FleetCost, plans_hold_lines_of_every_attacker_within_its_pool) {
  const auto& corpus = ground().study.corpus;
  const auto people = of_origin(corpus, ground().study.split.test, Origin::people);
  const auto sets = of_origin(corpus, ground().study.split.test, Origin::distiller);
  const auto plans = cost_plans(ground(), ground().yardstick, {sets, people}, {.answers = 360}, 1);
  std::map<std::string, std::size_t> ways;
  for (const auto& one : plans) {
    ways[one.attacker] += 1;
    EXPECT_FALSE(one.lines.empty()) << one.attacker;
    if (one.attacker.find("people's") == std::string::npos) continue;
    const std::set<std::uint32_t> allowed(people.begin(), people.end());
    for (const auto& line : one.lines) {
      for (const auto row : line.rows) EXPECT_TRUE(allowed.contains(row)) << one.attacker;
    }
  }
  EXPECT_EQ(ways.at("rotated, everything"), 3U);
  EXPECT_EQ(ways.at("white-box, greedy"), 2U);
  EXPECT_EQ(ways.size(), 10U);
}

TEST(LookAmong, flags_what_the_fleet_flags_and_nobody_while_too_few_can_be_judged) {
  const fleet::ExampleWorld world(3);
  Random random(4);
  const auto calibration = fleet::calibrate(fleet::honest_fleets(world, 24, random), fleet::small_options());
  ASSERT_TRUE(calibration);
  const auto honest = fleet::honest_fleet(world, random).accounts;
  const auto look = look_among(*calibration, {honest, {}}, .03);
  const auto stream = fleet::ExampleWorld::some(90, random);
  std::vector<fleet::Signature> accounts;
  for (int i = 0; i < 25; ++i) accounts.push_back(world.account(stream, 30, random));
  auto all = honest;
  all.insert(all.end(), accounts.begin(), accounts.end());
  const auto campaigns = fleet::find_campaigns(*calibration, all, 0);
  ASSERT_TRUE(campaigns);
  const auto expected = fleet::flagged(*campaigns, all.size(), .03);
  const auto flags = look({accounts, {}});
  ASSERT_TRUE(flags);
  EXPECT_EQ(*flags, std::vector<bool>(expected.end() - 25, expected.end()));
  EXPECT_GT(std::count(flags->begin(), flags->end(), true), 20);
  const auto few = look({std::span(accounts).first(4), {}});
  ASSERT_TRUE(few);
  EXPECT_EQ(*few, std::vector<bool>(4));
}

FleetCosts by_hand() {
  FleetCosts costs{100, 1'000, {}};
  const Spending off{{true, 120, 2}, {true, 1'000, 10}, 0};
  const Spending on{{true, 120, 8}, {true, 1'000, 60}, 50};
  costs.rows = {{"rotated", 20, 0, off, on}, {"slices", 20, 0, {{}, {true, 1'000, 20}, 0}, {{}, {true, 1'000, 20}, 0}}};
  return costs;
}

TEST(FleetCosts, are_requests_and_accounts_over_those_of_one_account_that_nobody_watches) {
  const auto costs = by_hand();
  EXPECT_DOUBLE_EQ(cost_of(costs, {PrizeKind::coverage, 0, false, ""}).multiplier, 1.2);
  EXPECT_DOUBLE_EQ(cost_of(costs, {PrizeKind::coverage, 100, false, ""}).multiplier, 320.0 / 200);
  EXPECT_DOUBLE_EQ(cost_of(costs, {PrizeKind::coverage, 100, true, ""}).multiplier, 920.0 / 200);
  EXPECT_FALSE(cost_of(costs, {PrizeKind::coverage, 100, true, "slices"}).reached);
  // With the fleet on the attacker takes the way that it does not see.
  EXPECT_DOUBLE_EQ(cost_of(costs, {PrizeKind::answers, 100, false, ""}).multiplier, 2'000.0 / 1'100);
  EXPECT_DOUBLE_EQ(cost_of(costs, {PrizeKind::answers, 100, true, ""}).multiplier, 3'000.0 / 1'100);
}

TEST(FleetCosts, tell_the_goal_of_the_cheapest_way_and_report_the_rest) {
  const std::vector<FleetCosts> seeds = {by_hand(), by_hand()};
  std::map<std::string, nlohmann::json> told;
  std::istringstream lines(goal_lines(seeds));
  for (std::string line; std::getline(lines, line);) {
    const auto one = nlohmann::json::parse(line);
    told[one["what"]] = one;
  }
  const auto& goal = told.at("fleet: C(.01) of 80%, any number of accounts, account cost 100, fleet on over off");
  EXPECT_DOUBLE_EQ(goal["figure"], 920.0 / 320);
  EXPECT_EQ(goal["holds"], false);
  EXPECT_EQ(told.at("fleet: C(.01) of 1000 answers, account cost 100, fleet on over off, slices")["figure"], 1);
  EXPECT_FALSE(told.contains("fleet: C(.01) of 80%, account cost 100, fleet on over off, slices"));
  EXPECT_NE(describe(std::span(seeds)).find("the cheapest of them"), std::string::npos);
}

}  // namespace
}  // namespace cms::lab
