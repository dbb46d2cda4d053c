#include "measure/coherence/coherence.hpp"

#include <gtest/gtest.h>

#include <numbers>
#include <numeric>

#include "tests/oracles/statistics.hpp"
#include "base/random.hpp"
#include "types/ring_example.hpp"

namespace cms::coherence {
namespace {

using Rows = std::vector<std::vector<double>>;
using Path = std::vector<std::uint32_t>;

Rows normal_rows(std::size_t count, std::size_t dimension, Random& random) {
  Rows rows(count, std::vector<double>(dimension));
  for (auto& row : rows) {
    for (auto& x : row) x = random.normal();
  }
  return rows;
}

Path in_order(std::size_t count) {
  Path path(count);
  std::iota(path.begin(), path.end(), 0u);
  return path;
}

double mean_cosine(const Distances& distances) {
  double sum = 0;
  for (std::uint32_t i = 0; i < distances.count; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) sum += 1 - 0.5 * distances(i, j) * distances(i, j);
  }
  return 2 * sum / (1.0 * distances.count * (distances.count - 1));
}

std::optional<double> above(const Distances& distances, const Path& path, double mean) {
  return above_mean(sum(distances, path), static_cast<std::uint32_t>(path.size()), mean);
}

std::optional<double> angle_of(const Distances& distances, const Path& path) {
  return turning_angle(sum(distances, path));
}

// The path without steps of length zero, of which the oracle takes no notice; in a window there are none.
Path without_rests(const Distances& distances, const Path& path) {
  Path kept;
  for (const auto slot : path) {
    if (kept.empty() || distances(kept.back(), slot) > 0) kept.push_back(slot);
  }
  return kept;
}

// The definitions, with nothing rounded but the distances.
struct Straightforward {
  double squares = 0;
  double angles = 0;
  int turns = 0;

