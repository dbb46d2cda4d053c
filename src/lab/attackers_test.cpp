#include "lab/attackers.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "lab/corpus_example.hpp"

namespace cms::lab {
namespace {

using Composer = std::optional<ComposedAccount> (*)(const Corpus&, Pool, const AttackOptions&, Random&);
const std::vector<std::pair<std::string, Composer>> kComposers{{"naive", naive},
                                                               {"systematic", systematic},
                                                               {"clustered", clustered},
                                                               {"sorted", sorted},
                                                               {"adaptive", adaptive},
                                                               {"alike", alike},
                                                               {"stream", stream},
                                                               {"alternating", alternating}};

TEST(attackers, every_kind_keeps_its_length_its_pool_and_no_text_twice) {
  const auto corpus = example(1).corpus();
  const AttackOptions options;
  Random random(1);
  for (const auto& pool : {distillers(corpus), people(corpus)}) {
    for (const auto& [kind, compose] : kComposers) {
      for (int i = 0; i < 10; ++i) {
        const auto account = compose(corpus, pool, options, random);
        ASSERT_TRUE(account.has_value()) << kind;
        EXPECT_EQ(account->kind, kind);
        expect_sound(corpus, *account, pool, options.length);
        EXPECT_EQ(std::count(account->from_attacker.begin(), account->from_attacker.end(), false), 0);
      }
    }
  }
}

TEST(attackers, equal_seeds_give_equal_accounts_and_others_do_not) {
  const auto corpus = example(2).corpus();
  const auto pool = distillers(corpus);
  for (const auto& [kind, compose] : kComposers) {
    const auto rows = [&](std::uint64_t seed) {
      Random random(seed);
      return compose(corpus, pool, AttackOptions{}, random)->rows;
    };
    EXPECT_EQ(rows(7), rows(7)) << kind;
    EXPECT_NE(rows(7), rows(8)) << kind;
  }
}

TEST(attackers, a_pool_that_cannot_fill_an_account_gives_none) {
  const auto corpus = example(3).corpus();
  const std::vector<std::uint32_t> nothing;
  auto few = all_rows(corpus);
  few.resize(99);
  Random random(3);
  for (const auto& [kind, compose] : kComposers) {
    EXPECT_FALSE(compose(corpus, nothing, AttackOptions{}, random)) << kind;
    EXPECT_FALSE(compose(corpus, few, AttackOptions{}, random)) << kind;
  }
  EXPECT_FALSE(diluted(corpus, {.attack = nothing, .cover = people(corpus)}, AttackOptions{}, random));
  EXPECT_FALSE(diluted(corpus, {.attack = nothing, .cover = people(corpus)}, {.share = 0}, random));
  EXPECT_FALSE(diluted(corpus, {.attack = distillers(corpus), .cover = nothing}, AttackOptions{}, random));
}

// Among the rows not taken, the first whose nearest taken row is farthest: recomputed from nothing at each step.
std::vector<std::uint32_t> slow_farthest_first(const Corpus& corpus, const std::vector<std::uint32_t>& rows,
                                               std::size_t count) {
  std::vector<std::uint32_t> taken{rows[0]};
  while (taken.size() < std::min(count, rows.size())) {
    float least = 3;
    std::uint32_t best = 0;
    for (const auto row : rows) {
      if (std::find(taken.begin(), taken.end(), row) != taken.end()) continue;
      float nearest = -2;
      for (const auto other : taken) nearest = std::max(nearest, cosine(corpus, other, row));
      if (nearest < least) {
        least = nearest;
        best = row;
      }
    }
    taken.push_back(best);
  }
  return taken;
}

std::vector<std::uint32_t> slow_nearest_order(const Corpus& corpus, const std::vector<std::uint32_t>& rows) {
  std::vector<std::uint32_t> order{rows[0]};
  while (order.size() < rows.size()) {
    float best = -3;
    std::uint32_t next = 0;
    for (const auto row : rows) {
      if (std::find(order.begin(), order.end(), row) != order.end()) continue;
      if (cosine(corpus, order.back(), row) > best) {
        best = cosine(corpus, order.back(), row);
        next = row;
      }
    }
    order.push_back(next);
  }
  return order;
}

TEST(attackers, orders_are_those_of_their_slow_definitions) {
  const auto corpus = example(4).corpus();  // its families ask_* hold equal points
  Random random(4);
  for (const std::size_t count : {1U, 2U, 3U, 60U, 150U}) {
    const auto rows = draw(corpus, people(corpus), count, random);
    EXPECT_EQ(farthest_first(corpus, rows, count), slow_farthest_first(corpus, rows, count));
    EXPECT_EQ(farthest_first(corpus, rows, 10), slow_farthest_first(corpus, rows, 10));
    EXPECT_EQ(nearest_neighbour_order(corpus, rows), slow_nearest_order(corpus, rows));
  }
  EXPECT_TRUE(farthest_first(corpus, {}, 5).empty());
  EXPECT_TRUE(nearest_neighbour_order(corpus, {}).empty());
}

// The definition, recomputed from nothing at each step.
std::vector<std::uint32_t> slow_farthest_alike(const Corpus& corpus, const std::vector<std::uint32_t>& rows,
                                               std::size_t count, double similarity, std::size_t together) {
  std::vector<std::uint32_t> taken{rows[0]};
  while (taken.size() < std::min(count, rows.size())) {
    const std::size_t first = taken.size() + 1 > together ? taken.size() + 1 - together : 0;
    std::uint32_t alike = UINT32_MAX, likest = UINT32_MAX;
    float alike_nearest = 3, likest_least = -3;
    for (const auto row : rows) {
      if (std::find(taken.begin(), taken.end(), row) != taken.end()) continue;
      float nearest = -2, least = 2;
      for (std::size_t i = 0; i < taken.size(); ++i) {
        nearest = std::max(nearest, cosine(corpus, taken[i], row));
        if (i >= first) least = std::min(least, cosine(corpus, taken[i], row));
      }
      if (least >= similarity && nearest < alike_nearest) alike = row, alike_nearest = nearest;
      if (least > likest_least) likest = row, likest_least = least;
    }
    taken.push_back(alike != UINT32_MAX ? alike : likest);
  }
  return taken;
}

TEST(attackers, the_adaptive_order_is_that_of_its_slow_definition) {
  const auto corpus = example(12).corpus();  // its families ask_* hold equal points
  Random random(12);
  for (const std::size_t count : {1U, 2U, 90U}) {
    const auto rows = draw(corpus, people(corpus), count, random);
    for (const std::uint32_t together : {2U, 5U}) {
      for (const double similarity : {-1.0, 0.0, 0.3, 0.9}) {
        EXPECT_EQ(farthest_alike(corpus, rows, 80, similarity, together),
                  slow_farthest_alike(corpus, rows, 80, similarity, together));
      }
    }
    EXPECT_EQ(farthest_alike(corpus, rows, 80, -1, 5), farthest_first(corpus, rows, 80));
  }
  EXPECT_TRUE(farthest_alike(corpus, {}, 5, 0, 5).empty());
}

// The definition, recomputed from nothing at each step.
std::vector<std::uint32_t> slow_mutually_alike(const Corpus& corpus, const std::vector<std::uint32_t>& rows,
                                               double similarity, std::size_t count_min, std::size_t count_max) {
  std::vector<std::uint32_t> taken;
  while (taken.size() < std::min(count_max, rows.size())) {
    float best = -3;
    std::uint32_t next = 0;
    for (const auto row : rows) {
      if (std::find(taken.begin(), taken.end(), row) != taken.end()) continue;
      float least = 2;
      for (const auto other : taken) least = std::min(least, cosine(corpus, other, row));
      if (least > best) best = least, next = row;
    }
    if (taken.size() >= count_min && best < similarity) break;
    taken.push_back(next);
  }
  return taken;
}

TEST(attackers, rows_all_alike_are_those_of_the_slow_definition) {
  const auto corpus = example(14).corpus();  // its families ask_* hold equal points
  Random random(14);
  for (const std::size_t count : {1U, 2U, 90U}) {
    const auto rows = draw(corpus, people(corpus), count, random);
    for (const std::size_t least : {0U, 1U, 30U, 200U}) {
      for (const double similarity : {-1.0, 0.0, 0.3, 0.9}) {
        for (const std::size_t most : {0U, 25U, 80U, 200U}) {
          EXPECT_EQ(mutually_alike(corpus, rows, similarity, least, most),
                    slow_mutually_alike(corpus, rows, similarity, least, most));
        }
      }
    }
  }
  EXPECT_TRUE(mutually_alike(corpus, {}, 0, 5, 5).empty());
}

// Three families of 40 rows around axes of their own: about .9 within one, 0 between two.
Corpus three_bundles() {
  Example all;
  Random random(15);
  for (std::size_t family = 0; family < 3; ++family) {
    for (int i = 0; i < 40; ++i) {
      std::vector<float> point(kExampleRank);
      for (auto& value : point) value = static_cast<float>(.1 * random.normal());
      point[family] += 1;
      all.add(fmt::format("f{}", family), "distill", "", 0, fmt::format("{}, {}", family, i), point);
    }
  }
  return all.corpus();
}

TEST(attackers, an_account_that_is_all_alike_holds_its_similarity_and_is_shorter_where_no_more_texts_do) {
  const auto corpus = three_bundles();
  Random random(15);
  for (const auto& [wanted, sent] : {std::pair(30U, 30U), std::pair(60U, 40U)}) {
    for (int i = 0; i < 5; ++i) {
      const auto account = alike(corpus, all_rows(corpus), {.length = {wanted, 20}, .similarity = .5}, random);
      ASSERT_TRUE(account.has_value());
      EXPECT_EQ(account->rows.size(), sent);
      EXPECT_GE(likeness_of(corpus, account->rows).least, .5);
      EXPECT_EQ(families_of(corpus, account->rows).size(), 1U);
    }
  }
}

TEST(attackers, an_account_that_is_all_alike_goes_on_with_the_likest_until_it_is_long_enough) {
  const auto corpus = three_bundles();
  Random random(16);
  const auto account = alike(corpus, all_rows(corpus), {.length = {60, 50}, .similarity = .5}, random);
  ASSERT_TRUE(account.has_value());
  EXPECT_EQ(account->rows.size(), 50U);
  EXPECT_LT(likeness_of(corpus, account->rows).least, .5);
  const auto of_the_first = subset(corpus, account->rows, [&](const CorpusRow& row) {
    return row.family == corpus.rows[account->rows[0]].family;
  });
  EXPECT_EQ(of_the_first.size(), 40U);
}

TEST(attackers, an_account_that_is_all_alike_sends_the_farthest_of_them_first) {
  const auto corpus = example(17).corpus();
  Random random(17), again(17);
  const AttackOptions options{.length = {60, 20}, .similarity = -1};
  const auto account = alike(corpus, people(corpus), options, random);
  const auto rows = draw(corpus, people(corpus), people(corpus).size(), again);
  ASSERT_TRUE(account.has_value());
  EXPECT_EQ(account->rows, farthest_first(corpus, mutually_alike(corpus, rows, -1, 20, 240), 60));
}

double mean_step(const Corpus& corpus, const std::vector<std::uint32_t>& rows) {
  double sum = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) sum += cosine(corpus, rows[i - 1], rows[i]);
  return sum / static_cast<double>(rows.size() - 1);
}

double mean_nearest(const Corpus& corpus, const std::vector<std::uint32_t>& rows) {
  double sum = 0;
  for (const auto row : rows) {
    float nearest = -1;
    for (const auto other : rows) {
      if (other != row) nearest = std::max(nearest, cosine(corpus, row, other));
    }
    sum += nearest;
  }
  return sum / static_cast<double>(rows.size());
}

TEST(attackers, an_adaptive_account_is_more_alike_than_a_systematic_one_and_spreads_farther_than_a_sorted_one) {
  const auto corpus = example(13).corpus();
  const auto pool = people(corpus);
  const AttackOptions options{.length = {60, 60}, .similarity = .3};
  Random random(13);
  const auto far = systematic(corpus, pool, options, random)->rows;
  const auto alike = adaptive(corpus, pool, options, random)->rows;
  const auto near = sorted(corpus, pool, options, random)->rows;
  EXPECT_GT(mean_step(corpus, alike), mean_step(corpus, far) + 0.2);
  EXPECT_LT(mean_nearest(corpus, alike), mean_nearest(corpus, near));
}

TEST(attackers, orders_over_points_that_are_all_equal_keep_every_row_once) {
  Example all;
  for (int i = 0; i < 30; ++i) all.add("f", "distill", "", 0, std::to_string(i), std::vector<float>(kExampleRank, 1));
  const auto corpus = all.corpus();
  const auto rows = all_rows(corpus);
  EXPECT_EQ(farthest_first(corpus, rows, 30), rows);
  EXPECT_EQ(farthest_alike(corpus, rows, 30, .5, 5), rows);
  EXPECT_EQ(nearest_neighbour_order(corpus, rows), rows);
}

TEST(attackers, systematic_accounts_spread_farther_and_sorted_ones_step_shorter_than_naive_ones) {
  const auto corpus = example(5).corpus();
  const auto pool = distillers(corpus);
  const AttackOptions options{.length = {60, 60}};
  Random random(5);
  const auto any = naive(corpus, pool, options, random)->rows;
  const auto far = systematic(corpus, pool, options, random)->rows;
  const auto near = sorted(corpus, pool, options, random)->rows;
  EXPECT_LT(mean_nearest(corpus, far), mean_nearest(corpus, any) - 0.05);
  EXPECT_GT(mean_step(corpus, near), mean_step(corpus, any) + 0.2);
}

TEST(attackers, naive_accounts_draw_from_every_family_by_its_size) {
  const auto corpus = example(6).corpus();
  Random random(6);
  std::vector<double> counts(corpus.families.size());
  for (int i = 0; i < 60; ++i) {
    const auto account = naive(corpus, people(corpus), AttackOptions{}, random);
    ASSERT_TRUE(account.has_value());
    for (const auto row : account->rows) ++counts[corpus.rows[row].family];
  }
  // 640 of 1000 rows are questions; of the phrases that recur, one a time can be used.
  EXPECT_NEAR((counts[2] + counts[3] + counts[4] + counts[5]) / 9000, 0.64, 0.02);
}

TEST(attackers, a_cluster_is_a_centre_and_its_nearest_unused_rows) {
  const auto corpus = example(7).corpus();
  const auto pool = distillers(corpus);
  Random random(7);
  const AttackOptions options{.cluster_min = 5, .cluster_max = 5};
  const auto account = clustered(corpus, pool, options, random);
  ASSERT_TRUE(account.has_value());
  ASSERT_EQ(account->rows.size(), 150U);
  UsedTexts used(corpus);
  for (std::size_t centre = 0; centre < 150; centre += 5) {
    used.take(account->rows[centre]);
    const auto near = nearest_unused(corpus, pool, account->rows[centre], 4, used);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(account->rows[centre + 1 + i], near[i]);
      used.take(near[i]);
    }
  }
}

