#include "measure/curvature/curvature.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "types/distances_example.hpp"

namespace cms::curvature {
namespace {

Points gaussian(Random& random, std::size_t count, std::size_t dimension) {
  Points points(count, std::vector<double>(dimension));
  for (auto& point : points) {
    for (auto& x : point) x = random.normal();
  }
  return points;
}

Points clustered(Random& random, std::size_t count) {
  auto points = gaussian(random, count, 5);
  for (std::size_t i = 0; i < count; ++i) points[i][0] += static_cast<double>(100 * random.below(4));
  return points;
}

// Whole numbers in the plane: many equal distances, and repeats.
Points grid(Random& random, std::size_t count) {
  Points points;
  for (std::size_t i = 0; i < count; ++i) {
    points.push_back({static_cast<double>(random.below(6)), static_cast<double>(random.below(6))});
  }
  return points;
}

// Slow and obvious: an adjacency matrix and three nested loops.
double oracle(const Points& all, std::size_t neighbours) {
  Points points;
  for (const auto& point : all) {
    if (std::find(points.begin(), points.end(), point) == points.end()) points.push_back(point);
  }
  const auto n = points.size();
  const auto matrix = euclidean(points);
  std::vector<std::vector<int>> joined(n, std::vector<int>(n, 0));
  for (std::uint32_t i = 0; i < n; ++i) {
    std::vector<std::pair<float, std::uint32_t>> row;
    for (std::uint32_t j = 0; j < n; ++j) row.emplace_back(i == j ? -1.0F : matrix.view()(i, j), j);
    std::sort(row.begin(), row.end());
    for (std::size_t rank = 1; rank <= neighbours && rank < n; ++rank) {
      joined[i][row[rank].second] = 1;
      joined[row[rank].second][i] = 1;
    }
  }
  double sum = 0;
  int edges = 0;
  for (std::size_t u = 0; u < n; ++u) {
    for (std::size_t v = u + 1; v < n; ++v) {
      if (joined[u][v] == 0) continue;
      int curvature = 4;
      for (std::size_t w = 0; w < n; ++w) {
        curvature += 3 * joined[u][w] * joined[v][w] - joined[u][w] - joined[v][w];
      }
      sum += curvature;
      ++edges;
    }
  }
  return sum / edges;
}

TEST(FormanRicci, equals_the_slow_oracle_on_random_clustered_and_repeated_points) {
  Random random(1);
  for (const std::size_t count : {2, 3, 8, 9, 10, 11, 63, 64, 65, 128, 256}) {
    for (const auto& points : {gaussian(random, count, 8), clustered(random, count), grid(random, count)}) {
      if (count == 2 && points[0] == points[1]) continue;
      for (const std::uint32_t neighbours : {1U, 3U, kNeighbours}) {
        const auto found = forman_ricci(euclidean(points).view(), neighbours);
        ASSERT_TRUE(found);
        EXPECT_DOUBLE_EQ(*found, oracle(points, neighbours)) << count << " points, " << neighbours << " neighbours";
      }
    }
  }
}

TEST(FormanRicci, of_neighbours_takes_the_first_of_them_whatever_the_scratch_has_seen) {
  Random random(7);
  Scratch scratch;
  Neighbours neighbours;
  for (int round = 0; round < 300; ++round) {
    const auto points = gaussian(random, 2 + random.below(255), 1 + random.below(8));
    const auto distances = euclidean(points);
    nearest(distances.view(), static_cast<std::uint32_t>(1 + random.below(12)), neighbours);
    const auto limit = static_cast<std::uint32_t>(1 + random.below(12));
    const auto found = forman_ricci(neighbours, scratch, limit);
    ASSERT_TRUE(found);
    EXPECT_DOUBLE_EQ(*found, oracle(points, std::min(limit, neighbours.k)));
  }
}

TEST(FormanRicci, counts_the_most_bits_that_a_row_can_have) {
  Random random(8);
  for (const std::size_t count : {64, 128, 192, 256}) {
    const auto distances = euclidean(gaussian(random, count, 3));
    EXPECT_EQ(forman_ricci(distances.view(), 255), static_cast<double>(count));
  }
}

TEST(FormanRicci, allocates_nothing_once_the_scratch_has_grown) {
  Random random(9);
  Scratch scratch;
  Neighbours neighbours;
  nearest(euclidean(gaussian(random, 256, 3)).view(), kNeighbours, neighbours);
  (void)forman_ricci(neighbours, scratch);
  const auto* rows = scratch.rows.data();
  const auto* degrees = scratch.degrees.data();
  const auto* edges = scratch.edges.data();
  for (int round = 0; round < 20; ++round) {
    nearest(euclidean(gaussian(random, 1 + random.below(256), 3)).view(), kNeighbours, neighbours);
    (void)forman_ricci(neighbours, scratch);
    EXPECT_EQ(scratch.rows.data(), rows);
    EXPECT_EQ(scratch.degrees.data(), degrees);
    EXPECT_EQ(scratch.edges.data(), edges);
  }
}

TEST(FormanRicci, of_a_cycle_is_zero) {
  Points points;
  for (int i = 0; i < 20; ++i) {
    const double angle = 2 * std::numbers::pi * i / 20;
    points.push_back({std::cos(angle), std::sin(angle)});
  }
  EXPECT_EQ(forman_ricci(euclidean(points).view(), 2), 0.0);
}

TEST(FormanRicci, of_a_complete_graph_is_its_number_of_points) {
  Random random(2);
  for (std::size_t count = 2; count <= kNeighbours + 1; ++count) {
    EXPECT_EQ(forman_ricci(euclidean(gaussian(random, count, 4)).view()), static_cast<double>(count));
  }
}

TEST(FormanRicci, of_separate_complete_graphs_is_the_size_of_one) {
  Random random(3);
  auto points = gaussian(random, 36, 4);
  for (std::size_t i = 0; i < points.size(); ++i) points[i][0] += 1000.0 * static_cast<double>(i / 9);
  EXPECT_EQ(forman_ricci(euclidean(points).view()), 9.0);
}

TEST(FormanRicci, is_lower_for_a_sweep_over_the_sphere_than_for_a_few_tight_subjects) {
  Random random(4);
  EXPECT_LT(*forman_ricci(euclidean(gaussian(random, 64, 32)).view()) + 5,
            *forman_ricci(euclidean(clustered(random, 64)).view()));
}

TEST(FormanRicci, counts_repeats_once) {
  Random random(5);
  auto points = gaussian(random, 30, 4);
  const auto once = forman_ricci(euclidean(points).view());
  for (std::size_t i = 0; i < 20; ++i) points.push_back(points[i % 7]);
  EXPECT_EQ(forman_ricci(euclidean(points).view()), once);
}

TEST(FormanRicci, is_not_measured_on_fewer_than_two_distinct_points) {
  const std::vector<double> a = {1, 0};
  for (const auto& points : {Points{}, Points{a}, Points{a, a, a, a, a}}) {
    EXPECT_FALSE(forman_ricci(euclidean(points).view()));
  }
}

TEST(FormanRicci, breaks_equal_distances_by_slot) {
  // One neighbour each on a line. In order, 1 takes 0, 2 takes 1, 3 takes 2: a path of curvatures 1, 0, 0, 1.
  const Points in_order = {{0}, {1}, {2}, {3}, {4}};
  EXPECT_EQ(forman_ricci(euclidean(in_order).view(), 1), 0.5);
  // With the ends first, 3 takes 4 and not 2: the path 0-1-2 (1, 1) and the edge 3-4 (2).
  const Points ends_first = {{0}, {4}, {1}, {3}, {2}};
  EXPECT_EQ(forman_ricci(euclidean(ends_first).view(), 1), 4.0 / 3);
}

TEST(FormanRicci, does_not_depend_on_scale_or_order) {
  Random random(6);
  auto points = gaussian(random, 80, 6);
  const auto before = forman_ricci(euclidean(points).view());
  random.shuffle(points);
  for (auto& point : points) {
    for (auto& x : point) x *= 0.125;
  }
  EXPECT_EQ(forman_ricci(euclidean(points).view()), before);
}

}  // namespace
}  // namespace cms::curvature
