#include "lab/baselines.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"

namespace cms::lab {
namespace {

Rows gaussian(Random& random, int count, int columns, double scale = 1, double centre = 0) {
  Rows rows(count, columns);
  for (int i = 0; i < count; ++i) {
    for (int j = 0; j < columns; ++j) rows(i, j) = static_cast<float>(centre + scale * random.normal());
  }
  return rows;
}

Rows unit(Rows rows) {
  rows.rowwise().normalize();
  return rows;
}

double correlation(const Rows& rows, int a, int b) {
  double mean_a = 0, mean_b = 0, product = 0, square_a = 0, square_b = 0;
  for (int j = 0; j < rows.cols(); ++j) {
    mean_a += rows(a, j) / static_cast<double>(rows.cols());
    mean_b += rows(b, j) / static_cast<double>(rows.cols());
  }
  for (int j = 0; j < rows.cols(); ++j) {
    product += (rows(a, j) - mean_a) * (rows(b, j) - mean_b);
    square_a += (rows(a, j) - mean_a) * (rows(a, j) - mean_a);
    square_b += (rows(b, j) - mean_b) * (rows(b, j) - mean_b);
  }
  return product / std::sqrt(square_a * square_b);
}

TEST(PublishedScore, is_the_weighted_sum_that_was_published) {
  // Rows alike but for noise, so that what the hash adds (at most .15) is the only part not recomputed here.
  Random random(1);
  Rows rows = gaussian(random, 20, 40, 0.3);
  double similarity = 0, coherence = 0, plain = 0, variance = 0;
  std::vector<double> counts(20);
  for (int i = 0; i < 20; ++i) {
    for (int j = i + 1; j < 20; ++j) {
      const double value = correlation(rows, i, j);
      similarity += value / 190;
      plain += static_cast<double>(rows.row(i).dot(rows.row(j)) / (rows.row(i).norm() * rows.row(j).norm())) / 190;
      ++counts[static_cast<std::size_t>((value + 1) / 2 * 20)];
      if (j == i + 1) coherence += value / 19;
    }
  }
  for (int j = 0; j < 40; ++j) {
    const double mean = rows.col(j).cast<double>().mean();
    variance += (rows.col(j).cast<double>().array() - mean).square().mean() / 40;
  }
  double entropy = 0;
  for (const double count : counts) entropy -= count > 0 ? count / 190 * std::log2(count / 190) : 0;
  const double without_hash = .30 * (1 - similarity) + .25 * std::min(entropy / 4, 1.0) + .20 * (1 - coherence) +
                              .05 * std::min(5 * std::abs(plain - similarity), 1.0) +
                              .05 * std::min(10 * variance, 1.0);
  const double hash = published_score(rows) - without_hash;
  EXPECT_GT(hash, .15 * 20 / 256 - 1e-5);
  EXPECT_LT(hash, .15 * 60 / 256 + 1e-5);
}

TEST(PublishedScore, takes_the_greatest_of_its_windows) {
  Random random(2);
  Rows rows = gaussian(random, 150, 30, 0.01, 1);
  rows.block(60, 0, 50, 30) = gaussian(random, 50, 30);
  double greatest = 0;
  for (int first = 0; first <= 100; first += 10) {
    greatest = std::max(greatest, published_score(rows.block(first, 0, 50, 30)));
  }
  EXPECT_NEAR(published_score(rows), greatest, 1e-6);
  EXPECT_EQ(published_score(rows.topRows(1)), 0);
}

TEST(PublishedScore, decays_once_extraction_stops) {
  Random random(3);
  Rows rows = gaussian(random, 150, 30, 0.01, 1);
  rows.block(0, 0, 50, 30) = gaussian(random, 50, 30);
  double level = published_score(rows.topRows(50)), highest = level;
  for (int first = 10; first <= 100; first += 10) {
    level += .1 * (published_score(rows.block(first, 0, 50, 30)) - level);
    highest = std::max(highest, level);
  }
  const auto scores = published_scores(rows);
  EXPECT_NEAR(scores.decayed, highest, 1e-6);
  EXPECT_LT(level, highest);
  EXPECT_EQ(scores.greatest, published_score(rows));
  const auto one_window = published_scores(rows.topRows(50));
  EXPECT_EQ(one_window.decayed, one_window.greatest);
}

TEST(Prada, is_low_for_one_population_and_high_for_two) {
  Random random(3);
  const Rows one = gaussian(random, 200, 60);
  Rows two = one;
  // Small steps around what was asked before, as synthetic queries are made.
  for (int i = 100; i < 200; ++i) two.row(i) = one.row(i - 100) + 0.05F * two.row(i);
  EXPECT_LT(prada(one), 0.1);
  EXPECT_GT(prada(two), 0.2);
  EXPECT_EQ(prada(one.topRows(80)), 0);
}

TEST(SimilarPairs, counts_requests_with_a_near_one_before_them) {
  Random random(4);
  Rows rows = unit(gaussian(random, 50, 64));
  EXPECT_EQ(similar_pairs(rows), 0);
  rows.row(7) = rows.row(3);
  rows.row(30) = rows.row(3);
  EXPECT_NEAR(similar_pairs(rows), 2.0 / 50, 1e-12);
}

TEST(BenignMmd, is_near_zero_for_the_references_own_law_and_grows_with_distance) {
  Random random(5);
  const Rows reference = unit(gaussian(random, 400, 8));
  const double bandwidth = 0.7;
  const auto kernel = [&](const auto& a, const auto& b) {
    return std::exp(-static_cast<double>((a - b).squaredNorm()) / (2 * bandwidth * bandwidth));
  };
  double self = 0;
  for (int i = 0; i < 400; ++i) {
    for (int j = 0; j < i; ++j) self += kernel(reference.row(i), reference.row(j)) / (400 * 399 / 2);
  }
  const auto measured = [&](const Rows& points) {
    std::vector<float> benign;
    for (int i = 0; i < points.rows(); ++i) {
      double sum = 0;
      for (int j = 0; j < 400; ++j) sum += kernel(points.row(i), reference.row(j)) / 400;
      benign.push_back(static_cast<float>(sum));
    }
    return benign_mmd(points, benign, bandwidth, self, 100, 100);
  };
  EXPECT_NEAR(measured(unit(gaussian(random, 100, 8))), 0, 0.01);
  EXPECT_GT(measured(unit(gaussian(random, 100, 8, 0.3, 1))), 0.2);
}

TEST(OccupiedBuckets, counts_the_sign_patterns_of_twelve_coordinates) {
  Random random(6);
  const Rows wide = unit(gaussian(random, 300, 16));
  EXPECT_GT(occupied_buckets(wide), 250);
  Rows narrow(300, 16);
  for (int i = 0; i < 300; ++i) narrow.row(i) = wide.row(i % 2);
  EXPECT_EQ(occupied_buckets(narrow), 2);
  EXPECT_EQ(occupied_buckets(wide.topRows(0)), 0);
}

TEST(Cap, is_the_cost_that_was_published) {
  Random random(7);
  const Rows points = unit(gaussian(random, 80, 16));
  const Rows planes = cap_planes(16);
  ASSERT_EQ(planes.rows(), 11);
  std::set<std::string> buckets;
  Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(16);
  for (int i = 0; i < 80; ++i) {
    std::string signs;
    for (int p = 0; p < 11; ++p) signs += points.row(i).dot(planes.row(p)) >= 0 ? '1' : '0';
    buckets.insert(signs);
    mean += points.row(i).cast<double>() / 80;
  }
  double deviation = 0;
  for (int i = 0; i < 80; ++i) deviation += (points.row(i).cast<double>() - mean).squaredNorm() / 80;
  const double hit = static_cast<double>(buckets.size());
  const double expected = .0005 + .05 * (std::exp(hit / 2048 / .19 * std::log(8 / .0005)) - 1) + 8 * .35 * hit / 80 +
                          8 * .45 * std::sqrt(deviation);
  EXPECT_NEAR(cap_cost(points, planes), expected, 1e-5);
}

TEST(Cap, is_dearer_for_who_goes_everywhere_and_nothing_for_one_request) {
  Random random(8);
  const Rows planes = cap_planes(16);
  const Rows wide = unit(gaussian(random, 120, 16));
  const Rows narrow = unit(gaussian(random, 120, 16, .1, 1));
  EXPECT_GT(cap_cost(wide, planes), 2 * cap_cost(narrow, planes));
  EXPECT_EQ(cap_cost(wide.topRows(1), planes), 0);
}

}  // namespace
}  // namespace cms::lab
