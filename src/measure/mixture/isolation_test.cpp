#include "measure/mixture/isolation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.hpp"
#include "types/distances_example.hpp"

namespace cms::mixture {
namespace {

using Path = std::vector<std::uint32_t>;

// Points on the unit sphere.
Points directions(std::size_t count, std::size_t dimension, Random& random) {
  Points points(count, std::vector<double>(dimension));
  for (auto& point : points) {
    double square = 0;
    for (auto& x : point) x = random.normal(), square += x * x;
    for (auto& x : point) x /= std::sqrt(square);
  }
  return points;
}

Path shuffled(std::size_t count, Random& random) {
  Path path(count);
  std::iota(path.begin(), path.end(), 0U);
  for (std::size_t i = count; i > 1; --i) std::swap(path[i - 1], path[random.below(i)]);
  return path;
}

std::vector<float> surprisals_for(std::size_t count, Random& random) {
  std::vector<float> surprisals(count);
  for (auto& value : surprisals) value = static_cast<float>(-std::log(1 - random.uniform()));
  return surprisals;
}

// The definition, two passes, every pair of the path looked at.
double plainly(const Distances& distances, const Path& path, const std::vector<float>& surprisals) {
  std::vector<double> alone;
  for (std::size_t i = 0; i < path.size(); ++i) {
    double nearest = 2;
    for (std::size_t j = 0; j < path.size(); ++j) {
      const auto apart = i < j ? j - i : i - j;
      if (apart >= 1 && apart <= 2) nearest = std::min<double>(nearest, distances(path[i], path[j]));
    }
    alone.push_back(std::pow(nearest, 6));
  }
  const auto n = static_cast<double>(path.size());
  double mean_alone = 0, mean_surprisal = 0, covariance = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    mean_alone += alone[i] / n;
    mean_surprisal += surprisals[path[i]] / n;
  }
  for (std::size_t i = 0; i < path.size(); ++i) {
    covariance += (alone[i] - mean_alone) * (surprisals[path[i]] - mean_surprisal) / n;
  }
  return covariance;
}

TEST(Isolation, covariance_is_that_of_the_definition_for_any_path) {
  Random random(1);
  for (const std::size_t count : {3U, 4U, 5U, 16U, 64U, 256U}) {
    for (int round = 0; round < 20; ++round) {
      const auto matrix = euclidean(directions(count, 1 + random.below(8), random));
      const auto path = shuffled(count, random);
      const auto surprisals = surprisals_for(count, random);
      const auto value = isolation_covariance(matrix.view(), path, surprisals);
      ASSERT_TRUE(value);
      EXPECT_NEAR(*value, plainly(matrix.view(), path, surprisals), 1e-5) << count;
    }
  }
}

// The same strange requests, once sent one by one between others and once as a subject of their own.
TEST(Isolation, rises_when_the_strange_stand_alone_and_not_when_they_are_a_subject) {
  Random random(2);
  double alone = 0, together = 0;
  for (int round = 0; round < 50; ++round) {
    auto points = directions(64, 16, random);  // even slots: a walk; odd ones: anything
    for (std::size_t i = 2; i < 64; i += 2) {
      for (std::size_t c = 0; c < 16; ++c) points[i][c] = points[i - 2][c] + 0.05 * points[i][c];
    }
    const auto matrix = euclidean(points);
    Path between(64);
    std::iota(between.begin(), between.end(), 0U);
    auto strange = surprisals_for(64, random);
    for (std::size_t i = 1; i < 64; i += 2) strange[i] += 3;
    alone += *isolation_covariance(matrix.view(), between, strange);
    for (auto& value : strange) value += 5;  // the whole account is strange: nothing changes
    together += *isolation_covariance(matrix.view(), between, strange);
    EXPECT_NEAR(alone, together, 1e-3);
  }
  EXPECT_GT(alone / 50, 1);
  double subject = 0;
  for (int round = 0; round < 50; ++round) {
    auto points = directions(64, 16, random);  // two walks, one after the other, the second strange
    for (std::size_t i = 1; i < 64; ++i) {
      for (std::size_t c = 0; c < 16; ++c) points[i][c] = points[i - 1][c] + 0.05 * points[i][c];
    }
    auto strange = surprisals_for(64, random);
    for (std::size_t i = 32; i < 64; ++i) strange[i] += 3;
    Path path(64);
    std::iota(path.begin(), path.end(), 0U);
    subject += *isolation_covariance(euclidean(points).view(), path, strange);
  }
  EXPECT_NEAR(subject / 50, 0, 0.1);
}

TEST(Isolation, knows_only_neighbours_in_time) {
  // Slots 0 and 3 are the same place, three requests apart: far from all that is near in time.
  const Points points = {{0, 0}, {1, 0}, {2, 0}, {0, 0}, {1, 0}};
  const auto matrix = euclidean(points);
  const Path path = {0, 1, 2, 3, 4};
  EXPECT_DOUBLE_EQ(isolation(matrix.view(), path, 0), 1);
  EXPECT_DOUBLE_EQ(isolation(matrix.view(), path, 2), 1);
  EXPECT_DOUBLE_EQ(isolation(matrix.view(), path, 3), 1);
  EXPECT_DOUBLE_EQ(isolation(matrix.view(), Path{0, 3, 1, 2, 4}, 0), 0);
}

TEST(Isolation, is_not_measured_for_two_points_or_what_is_not_finite) {
  Random random(3);
  const auto matrix = euclidean(directions(4, 3, random));
  EXPECT_FALSE(isolation_covariance(matrix.view(), Path{0, 1}, std::vector<float>(4)));
  for (const float value : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_FALSE(isolation_covariance(matrix.view(), Path{0, 1, 2, 3}, std::vector<float>{0, value, 0, 1}));
  }
  EXPECT_EQ(isolation_covariance(matrix.view(), Path{0, 1, 2, 3}, std::vector<float>(4, 2)), 0);
}

}  // namespace
}  // namespace cms::mixture