TEST(attackers, a_stream_is_one_family_and_nothing_else) {
  const auto corpus = example(8).corpus();
  Random random(8);
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 30; ++i) {
    const auto families = families_of(corpus, stream(corpus, distillers(corpus), AttackOptions{}, random)->rows);
    ASSERT_EQ(families.size(), 1U);
    seen.insert(*families.begin());
  }
  EXPECT_EQ(seen.size(), 3U);
}

TEST(attackers, a_diluted_account_holds_its_share_of_the_attack_between_honest_requests) {
  const auto corpus = example(9).corpus();
  const auto attack = distillers(corpus);
  const auto cover = people(corpus);
  Random random(9);
  for (const double share : {0.0, 0.1, 0.5, 1.0}) {
    double taken = 0;
    for (int i = 0; i < 30; ++i) {
      const AttackOptions options{.share = share};
      const auto account = diluted(corpus, {.attack = attack, .cover = cover}, options, random);
      ASSERT_TRUE(account.has_value());
      expect_sound(corpus, *account, all_rows(corpus), options.length);
      EXPECT_EQ(account->rows.size(), 150U);
      for (std::size_t k = 0; k < account->rows.size(); ++k) {
        EXPECT_EQ(corpus.rows[account->rows[k]].origin == Origin::distiller, account->from_attacker[k]);
        taken += account->from_attacker[k] ? 1 : 0;
      }
    }
    EXPECT_NEAR(taken / 4500, share, 0.03);
  }
}

