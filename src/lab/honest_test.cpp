#include "lab/honest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "lab/corpus_example.hpp"
#include "lab/honest_walk.hpp"

namespace cms::lab {
namespace {

using Composer = std::optional<ComposedAccount> (*)(const Corpus&, Pool, const HonestOptions&, Random&);
const std::vector<std::pair<std::string, Composer>> kComposers{
    {"single", single}, {"mixed", mixed}, {"power", power}, {"generalist", generalist}, {"batch", batch}};

TEST(honest, every_kind_keeps_its_length_its_pool_and_no_text_twice) {
  const auto corpus = example(1).corpus();
  const auto pool = people(corpus);
  const HonestOptions options;
  Random random(1);
  for (const auto& [kind, compose] : kComposers) {
    std::size_t composed = 0;
    for (int i = 0; i < 40; ++i) {
      const auto account = compose(corpus, pool, options, random);
      if (!account) continue;
      ++composed;
      EXPECT_EQ(account->kind, kind);
      expect_sound(corpus, *account, pool, options.length);
      EXPECT_EQ(std::count(account->from_attacker.begin(), account->from_attacker.end(), true), 0);
    }
    EXPECT_EQ(composed, 40U) << kind;
  }
}

TEST(honest, equal_seeds_give_equal_accounts_and_others_do_not) {
  const auto corpus = example(2).corpus();
  const auto pool = people(corpus);
  for (const auto& [kind, compose] : kComposers) {
    const auto rows = [&](std::uint64_t seed) {
      Random random(seed);
      return compose(corpus, pool, HonestOptions{}, random)->rows;
    };
    EXPECT_EQ(rows(7), rows(7)) << kind;
    EXPECT_NE(rows(7), rows(8)) << kind;
  }
}

TEST(honest, a_pool_that_cannot_fill_an_account_gives_none) {
  const auto corpus = example(3).corpus();
  const std::vector<std::uint32_t> nothing;
  auto few = all_rows(corpus);
  few.resize(99);
  Random random(3);
  for (const auto& [kind, compose] : kComposers) {
    EXPECT_FALSE(compose(corpus, nothing, HonestOptions{}, random)) << kind;
    EXPECT_FALSE(compose(corpus, few, HonestOptions{}, random)) << kind;
    EXPECT_FALSE(compose(corpus, nothing, HonestOptions{.length = {10, 0}}, random)) << kind;
  }
}

TEST(honest, an_account_is_shorter_when_its_family_runs_out) {
  const auto corpus = example(3).corpus();
  const auto pool = of_families(corpus, all_rows(corpus), std::vector<std::string>{"ask_a"});
  Random random(4);
  const HonestOptions options{.length = {400, 100}};
  EXPECT_EQ(single(corpus, pool, options, random)->rows.size(), 160U);
  EXPECT_EQ(batch(corpus, pool, options, random)->rows.size(), 160U);
  EXPECT_EQ(generalist(corpus, pool, options, random)->rows.size(), 160U);
}

TEST(honest, a_talk_is_followed_turn_by_turn_before_the_next_begins) {
  const auto corpus = example(4).corpus();
  const auto pool = of_families(corpus, all_rows(corpus), std::vector<std::string>{"talk_a"});
  Random random(5);
  const auto account = single(corpus, pool, HonestOptions{.whole_conversations = 1}, random);
  ASSERT_TRUE(account.has_value());
  std::set<std::uint32_t> ended;
  for (std::size_t i = 1; i < account->rows.size(); ++i) {
    const auto& before = corpus.rows[account->rows[i - 1]];
    const auto& row = corpus.rows[account->rows[i]];
    if (row.conversation == before.conversation) {
      EXPECT_GT(row.turn, before.turn);
    } else {
      EXPECT_TRUE(ended.insert(before.conversation).second) << "a conversation was taken up again";
    }
  }
  EXPECT_GT(ended.size(), 25U);
}

TEST(honest, a_step_without_a_jump_goes_to_one_of_the_nearest_unused_rows) {
  const auto corpus = example(5).corpus();
  const auto pool = of_families(corpus, all_rows(corpus), std::vector<std::string>{"ask_b"});
  const HonestOptions options{.neighbours = 4, .jump = 0};
  Random random(6);
  const auto account = single(corpus, pool, options, random);
  ASSERT_TRUE(account.has_value());
  UsedTexts used(corpus);
  std::set<std::size_t> places;
  for (std::size_t i = 0; i < account->rows.size(); ++i) {
    if (i > 0) {
      const auto near = nearest_unused(corpus, pool, account->rows[i - 1], 4, used);
      const auto found = std::find(near.begin(), near.end(), account->rows[i]);
      EXPECT_NE(found, near.end());
      places.insert(static_cast<std::size_t>(found - near.begin()));
    }
    used.take(account->rows[i]);
  }
  EXPECT_EQ(places.size(), 4U);
}

TEST(honest, jumps_make_a_walk_less_coherent) {
  const auto corpus = example(5).corpus();
  const auto pool = of_families(corpus, all_rows(corpus), std::vector<std::string>{"ask_b"});
  const auto coherence = [&](double jump) {
    Random random(6);
    double sum = 0;
    for (int i = 0; i < 20; ++i) {
      const auto rows = single(corpus, pool, HonestOptions{.length = {40, 40}, .jump = jump}, random)->rows;
      for (std::size_t k = 1; k < rows.size(); ++k) sum += cosine(corpus, rows[k - 1], rows[k]);
    }
    return sum / (20 * 39);
  };
  EXPECT_GT(coherence(0), coherence(0.5) + 0.03);
  EXPECT_GT(coherence(0.5), coherence(1) + 0.03);
}

TEST(honest, single_and_batch_accounts_stay_in_one_family) {
  const auto corpus = example(6).corpus();
  Random random(7);
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 60; ++i) {
    for (const auto compose : {single, batch}) {
      const auto families = families_of(corpus, compose(corpus, people(corpus), HonestOptions{}, random)->rows);
      ASSERT_EQ(families.size(), 1U);
      seen.insert(*families.begin());
    }
  }
  EXPECT_EQ(seen.size(), 6U);
}

TEST(honest, mixed_accounts_hold_four_requests_of_the_main_family_to_one_of_the_other) {
  const auto corpus = example(7).corpus();
  Random random(8);
  double main_requests = 0;
  double requests = 0;
  for (int i = 0; i < 40; ++i) {
    const auto account = mixed(corpus, people(corpus), HonestOptions{}, random);
    ASSERT_TRUE(account.has_value());
    std::map<std::uint32_t, double> counts;
    for (const auto row : account->rows) ++counts[corpus.rows[row].family];
    ASSERT_EQ(counts.size(), 2U);
    main_requests += std::max(counts.begin()->second, counts.rbegin()->second);
    requests += static_cast<double>(account->rows.size());
  }
  EXPECT_NEAR(main_requests / requests, 0.8, 0.02);
}

// Mean number of consecutive requests in one family.
double run_length(const Corpus& corpus, const std::vector<ComposedAccount>& accounts) {
  double requests = 0;
  double runs = 0;
  for (const auto& account : accounts) {
    for (std::size_t i = 0; i < account.rows.size(); ++i) {
      ++requests;
      const bool starts = i == 0 || corpus.rows[account.rows[i]].family != corpus.rows[account.rows[i - 1]].family;
      runs += starts ? 1 : 0;
    }
  }
  return requests / runs;
}

TEST(honest, power_accounts_have_three_to_six_families_and_longer_runs_than_generalists) {
  const auto corpus = example(8).corpus();
  Random random(9);
  std::vector<ComposedAccount> powers;
  std::vector<ComposedAccount> generalists;
  std::set<std::size_t> counts;
  for (int i = 0; i < 60; ++i) {
    // Concentrated weights, so that every chosen family shows.
    const HonestOptions options{.length = {300, 300}, .power_concentration = 50, .generalist_concentration = 50};
    powers.push_back(*power(corpus, people(corpus), options, random));
    counts.insert(families_of(corpus, powers.back().rows).size());
    generalists.push_back(*generalist(corpus, people(corpus), options, random));
    EXPECT_EQ(families_of(corpus, generalists.back().rows).size(), 6U);
  }
  EXPECT_EQ(counts, (std::set<std::size_t>{3, 4, 5, 6}));
  // Runs of 8 and 3 on average, longer where the same family is drawn again: 1 / (1 - 1 / families).
  EXPECT_NEAR(run_length(corpus, powers), 8 * 1.3, 2);
  EXPECT_NEAR(run_length(corpus, generalists), 3 * 1.2, 0.4);
}

TEST(honest, a_power_account_leaves_a_family_that_has_run_out) {
  const auto corpus = example(9).corpus();
  Random random(10);
  auto pool = of_families(corpus, all_rows(corpus), std::vector<std::string>{"ask_a", "ask_b"});
  const auto talk = of_families(corpus, all_rows(corpus), std::vector<std::string>{"talk_a"});
  pool.insert(pool.end(), talk.begin(), talk.begin() + 5);
  const HonestOptions options{.length = {325, 325}};
  const auto account = power(corpus, pool, options, random);
  ASSERT_TRUE(account.has_value());
  EXPECT_EQ(account->rows.size(), 325U);
  EXPECT_FALSE(power(corpus, of_families(corpus, pool, std::vector<std::string>{"ask_a", "ask_b"}), options, random));
}

TEST(honest, a_walk_left_in_the_middle_of_a_talk_goes_on_there) {
  const auto corpus = example(10).corpus();
  const auto rows = of_families(corpus, all_rows(corpus), std::vector<std::string>{"talk_b"});
  const HonestOptions options{.whole_conversations = 1};
  Random random(11);
  Walk walk(corpus, rows, options, random);
  UsedTexts used(corpus);
  const auto first = walk.next(used, random);
  const auto other = of_families(corpus, all_rows(corpus), std::vector<std::string>{"ask_a"});
  for (const auto row : other) used.take(row);
  const auto second = walk.next(used, random);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(corpus.rows[*first].conversation, corpus.rows[*second].conversation);
}

}  // namespace
}  // namespace cms::lab
