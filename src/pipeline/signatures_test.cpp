#include "pipeline/signatures.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "fleet/campaign_example.hpp"
#include "pipeline/model_example.hpp"
#include "pipeline/step.hpp"
#include "score/calibration.hpp"

namespace cms::pipeline {
namespace {

// Five accounts of hostile streams, one after the other.
struct Example {
  Model model = with(example_model(), 64, 64, 1);
  ActivationSet set;
  std::vector<tap::AccountRows> accounts;

  Example() {
    set.manifest = model.atlas.manifest;
    for (std::uint64_t a = 0; a < 5; ++a) {
      const auto stream = example_stream(model, a + 1, 40 + 10 * a);
      accounts.push_back({fmt::format("a{}", a), {}});
      for (std::size_t i = 0; i < stream.size(); ++i) {
        accounts.back().rows.push_back(set.rows.size());
        set.values.insert(set.values.end(), stream.row(i).begin(), stream.row(i).end());
        set.rows.push_back({accounts.back().account, static_cast<double>(i), 0, 0, {}});
      }
    }
  }
};

// The signature by definition: a point equal to one of the last W distinct ones is left out.
fleet::Signature without_repeats(const Example& example, std::span<const std::size_t> rows) {
  const auto& atlas = example.model.atlas;
  fleet::Signature slow;
  std::vector<std::vector<std::int8_t>> distinct;
  for (const auto row : rows) {
    const auto projected = atlas::project(atlas, example.set.row(row));
    const auto last = distinct.end() - std::min<std::ptrdiff_t>(example.model.window_length, std::ssize(distinct));
    if (std::find(last, distinct.end(), projected.point) != distinct.end()) continue;
    distinct.push_back(projected.point);
    fleet::take(slow, projected, atlas.centroid(projected.chart), signature_options(example.model));
  }
  return slow;
}

Result<std::vector<fleet::Signature>> signatures_of(const Model& model, const ActivationSet& set,
                                                    std::span<const tap::AccountRows> accounts, unsigned threads) {
  CMS_TRY(seen, see_together(model, set, accounts, 1, threads));
  return std::move(seen.back().accounts);
}

TEST(SeeTogether, pohs_are_those_at_the_last_request_and_1_before_the_first_evaluation) {
  Example example;
  example.accounts[1].rows.resize(5);
  const auto one = see_together(example.model, example.set, example.accounts, 1, 1);
  const auto three = see_together(example.model, example.set, example.accounts, 1, 3);
  ASSERT_TRUE(one && three);
  const auto& pohs = one->back().pohs;
  EXPECT_EQ(pohs, three->back().pohs);
  EXPECT_EQ(pohs[1], 1);
  Scratch scratch;
  for (std::size_t a = 0; a < example.accounts.size(); ++a) {
    auto account = make_account(example.model);
    Score last;
    for (const auto row : example.accounts[a].rows) {
      last = step(example.model, account, example.set.row(row), example.set.rows[row].time, scratch);
    }
    EXPECT_EQ(pohs[a], static_cast<float>(last.poh)) << a;
  }
}

TEST(SeeTogether, an_earlier_look_is_that_of_the_first_share_of_every_accounts_requests) {
  Example example;
  example.accounts[2].rows.resize(2);  // fewer than looks
  const auto looks = see_together(example.model, example.set, example.accounts, 3, 2);
  ASSERT_TRUE(looks);
  ASSERT_EQ(looks->size(), 3U);
  for (std::size_t look = 0; look < 3; ++look) {
    auto so_far = example.accounts;
    for (auto& account : so_far) account.rows.resize((account.rows.size() * (look + 1) + 2) / 3);
    const auto alone = see_together(example.model, example.set, so_far, 1, 1);
    ASSERT_TRUE(alone);
    EXPECT_EQ((*looks)[look].accounts, alone->back().accounts);
    EXPECT_EQ((*looks)[look].pohs, alone->back().pohs);
  }
  EXPECT_NE(looks->front().accounts, looks->back().accounts);
}

TEST(Signatures, are_what_the_pure_step_leaves_in_the_accounts_state) {
  const Example example;
  const auto signatures = signatures_of(example.model, example.set, example.accounts, 1);
  ASSERT_TRUE(signatures);
  Scratch scratch;
  for (std::size_t a = 0; a < example.accounts.size(); ++a) {
    auto account = make_account(example.model);
    for (const auto row : example.accounts[a].rows) step(example.model, account, example.set.row(row), 0, scratch);
    EXPECT_EQ(account.signature, (*signatures)[a]);
    EXPECT_EQ(account.signature.requests, account.window.distinct);
  }
}

TEST(Signatures, are_those_of_the_requests_one_by_one_for_any_number_of_threads) {
  const Example example;
  const auto one = signatures_of(example.model, example.set, example.accounts, 1);
  const auto three = signatures_of(example.model, example.set, example.accounts, 3);
  ASSERT_TRUE(one && three);
  EXPECT_EQ(*one, *three);
  for (std::size_t a = 0; a < example.accounts.size(); ++a) {
    const auto slow = without_repeats(example, example.accounts[a].rows);
    EXPECT_EQ((*one)[a], slow);
    ByteWriter out;
    fleet::encode(slow, out);
    const auto bytes = out.take();
    ByteReader in(bytes);
    EXPECT_EQ(fleet::decode_signature(in).value_or(fleet::Signature{}), slow);
  }
}

// Each request three times at once, and the last 30 requests again and again: repeats leave no trace.
TEST(Signatures, of_requests_sent_three_times_are_the_same_bytes_as_of_requests_sent_once) {
  const Example example;
  auto thrice = example.accounts, again = example.accounts;
  for (std::size_t a = 0; a < thrice.size(); ++a) {
    const auto& rows = example.accounts[a].rows;
    thrice[a].rows.clear();
    for (const auto row : rows) thrice[a].rows.insert(thrice[a].rows.end(), 3, row);
    for (int round = 0; round < 2; ++round) again[a].rows.insert(again[a].rows.end(), rows.end() - 30, rows.end());
  }
  const auto once = signatures_of(example.model, example.set, example.accounts, 1);
  ASSERT_TRUE(once);
  for (const auto& repeated : {thrice, again}) {
    const auto made = signatures_of(example.model, example.set, repeated, 1);
    ASSERT_TRUE(made);
    for (std::size_t a = 0; a < once->size(); ++a) {
      ByteWriter expected, found;
      fleet::encode((*once)[a], expected);
      fleet::encode((*made)[a], found);
      EXPECT_EQ(found.take(), expected.take());
    }
  }
}

TEST(Signatures, of_another_model_are_refused) {
  Example example;
  example.set.manifest.layer = "another";
  const auto made = signatures_of(example.model, example.set, example.accounts, 1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::refused);
}

TEST(HonestFleets, of_either_side_share_no_account_with_the_other) {
  std::vector<std::string> names, kinds;
  std::vector<fleet::Signature> signatures(101);
  for (std::uint64_t a = 0; a < signatures.size(); ++a) {
    names.push_back(fmt::format("account-{}", a));
    kinds.push_back(names.back());
    signatures[a].requests = a;
  }
  auto before = signatures;
  for (auto& one : before) one.requests += 1'000;
  const std::vector<fleet::FleetLook> looks = {{before, {}}, {signatures, {}}};
  const auto fleets = honest_fleets(names, kinds, looks, {6, 1});
  ASSERT_EQ(fleets.size(), 6U);
  std::set<std::string> sides[2];
  for (std::size_t f = 0; f < fleets.size(); ++f) {
    std::set<std::string> members(fleets[f].kinds.begin(), fleets[f].kinds.end());
    EXPECT_EQ(members.size(), fleets[f].accounts.size());
    sides[f % 2].insert(members.begin(), members.end());
    for (std::size_t i = 0; i < fleets[f].accounts.size(); ++i) {
      EXPECT_EQ(fleets[f].kinds[i], names[fleets[f].accounts[i].requests]);
      EXPECT_EQ(score::in_ranking_half(fleets[f].kinds[i]), f % 2 == 1);
      if (f % 2 == 0) continue;
      ASSERT_EQ(fleets[f].earlier.size(), 1U);
      EXPECT_EQ(fleets[f].earlier[0].accounts[i].requests, fleets[f].accounts[i].requests + 1'000);
    }
    EXPECT_EQ(fleets[f].earlier.size(), f % 2);  // those that fix the evidence are looked at once
  }
  EXPECT_FALSE(sides[0].empty());
  for (const auto& name : sides[0]) EXPECT_FALSE(sides[1].contains(name));
}

// As many honest accounts as four fleets of the made-up world have.
fleet::FleetLook population(const fleet::ExampleWorld& world, Random& random) {
  fleet::FleetLook all;
  for (int part = 0; part < 4; ++part) {
    std::ranges::copy(honest_fleet(world, random).accounts, std::back_inserter(all.accounts));
  }
  return all;
}

// Random halves of one set share accounts, so that communities which rank are fewer than they look.
TEST(HonestFleets, that_share_accounts_flag_honest_communities_hardly_more_often_than_the_level) {
  const fleet::ExampleWorld world(5);
  Random random(6);
  constexpr int kHonestSets = 6;
  const double levels[] = {.01, .02, .05, .1, .25};
  const double spread[] = {.011, .016, .027, .034, .038};  // from one honest set to another, of forty (docs/fleet.md)
  double hits[5] = {}, communities = 0;
  for (std::uint64_t round = 0; round < kHonestSets; ++round) {
    const std::vector<fleet::FleetLook> honest = {population(world, random)};
    std::vector<std::string> names;
    for (std::size_t a = 0; a < honest[0].accounts.size(); ++a) names.push_back(fmt::format("{}-{}", round, a));
    const std::vector<std::string> kinds(names.size());
    const auto calibration = fleet::calibrate(honest_fleets(names, kinds, honest, {40, round}), fleet::small_options());
    ASSERT_TRUE(calibration);
    for (int f = 0; f < 6; ++f) {
      auto fresh = population(world, random).accounts;
      random.shuffle(fresh);
      fresh.resize(fresh.size() / 4);
      const auto found = fleet::find_campaigns(*calibration, fresh, 0);
      ASSERT_TRUE(found);
      for (const auto& campaign : *found) {
        communities += 1;
        for (int l = 0; l < 5; ++l) hits[l] += campaign.poh <= levels[l] ? 1 : 0;
      }
    }
  }
  ASSERT_GT(communities, 500);
  for (int l = 0; l < 5; ++l) {
    EXPECT_LE(hits[l] / communities, levels[l] + 3 * spread[l] / std::sqrt(kHonestSets)) << levels[l];
  }
  EXPECT_GE(hits[4] / communities, .15);  // who flags nobody keeps every promise
}

}  // namespace
}  // namespace cms::pipeline