TEST(attackers, an_account_that_alternates_sends_runs_of_neighbours_and_runs_as_drawn) {
  const auto corpus = example(9).corpus();
  Random random(9);
  double neighbours = 0, as_drawn = 0;
  for (int i = 0; i < 10; ++i) {
    const auto account = alternating(corpus, distillers(corpus), AttackOptions{.run = 30}, random);
    ASSERT_TRUE(account.has_value());
    expect_sound(corpus, *account, distillers(corpus), Length{});
    ASSERT_EQ(account->rows.size(), 150U);  // runs of 30, 30, 30, 30, 15, 15
    const Pool rows = account->rows;
    const auto first = std::vector(rows.begin(), rows.begin() + 30);
    EXPECT_EQ(nearest_neighbour_order(corpus, first), first);
    // The runs of neighbours are one walk, broken off and taken up again.
    std::vector<std::uint32_t> walk;
    for (const auto& [begin, end] : {std::pair(0, 30), std::pair(60, 90), std::pair(120, 135)}) {
      walk.insert(walk.end(), rows.begin() + begin, rows.begin() + end);
    }
    EXPECT_EQ(nearest_neighbour_order(corpus, walk), walk);
    neighbours += mean_step(corpus, first);
    as_drawn += mean_step(corpus, {rows.begin() + 30, rows.begin() + 60});
  }
  EXPECT_GT(neighbours / 10, as_drawn / 10 + 0.1);
}

