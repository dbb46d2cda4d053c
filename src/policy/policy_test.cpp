#include "policy/policy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/random.hpp"

namespace cms::policy {
namespace {

Score score_of(double poh) {
  Score score;
  score.computed = true;
  score.poh = poh;
  return score;
}

Action at(double poh) { return decide(Ladder{}, score_of(poh)); }

Policy jittered(double jitter, std::uint8_t key = 7) {
  Policy policy;
  policy.jitter = jitter;
  policy.jitter_key.emplace().fill(key);
  return policy;
}

TEST(Policy, each_rung_begins_exactly_at_its_threshold) {
  EXPECT_EQ(at(1), Action::allow);
  EXPECT_EQ(at(0.1001), Action::allow);
  EXPECT_EQ(at(0.10), Action::observe);
  EXPECT_EQ(at(0.05), Action::price);
  EXPECT_EQ(at(0.01), Action::limit);
  EXPECT_EQ(at(0.0011), Action::limit);
  EXPECT_EQ(at(0.001), Action::review);
  EXPECT_EQ(at(0), Action::review);
}

TEST(Policy, nobody_is_acted_upon_before_anything_is_known) {
  Score score;
  score.poh = 0;
  EXPECT_EQ(decide(Ladder{}, score), Action::allow);
  EXPECT_EQ(decide(Policy{}, "t", "a", score, 0).why, "not computed");
}

TEST(Policy, the_default_policy_is_the_plain_ladder) {
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const auto score = score_of(random.uniform() * .2);
    const auto decision = decide(Policy{}, "t", std::to_string(i), score, 0);
    EXPECT_EQ(decision, (Decision{decide(Ladder{}, score), decide(Ladder{}, score), "ladder"}));
  }
}

TEST(Policy, a_flagged_campaign_gives_its_members_its_own_rung_up_to_limit) {
  const auto with = [](double poh, double campaign_poh, const Policy& policy = {}) {
    const Membership campaign{campaign_poh};
    return decide(policy, "t", "a", score_of(poh), 0, nullptr, &campaign);
  };
  EXPECT_EQ(with(1, .01), (Decision{Action::limit, Action::limit, "campaign"}));
  EXPECT_EQ(with(1, .0001), (Decision{Action::limit, Action::limit, "campaign"}));
  EXPECT_EQ(with(.04, .01), (Decision{Action::limit, Action::limit, "campaign"}));
  EXPECT_EQ(with(1, .0101), (Decision{Action::allow, Action::allow, "ladder"}));  // not flagged
  EXPECT_EQ(with(.0005, .01), (Decision{Action::review, Action::review, "ladder"}));
  EXPECT_EQ(with(.01, .01), (Decision{Action::limit, Action::limit, "ladder"}));
  Policy harsh, mild;
  harsh.campaign_at_most = Action::review;
  mild.campaign_at_most = Action::observe;
  EXPECT_EQ(with(1, .001, harsh).action, Action::review);
  EXPECT_EQ(with(1, .01, harsh).action, Action::limit);
  EXPECT_EQ(with(1, .001, mild).action, Action::observe);
  EXPECT_EQ(with(.04, .001, mild), (Decision{Action::price, Action::price, "ladder"}));
}

TEST(Policy, a_campaign_never_makes_an_action_milder_and_yields_to_shadow_allowance_and_override) {
  Random random(9);
  for (int i = 0; i < 2'000; ++i) {
    const auto score = score_of(std::pow(10, -4 * random.uniform()));
    const Membership campaign{std::pow(10, -4 * random.uniform())};
    const auto policy = jittered(random.uniform() * .5);
    const auto alone = decide(policy, "t", "a", score, 0).action;
    const auto together = decide(policy, "t", "a", score, 0, nullptr, &campaign).action;
    EXPECT_GE(together, alone);
    EXPECT_LE(together, std::max(alone, Action::limit));
    const auto rung = decide(policy.ladder, score_of(campaign.campaign_poh));
    EXPECT_LE(together, std::max(decide(policy.ladder, score), rung));
  }
  const Membership campaign{.005};
  Policy policy;
  policy.allowances = {{"t", "bot", 10, Action::observe, "nightly job"}};
  EXPECT_EQ(decide(policy, "t", "bot", score_of(1), 0, nullptr, &campaign).why, "allowance");
  EXPECT_EQ(decide(policy, "t", "bot", score_of(1), 0, nullptr, &campaign).action, Action::observe);
  const Override known{Action::allow, 10, "known customer"};
  EXPECT_EQ(decide(policy, "t", "a", score_of(1), 0, &known, &campaign).why, "override");
  EXPECT_EQ(decide(policy, "t", "a", score_of(1), 0, &known, &campaign).action, Action::allow);
  policy.shadow = true;
  EXPECT_EQ(decide(policy, "t", "a", score_of(1), 0, nullptr, &campaign),
            (Decision{Action::allow, Action::limit, "shadow"}));
  // Too young to be judged alone.
  EXPECT_EQ(decide(Policy{}, "t", "a", Score{}, 0, nullptr, &campaign).why, "campaign");
}

TEST(Policy, with_jitter_no_action_is_harsher_than_without_it) {
  Random random(2);
  int milder = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto policy = jittered(random.uniform() * .5, static_cast<std::uint8_t>(random.below(256)));
    const auto account = std::to_string(random.bits());
    const auto score = score_of(std::pow(10, -4 * random.uniform()));
    const auto action = decide(policy, "t", account, score, 0).action;
    EXPECT_LE(action, decide(policy.ladder, score));
    milder += action < decide(policy.ladder, score) ? 1 : 0;
    const auto ladder = ladder_of(policy, "t", account);
    EXPECT_LE(ladder.observe, policy.ladder.observe);
    EXPECT_GT(ladder.observe, policy.ladder.observe * (1 - policy.jitter));
    EXPECT_TRUE(ladder.observe >= ladder.price && ladder.price >= ladder.limit && ladder.limit >= ladder.review);
  }
  EXPECT_GT(milder, 100);
}

