#include "lab/corpus_account.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lab/corpus_example.hpp"

namespace cms::lab {
namespace {

// A source whose vectors say which row they are.
ActivationSet source_of(const Example& all) {
  ActivationSet source;
  source.manifest.dimension = 2;
  source.manifest.model_name = "example";
  source.rows = all.infos;
  for (std::size_t i = 0; i < all.infos.size(); ++i) {
    source.values.push_back(static_cast<float>(i));
    source.values.push_back(-1);
    source.rows[i].tokens_seen = static_cast<std::uint32_t>(i);
  }
  return source;
}

TEST(composed_accounts, become_a_set_with_their_vectors_names_and_keys) {
  const auto all = example(1);
  const auto corpus = all.corpus();
  const auto source = source_of(all);
  auto diluted = account_of("diluted", {5, 900}, false);
  diluted.from_attacker[1] = true;
  const std::vector<ComposedAccount> accounts{account_of("single", {3, 1, 2}, false), diluted,
                                              account_of("single", {7}, false)};
  Random random(1);
  const auto set = compose_set(source, corpus, accounts, "test/", random);

  ASSERT_EQ(set.count(), 6U);
  EXPECT_EQ(set.manifest.model_name, "example");
  const std::vector<std::uint32_t> rows{3, 1, 2, 5, 900, 7};
  const std::vector<std::string> names{"test/single-000",  "test/single-000",  "test/single-000",
                                       "test/diluted-000", "test/diluted-000", "test/single-001"};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(set.row(i)[0], static_cast<float>(rows[i]));
    EXPECT_EQ(set.rows[i].account, names[i]);
    EXPECT_EQ(set.rows[i].tokens_seen, rows[i]);
    EXPECT_EQ(set.rows[i].more["text"], all.infos[rows[i]].more["text"]);
    EXPECT_EQ(set.rows[i].more["origin"], all.infos[rows[i]].more["kind"]);
  }
  EXPECT_EQ(set.rows[0].more["kind"], "single");
  EXPECT_EQ(set.rows[3].more["from_attacker"], false);
  EXPECT_EQ(set.rows[4].more["from_attacker"], true);
}

TEST(composed_accounts, give_the_same_set_for_the_same_seed) {
  const auto all = example(2);
  const auto corpus = all.corpus();
  const std::vector<ComposedAccount> accounts{account_of("single", {3, 1, 2}, false)};
  const auto time = [&](std::uint64_t seed) {
    Random random(seed);
    return compose_set(source_of(all), corpus, accounts, "", random).rows[2].time;
  };
  EXPECT_EQ(time(5), time(5));
  EXPECT_NE(time(5), time(6));
}

std::vector<double> gaps_of(const ComposedAccount& account, std::uint64_t seed) {
  Random random(seed);
  auto times = request_times(account, TimeOptions{}, random);
  EXPECT_GE(times.front(), 0);
  EXPECT_LT(times.front(), 86400);
  std::vector<double> gaps;
  for (std::size_t i = 1; i < times.size(); ++i) gaps.push_back(times[i] - times[i - 1]);
  return gaps;
}

TEST(request_times, of_people_come_in_sessions_with_hours_between) {
  const auto gaps = gaps_of(account_of("single", std::vector<std::uint32_t>(20001), false), 3);
  double inside = 0;
  double breaks = 0;
  double break_seconds = 0;
  for (const double gap : gaps) {
    ASSERT_GE(gap, 0);
    if (gap >= 3600) {
      ++breaks;
      break_seconds += gap;
    } else {
      inside += gap;
    }
  }
  EXPECT_NEAR(breaks / 20000, 1.0 / 20, 0.006);
  EXPECT_NEAR(inside / (20000 - breaks), 40, 1.5);
  EXPECT_NEAR(break_seconds / breaks, 3600 + 21600 + 40, 2500);
}

TEST(request_times, of_machines_come_every_two_seconds_without_a_break) {
  for (const auto& account : {account_of("naive", std::vector<std::uint32_t>(5001), true),
                              account_of("batch", std::vector<std::uint32_t>(5001), false)}) {
    const auto gaps = gaps_of(account, 4);
    double sum = 0;
    for (const double gap : gaps) sum += gap;
    EXPECT_NEAR(sum / 5000, 2, 0.15);
    EXPECT_LT(*std::max_element(gaps.begin(), gaps.end()), 60);
  }
}

TEST(composed_accounts, are_as_alike_as_their_pairs) {
  Example all;
  std::vector<float> axis(kExampleRank), other(kExampleRank), between(kExampleRank);
  axis[0] = other[1] = between[0] = between[1] = 1;
  int number = 0;
  for (const auto& point : {axis, other, between}) all.add("f", "human", "", 0, std::to_string(number++), point);
  const auto corpus = all.corpus();
  const auto three = likeness_of(corpus, all_rows(corpus));
  EXPECT_EQ(three.requests, 3U);
  EXPECT_NEAR(three.least, 0, 1e-6);
  EXPECT_NEAR(three.mean, 2 * std::sqrt(.5) / 3, 1e-6);
  EXPECT_EQ(likeness_of(corpus, Pool(all_rows(corpus)).first(1)).least, 1);
  EXPECT_EQ(likeness_of(corpus, {}).requests, 0U);
}

TEST(composed_accounts, are_asked_for_until_there_are_enough_or_the_pool_will_not_give_them) {
  int calls = 0;
  const auto every_third = [&]() -> std::optional<ComposedAccount> {
    if (++calls % 3 != 0) return std::nullopt;
    return account_of("single", {0}, false);
  };
  EXPECT_EQ(compose_many(7, every_third).size(), 7U);
  EXPECT_EQ(calls, 21);

  calls = 0;
  const auto never = [&]() -> std::optional<ComposedAccount> {
    ++calls;
    return std::nullopt;
  };
  EXPECT_TRUE(compose_many(5, never).empty());
  EXPECT_EQ(calls, 100);
}

}  // namespace
}  // namespace cms::lab