TEST(attackers, bursts_keep_the_share_and_come_in_runs_of_their_length) {
  const auto corpus = example(9).corpus();
  Random random(11);
  std::size_t taken = 0;
  for (int i = 0; i < 60; ++i) {
    const AttackOptions options{.share = 0.5, .burst = 25};
    const auto account = diluted(corpus, {.attack = distillers(corpus), .cover = people(corpus)}, options, random);
    ASSERT_TRUE(account.has_value());
    for (std::size_t k = 0; k < account->rows.size(); ++k) {
      EXPECT_EQ(account->from_attacker[k], account->from_attacker[k - k % 25]);
      taken += account->from_attacker[k] ? 1 : 0;
    }
  }
  EXPECT_NEAR(static_cast<double>(taken) / (60 * 150), 0.5, 0.1);
}

TEST(attackers, a_diluted_account_repeats_no_text_even_when_both_pools_are_the_same) {
  const auto corpus = example(10).corpus();
  const auto pool = people(corpus);
  Random random(10);
  for (int i = 0; i < 20; ++i) {
    const auto account = diluted(corpus, {.attack = pool, .cover = pool}, AttackOptions{}, random);
    ASSERT_TRUE(account.has_value());
    expect_sound(corpus, *account, pool, Length{});
  }
}

}  // namespace
}  // namespace cms::lab