  Straightforward(const Distances& distances, const Path& path) {
    const auto square = [&](std::size_t i, std::size_t j) { return std::pow(double{distances(path[i], path[j])}, 2); };
    for (std::size_t i = 1; i < path.size(); ++i) {
      squares += square(i - 1, i);
      if (i < 2 || square(i - 2, i - 1) == 0 || square(i - 1, i) == 0) continue;
      const double steps = 2 * std::sqrt(square(i - 2, i - 1)) * std::sqrt(square(i - 1, i));
      const double cosine = (square(i - 2, i) - square(i - 2, i - 1) - square(i - 1, i)) / steps;
      angles += std::acos(std::clamp(cosine, -1.0, 1.0));
      ++turns;
    }
  }
};

TEST(Coherence, agrees_with_the_oracle) {
  for (const auto& one : oracle::statistics("windows")) {
    const auto name = one.at("name").get<std::string>();
    const auto matrix = oracle::chord_distances(one.at("rows").get<std::vector<std::vector<int>>>());
    const auto path = one.at("path").get<Path>();
    const double mean = one.at("mean_cosine").is_null() ? 0 : one.at("mean_cosine").get<double>();
    oracle::expect_equal(above(matrix.view(), path, mean), one.at("above_mean"), 1e-9, name);
    oracle::expect_equal(above(matrix.view(), path, mean), one.at("above_mean_of_vectors"), 1e-6, name);
    const auto moving = without_rests(matrix.view(), path);
    oracle::expect_equal(angle_of(matrix.view(), moving), one.at("turning_angle"), 1e-9, name);
    oracle::expect_equal(angle_of(matrix.view(), moving), one.at("turning_angle_of_vectors"), 1e-6, name);
  }
}

TEST(Coherence, averages_to_zero_over_all_orders_of_a_window) {
  Random random(1);
  const auto matrix = oracle::chord_distances(normal_rows(6, 3, random));
  const double mean = mean_cosine(matrix.view());
  auto path = in_order(6);
  double sum = 0;
  do {
    sum += *above(matrix.view(), path, mean);
  } while (std::next_permutation(path.begin(), path.end()));
  EXPECT_NEAR(sum / 720, 0, 1e-9);
}

TEST(Coherence, of_independent_draws_is_about_zero_and_of_a_walk_well_above) {
  Random random(2);
  double independent = 0;
  for (int round = 0; round < 100; ++round) {
    const auto matrix = oracle::chord_distances(normal_rows(64, 8, random));
    independent += *above(matrix.view(), in_order(64), mean_cosine(matrix.view())) / 100;
  }
  auto walk = normal_rows(64, 8, random);
  for (std::size_t i = 1; i < walk.size(); ++i) {
    for (std::size_t k = 0; k < 8; ++k) walk[i][k] = 0.9 * walk[i - 1][k] + 0.4 * walk[i][k];
  }
  const auto matrix = oracle::chord_distances(walk);
  // One window's standard error is about 1 / sqrt(8 * 63) = 0.045.
  EXPECT_NEAR(independent, 0, 0.02);
  EXPECT_GT(*above(matrix.view(), in_order(64), mean_cosine(matrix.view())), 0.5);
}

TEST(Coherence, of_a_path_read_backwards_is_the_same) {
  Random random(3);
  const auto matrix = oracle::chord_distances(normal_rows(30, 4, random));
  auto path = in_order(30);
  const auto forward = above(matrix.view(), path, 0);
  const auto forward_angle = angle_of(matrix.view(), path);
  std::reverse(path.begin(), path.end());
  EXPECT_NEAR(*above(matrix.view(), path, 0), *forward, 1e-12);
  EXPECT_NEAR(*angle_of(matrix.view(), path), *forward_angle, 1e-9);
}

TEST(Coherence, of_fewer_than_three_points_is_not_measured) {
  const auto matrix = oracle::chord_distances(Rows{{1, 0}, {0, 1}});
  EXPECT_FALSE(above(matrix.view(), in_order(2), 0));
  EXPECT_FALSE(above(matrix.view(), {}, 0));
}

TEST(TurningAngle, is_the_angle_of_a_regular_polygon_and_pi_there_and_back) {
  for (const int corners : {3, 4, 5, 12}) {
    Rows rows;
    for (int i = 0; i < corners; ++i) {
      const double angle = 2 * std::numbers::pi * i / corners;
      rows.push_back({std::cos(angle), std::sin(angle)});
    }
    const auto matrix = oracle::chord_distances(rows);
    EXPECT_NEAR(*angle_of(matrix.view(), in_order(rows.size())), 2 * std::numbers::pi / corners, 1e-5);
    EXPECT_NEAR(*angle_of(matrix.view(), Path{0, 1, 0, 1}), std::numbers::pi, 1e-9);
  }
}

TEST(TurningAngle, of_independent_draws_in_many_dimensions_is_two_thirds_of_pi) {
  Random random(4);
  const auto matrix = oracle::chord_distances(normal_rows(200, 256, random));
  EXPECT_NEAR(*angle_of(matrix.view(), in_order(200)), 2 * std::numbers::pi / 3, 0.01);
}

TEST(TurningAngle, of_a_step_of_length_zero_is_not_counted) {
  Random random(5);
  auto rows = normal_rows(5, 3, random);
  rows.push_back(rows[1]);
  const auto matrix = oracle::chord_distances(rows);
  // 1 to 5 is no step: what is left are the turns at 0 and at 2, 3.
  const auto state = sum(matrix.view(), Path{2, 0, 1, 5, 2, 3, 4});
  EXPECT_EQ(state.turns, 3);
  const auto before = sum(matrix.view(), Path{2, 0, 1});
  const auto after = sum(matrix.view(), Path{5, 2, 3, 4});
  EXPECT_EQ(state.angles, before.angles + after.angles);
}

TEST(Coherence, updated_from_rows_equals_from_scratch_exactly_at_every_window_length) {
  State state;
  every_window_length(
      6, [&] { state = {}; },
      [&](const Ring& ring, const RowChange& change, bool compare) {
        update(state, ring.view(), change);
        if (!compare) return;
        const auto path = ring.path();
        ASSERT_EQ(state, sum(ring.view(), path)) << change.count << " points";
        const Straightforward expected(ring.view(), path);
        EXPECT_EQ(state.turns, expected.turns);
        if (expected.turns > 0) { EXPECT_NEAR(*turning_angle(state), expected.angles / expected.turns, 1e-6); }
        if (change.count < 3) return;
        EXPECT_NEAR(*above_mean(state, change.count, 0), 1 - expected.squares / (2.0 * (change.count - 1)), 1e-9);
      });
}

TEST(TurningAngle, of_fewer_than_two_steps_is_not_measured) {
  const auto matrix = oracle::chord_distances(Rows{{1, 0}, {0, 1}, {0, 1}});
  EXPECT_FALSE(angle_of(matrix.view(), {}));
  EXPECT_FALSE(angle_of(matrix.view(), Path{0, 1}));
  EXPECT_FALSE(angle_of(matrix.view(), Path{0, 1, 2}));
  EXPECT_FALSE(angle_of(matrix.view(), Path{1, 2, 1, 2}));
}

}  // namespace
}  // namespace cms::coherence