TEST(Policy, without_a_key_nothing_is_jittered) {
  auto policy = jittered(.5);
  policy.jitter_key.reset();
  EXPECT_EQ(ladder_of(policy, "t", "a"), policy.ladder);
}

TEST(Policy, a_tenants_own_key_counts_where_the_policy_names_none) {
  auto own = jittered(.5), named = own;
  own.jitter_key.reset();
  own.own_jitter_keys["t"].fill(7);
  EXPECT_EQ(ladder_of(own, "t", "a"), ladder_of(named, "t", "a"));
  EXPECT_EQ(ladder_of(own, "u", "a"), own.ladder);
  named.own_jitter_keys["t"].fill(8);
  EXPECT_EQ(ladder_of(own, "t", "a"), ladder_of(named, "t", "a"));
}

// Every member of a campaign that is flagged meets its rung, whatever its own thresholds are.
TEST(Policy, a_campaign_is_judged_without_jitter) {
  const auto policy = jittered(.5);
  const Membership campaign{.0099};
  for (int i = 0; i < 100; ++i) {
    const auto account = std::to_string(i);
    EXPECT_EQ(decide(policy, "t", account, score_of(.9), 0, nullptr, &campaign).action, Action::limit);
  }
}

TEST(Policy, jitter_is_fixed_by_key_tenant_and_account) {
  const auto policy = jittered(.5);
  const auto of = [&](std::string_view tenant, std::string_view account) {
    return ladder_of(policy, tenant, account).limit;
  };
  EXPECT_EQ(of("t", "a"), of("t", "a"));
  EXPECT_NE(of("t", "a"), of("t", "b"));
  EXPECT_NE(of("t", "a"), of("u", "a"));
  EXPECT_NE(of("ta", "b"), of("t", "ab"));
  EXPECT_NE(of("t", "a"), ladder_of(jittered(.5, 8), "t", "a").limit);
}

