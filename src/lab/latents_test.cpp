#include "lab/latents.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"

namespace cms::lab {
namespace {

// Rows of unlike spread in every direction, and correlated.
Rows people(Random& random, int count, int columns) {
  Rows rows(count, columns);
  for (int i = 0; i < count; ++i) {
    for (int k = 0; k < columns; ++k) {
      rows(i, k) = static_cast<float>(3 + random.normal() * (1 + k) + (k > 0 ? double{rows(i, k - 1)} : 0.0));
    }
  }
  return rows;
}

double kernel(const Eigen::RowVectorXf& a, const Eigen::RowVectorXf& b) {
  double sum = 0;
  for (const double sigma : {1, 5, 10, 15, 20}) {
    sum += std::exp(-static_cast<double>((a - b).squaredNorm()) / (2 * sigma * sigma));
  }
  return sum;
}

// By its definition, over all pairs.
double plain_mmd(const Rows& a, const Rows& b) {
  const auto mean = [](const Rows& x, const Rows& y) {
    double sum = 0;
    for (int i = 0; i < x.rows(); ++i) {
      for (int j = 0; j < y.rows(); ++j) sum += kernel(x.row(i), y.row(j));
    }
    return sum / static_cast<double>(x.rows() * y.rows());
  };
  return std::sqrt(mean(a, a) + mean(b, b) - 2 * mean(a, b));
}

TEST(Latents, of_the_people_have_mean_nothing_and_covariance_one) {
  Random random(1);
  const Rows rows = people(random, 500, 40);
  const auto space = fit_latents(rows);
  ASSERT_EQ(space.map.cols(), 32);
  const Eigen::MatrixXd latents = latents_of(space, rows).cast<double>();
  EXPECT_NEAR(latents.colwise().mean().norm(), 0, 1e-3);
  const Eigen::MatrixXd covariance = latents.transpose() * latents / 500;
  EXPECT_NEAR((covariance - Eigen::MatrixXd::Identity(32, 32)).cwiseAbs().maxCoeff(), 0, 1e-3);
}

TEST(Latents, are_as_few_as_there_are_directions) {
  Random random(2);
  Rows rows = people(random, 50, 6);
  rows.col(5) = rows.col(4);
  const auto space = fit_latents(rows);
  EXPECT_EQ(space.map.cols(), 5);
  EXPECT_EQ(space.reference.rows(), 50);
}

TEST(LatentMmd, is_the_greatest_of_its_windows) {
  Random random(3);
  const auto space = fit_latents(people(random, 300, 10));
  const Rows latents = latents_of(space, people(random, 130, 10));
  double greatest = 0;
  for (const int first : {0, 10, 20, 30}) {
    greatest = std::max(greatest, plain_mmd(latents.middleRows(first, 100), space.reference));
  }
  EXPECT_NEAR(latent_mmd(space, latents), greatest, 1e-5);
  EXPECT_NEAR(latent_mmd(space, latents.topRows(40)), plain_mmd(latents.topRows(40), space.reference), 1e-5);
  EXPECT_EQ(latent_mmd(space, latents.topRows(1)), 0);
}

TEST(LatentMmd, is_greater_for_strangers_than_for_people) {
  Random random(4);
  const auto space = fit_latents(people(random, 300, 40));
  const Rows latents = latents_of(space, people(random, 100, 40));
  const Rows moved = latents.array() + 1;
  const Rows narrow = latents * .1F;
  EXPECT_GT(latent_mmd(space, moved), 2 * latent_mmd(space, latents));
  EXPECT_GT(latent_mmd(space, narrow), 2 * latent_mmd(space, latents));
}

}  // namespace
}  // namespace cms::lab
