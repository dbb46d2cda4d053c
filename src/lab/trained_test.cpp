#include "lab/trained.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"
#include "lab/first_study_measured.hpp"

namespace cms::lab {
namespace {

// Accounts whose channels are squares of normal deviates, with `shift` added in one channel.
std::vector<Peaks> accounts(std::size_t count, std::size_t channel, double shift, Random& random) {
  std::vector<Peaks> all(count);
  for (auto& one : all) {
    for (std::size_t c = 0; c < kChannelCount; ++c) {
      const double deviation = random.normal() + (c == channel ? shift : 0);
      one[c] = deviation * deviation;
    }
  }
  return all;
}

TEST(Trained, the_channel_that_tells_attackers_gets_the_weight) {
  Random random(1);
  for (std::size_t channel = 0; channel < kChannelCount; ++channel) {
    const TrainingSet set{accounts(300, channel, 0, random), {accounts(300, channel, 4, random)}};
    const auto weights = train_weights(set);
    EXPECT_EQ(weights[channel], 1);
    for (std::size_t c = 0; c < kChannelCount; ++c) {
      if (c == channel) continue;
      EXPECT_LT(weights[c], 0.1) << c;
    }
  }
}

TEST(Trained, weights_are_never_negative_though_attackers_have_less_of_a_channel) {
  Random random(2);
  const TrainingSet set{accounts(300, 0, 4, random), {accounts(300, 1, 4, random)}};
  const auto weights = train_weights(set);
  EXPECT_EQ(weights[0], 0);
  EXPECT_EQ(weights[1], 1);
}

TEST(Trained, every_kind_counts_the_same_however_many_accounts_it_has) {
  Random random(3);
  const auto honest = accounts(400, 0, 0, random);
  const auto many = accounts(600, 2, 3, random), few = accounts(100, 5, 3, random);
  auto repeated = many;
  repeated.insert(repeated.end(), many.begin(), many.end());
  const auto once = train_weights({honest, {many, few}});
  const auto twice = train_weights({honest, {repeated, few}});
  for (std::size_t c = 0; c < kChannelCount; ++c) EXPECT_NEAR(once[c], twice[c], 1e-9);
  EXPECT_GT(std::min(once[2], once[5]), 0.3);
}

TEST(Trained, the_order_of_accounts_and_kinds_changes_nothing) {
  Random random(4);
  const TrainingSet set{accounts(200, 0, 0, random), {accounts(200, 3, 1.5, random), accounts(200, 6, 1, random)}};
  auto reversed = set;
  std::reverse(reversed.honest.begin(), reversed.honest.end());
  std::reverse(reversed.attackers.begin(), reversed.attackers.end());
  const auto weights = train_weights(set), again = train_weights(reversed);
  for (std::size_t c = 0; c < kChannelCount; ++c) EXPECT_NEAR(weights[c], again[c], 1e-9);
}

TEST(Trained, an_attack_that_shares_a_family_with_what_is_left_out_is_not_seen) {
  Random random(6);
  const auto some = accounts(3, 0, 0, random);
  const std::vector<KnownAttack> attacks = {
      {{"alpaca", "p3"}, some}, {{"people"}, some}, {{"mea"}, {}}, {{"chatdoctor"}, some}};
  EXPECT_EQ(training_set(some, attacks, {}).attackers.size(), 3U);
  EXPECT_EQ(training_set(some, attacks, {"p3"}).attackers.size(), 2U);
  EXPECT_EQ(training_set(some, attacks, {"p3", "people"}).attackers.size(), 1U);
  EXPECT_EQ(training_set(some, attacks, {"p3", "people", "chatdoctor"}).attackers.size(), 0U);
  EXPECT_EQ(training_set(some, attacks, {}).honest.size(), some.size());
}

TEST(Trained, where_there_is_nothing_to_learn_all_weights_are_equal) {
  Random random(5);
  const auto some = accounts(50, 0, 0, random);
  for (const auto& set : {TrainingSet{{}, {some}}, TrainingSet{some, {}}, TrainingSet{{Peaks{}}, {{Peaks{}}}}}) {
    for (const double weight : train_weights(set)) EXPECT_EQ(weight, 1);
  }
}

TEST(FirstStudy, weighs_kinds_as_those_that_rank_and_leaves_out_whom_no_cell_has) {
  Sample sample;
  for (const auto* name : {"single", "power", "batch", "unseen single", "naive"}) {
    sample.cells.push_back({name, std::string_view(name) != "naive", false, {}, {}});
  }
  for (const auto& cell : sample.cells) {
    auto& measured = sample.measured.emplace_back();
    measured.cell = &cell;
    measured.accounts.resize(cell.name == "batch" ? 0 : 10);
  }
  const double shares[] = {.01, .03, 0, .5, 1};
  const auto flagged = [&](std::size_t cell) { return shares[cell]; };
  EXPECT_EQ(mix_flagged(sample, flagged), std::nullopt) << "kinds rank for themselves";
  sample.ranking_mix = {{"single", .2}, {"power", .2}, {"batch", .6}};
  EXPECT_DOUBLE_EQ(*mix_flagged(sample, flagged), .02);
  sample.measured[2].accounts.resize(1);
  EXPECT_DOUBLE_EQ(*mix_flagged(sample, flagged), .2 * .01 + .2 * .03);
}

}  // namespace
}  // namespace cms::lab