// HMAC-SHA256 of "t\0a" under 32 bytes of 7, by Python's hmac: the first 8 bytes, little-endian, above 2^11, over 2^53.
TEST(Policy, jitter_is_what_another_program_computes) {
  EXPECT_DOUBLE_EQ(ladder_of(jittered(.5), "t", "a").limit, .01 * (1 - .5 * 0.21751856407648262));
}

TEST(Policy, jitter_spreads_evenly_over_accounts) {
  const auto policy = jittered(.5);
  double sum = 0;
  constexpr int kAccounts = 20'000;
  for (int i = 0; i < kAccounts; ++i) sum += ladder_of(policy, "t", std::to_string(i)).limit / .01;
  EXPECT_NEAR(sum / kAccounts, .75, 4 * .5 / std::sqrt(12.0 * kAccounts));
}

TEST(Policy, declared_automation_goes_no_further_than_it_was_allowed_until_it_ends) {
  Policy policy;
  policy.allowances = {{"t", "bot", 100, Action::observe, "nightly evaluation"}};
  const auto low = score_of(0.005);
  EXPECT_EQ(decide(policy, "t", "bot", low, 99.9), (Decision{Action::observe, Action::observe, "allowance"}));
  EXPECT_EQ(decide(policy, "t", "bot", low, 100), (Decision{Action::limit, Action::limit, "ladder"}));
  EXPECT_EQ(decide(policy, "t", "person", low, 0).action, Action::limit);
  EXPECT_EQ(decide(policy, "u", "bot", low, 0).action, Action::limit);
  EXPECT_EQ(decide(policy, "t", "bot", score_of(.07), 0), (Decision{Action::observe, Action::observe, "ladder"}));
  EXPECT_EQ(decide(policy, "t", "bot", score_of(.5), 0), (Decision{Action::allow, Action::allow, "ladder"}));
  EXPECT_EQ(declared(policy, "t", 99.9), std::set<std::string>{"bot"});
  EXPECT_TRUE(declared(policy, "t", 100).empty());
  EXPECT_TRUE(declared(policy, "u", 0).empty());
}

TEST(Policy, an_override_wins_until_it_ends_and_may_be_harsher) {
  Policy policy;
  policy.allowances = {{"t", "bot", 1e9, Action::allow, "evaluation"}};
  const Override harsh{Action::review, 100, "stolen card"};
  EXPECT_EQ(decide(policy, "t", "bot", score_of(.9), 99, &harsh),
            (Decision{Action::review, Action::review, "override"}));
  EXPECT_EQ(decide(policy, "t", "bot", score_of(.9), 100, &harsh).action, Action::allow);
  const Override mild{Action::allow, 100, "known customer"};
  EXPECT_EQ(decide(policy, "t", "a", score_of(0), 99, &mild), (Decision{Action::allow, Action::allow, "override"}));
  EXPECT_EQ(decide(policy, "t", "a", Score{}, 99, &harsh).action, Action::review);
}

TEST(Policy, in_shadow_nobody_is_acted_upon_and_what_would_be_is_said) {
  Random random(3);
  auto policy = jittered(.3);
  policy.allowances = {{"t", "3", 50, Action::observe, "evaluation"}};
  auto shadow = policy;
  shadow.shadow = true;
  const Override harsh{Action::review, 100, "stolen card"};
  for (int i = 0; i < 2000; ++i) {
    const auto account = std::to_string(random.below(8));
    const auto score = score_of(random.uniform() * .2);
    const auto* found = random.below(4) == 0 ? &harsh : nullptr;
    const double now = 200 * random.uniform();
    const auto open = decide(policy, "t", account, score, now, found);
    const auto hidden = decide(shadow, "t", account, score, now, found);
    EXPECT_EQ(hidden.action, Action::allow);
    EXPECT_EQ(hidden.would_be, open.action);
    EXPECT_EQ(hidden.why, open.action == Action::allow ? open.why : "shadow");
  }
}

}  // namespace
}  // namespace cms::policy
