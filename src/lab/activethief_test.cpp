#include "lab/activethief.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "lab/demo_example.hpp"

namespace cms::lab {
namespace {

Eigen::MatrixXf distributions(Random& random, int classes, int count) {
  Eigen::MatrixXf columns(classes, count);
  for (int i = 0; i < count; ++i) {
    const auto shares = random.dirichlet(static_cast<std::size_t>(classes), .5);
    for (int c = 0; c < classes; ++c) columns(c, i) = static_cast<float>(shares[static_cast<std::size_t>(c)]);
  }
  return columns;
}

TEST(MostUncertain, are_those_of_greatest_entropy) {
  Eigen::MatrixXf columns(2, 4);
  columns << 1, .5F, .9F, .6F, 0, .5F, .1F, .4F;
  EXPECT_EQ(most_uncertain(columns, 3), (std::vector<std::size_t>{1, 3, 2}));
  EXPECT_EQ(most_uncertain(columns, 9).size(), 4U);
}

TEST(KCenters, are_always_the_farthest_from_all_centres) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    Random random(seed);
    const auto columns = distributions(random, 5, 60);
    const auto centers = distributions(random, 5, 4);
    const auto chosen = k_centers(columns, centers, 20);
    ASSERT_EQ(chosen.size(), 20U);
    EXPECT_EQ(std::set<std::size_t>(chosen.begin(), chosen.end()).size(), 20U);
    std::vector<Eigen::VectorXf> known;
    for (int c = 0; c < 4; ++c) known.emplace_back(centers.col(c));
    const auto distance = [&](Eigen::Index column) {
      float nearest = 1e9F;
      for (const auto& center : known) nearest = std::min(nearest, (columns.col(column) - center).norm());
      return nearest;
    };
    for (const auto place : chosen) {
      for (Eigen::Index other = 0; other < 60; ++other) {
        EXPECT_GE(distance(static_cast<Eigen::Index>(place)), distance(other) - 1e-6F);
      }
      known.emplace_back(columns.col(static_cast<Eigen::Index>(place)));
    }
  }
}

TEST(KCenters, of_columns_all_alike_are_different_columns) {
  const Eigen::MatrixXf columns = Eigen::MatrixXf::Constant(3, 5, 1.0F / 3);
  const auto chosen = k_centers(columns, columns.leftCols(1), 5);
  EXPECT_EQ(std::set<std::size_t>(chosen.begin(), chosen.end()).size(), 5U);
}

TEST(NextBatch, by_uncertainty_and_k_centre_is_the_k_centre_of_the_most_uncertain) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    Random random(seed);
    const auto open = distributions(random, 5, 60);
    const auto asked = distributions(random, 5, 4);
    // Slowly: whoever is no candidate is made a copy of somebody asked, and so is never the farthest.
    const auto uncertain = most_uncertain(open, 20);
    const std::set<std::size_t> candidates(uncertain.begin(), uncertain.end());
    Eigen::MatrixXf without = open;
    for (Eigen::Index i = 0; i < 60; ++i) {
      if (!candidates.contains(static_cast<std::size_t>(i))) without.col(i) = asked.col(0);
    }
    const auto chosen = next_batch(Strategy::uncertain_k_center, open, asked, 8, 20);
    EXPECT_EQ(chosen, k_centers(without, asked, 8));
    EXPECT_NE(chosen, next_batch(Strategy::uncertainty, open, asked, 8, 20));
    EXPECT_NE(chosen, next_batch(Strategy::k_center, open, asked, 8, 20));
  }
}

TEST(NextBatch, of_as_many_candidates_as_texts_is_k_centre_and_of_no_more_than_it_takes_the_most_uncertain) {
  Random random(4);
  const auto open = distributions(random, 5, 30);
  const auto asked = distributions(random, 5, 3);
  const auto all = next_batch(Strategy::uncertain_k_center, open, asked, 10, 30);
  EXPECT_EQ(all, k_centers(open, asked, 10));
  auto few = next_batch(Strategy::uncertain_k_center, open, asked, 10, 1);
  auto uncertain = most_uncertain(open, 10);
  std::ranges::sort(few);
  std::ranges::sort(uncertain);
  EXPECT_EQ(few, uncertain);
}

class ActiveThief : public testing::Test {
 protected:
  ActiveThief() {
    const auto set = annotated_set();
    StudyOptions options;
    options.atlas = {.rank = 16, .chart_count = 40, .sketch_dimension = 16, .reference_max = 200};
    study_ = *make_study(set, options);
    for (const auto& row : study_.corpus.rows) {
      features_.push_back(text_features(set.rows[row.source_row].more.value("text", std::string())));
    }
  }
  Study study_;
  std::vector<TextFeatures> features_;
};

TEST_F(ActiveThief, asks_no_text_twice_as_many_as_it_may_and_the_same_for_the_same_chance) {
  for (const auto strategy : {Strategy::uncertainty, Strategy::k_center, Strategy::uncertain_k_center}) {
    const ActiveThiefOptions options{
        .strategy = strategy, .requests = 90, .batch = 25, .pool_texts = 150, .candidates = 50};
    Random random(1), same(1);
    const auto rows = active_thief(study_, features_, study_.split.test, options, random);
    ASSERT_EQ(rows.size(), 90U);
    std::set<std::uint32_t> texts;
    const std::set<std::uint32_t> pool(study_.split.test.begin(), study_.split.test.end());
    for (const auto row : rows) {
      EXPECT_TRUE(texts.insert(study_.corpus.rows[row].text_id).second);
      EXPECT_TRUE(pool.contains(row));
    }
    EXPECT_EQ(active_thief(study_, features_, study_.split.test, options, same), rows);
  }
}

TEST_F(ActiveThief, begins_alike_under_every_strategy_and_then_parts) {
  const auto under = [&](Strategy strategy) {
    Random random(2);
    return active_thief(study_, features_, study_.split.test,
                        {.strategy = strategy, .requests = 60, .batch = 20, .candidates = 40}, random);
  };
  const auto uncertain = under(Strategy::uncertainty), spread = under(Strategy::k_center),
             both = under(Strategy::uncertain_k_center);
  EXPECT_TRUE(std::equal(uncertain.begin(), uncertain.begin() + 20, spread.begin()));
  EXPECT_TRUE(std::equal(uncertain.begin(), uncertain.begin() + 20, both.begin()));
  EXPECT_NE(uncertain, spread);
  EXPECT_NE(uncertain, both);
  EXPECT_NE(spread, both);
}

TEST_F(ActiveThief, ends_with_its_pool) {
  Random random(3);
  const std::span<const std::uint32_t> few(study_.split.test.data(), 30);
  EXPECT_EQ(active_thief(study_, features_, few, {.requests = 400, .batch = 20}, random).size(), 30U);
}

}  // namespace
}  // namespace cms::lab
