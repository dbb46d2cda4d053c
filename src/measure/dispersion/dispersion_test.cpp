#include "measure/dispersion/dispersion.hpp"

#include <gtest/gtest.h>

#include "tests/oracles/statistics.hpp"
#include "base/random.hpp"
#include "types/ring_example.hpp"

namespace cms::dispersion {
namespace {

using Rows = std::vector<std::vector<double>>;

Rows basis(std::size_t count) {
  Rows rows(count, std::vector<double>(count));
  for (std::size_t i = 0; i < count; ++i) rows[i][i] = 1;
  return rows;
}

// The definition, with nothing rounded but the distances.
double straightforward(const Distances& distances) {
  long double squares = 0;
  for (std::uint32_t i = 0; i < distances.count; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) squares += static_cast<long double>(distances(i, j)) * distances(i, j);
  }
  return static_cast<double>(1 - squares / (1.0L * distances.count * (distances.count - 1)));
}

TEST(Dispersion, agrees_with_the_oracle) {
  for (const auto& one : oracle::statistics("windows")) {
    const auto name = one.at("name").get<std::string>();
    const auto matrix = oracle::chord_distances(one.at("rows").get<std::vector<std::vector<int>>>());
    oracle::expect_equal(mean_cosine(matrix.view()), one.at("mean_cosine"), 1e-9, name);
    oracle::expect_equal(mean_cosine(matrix.view()), one.at("mean_cosine_of_vectors"), 1e-6, name);
  }
}

TEST(Dispersion, of_orthonormal_vectors_is_zero_and_of_equal_ones_one) {
  for (std::size_t count : {2u, 3u, 64u}) {
    EXPECT_NEAR(*mean_cosine(oracle::chord_distances(basis(count)).view()), 0, 1e-7);
    EXPECT_EQ(*mean_cosine(oracle::chord_distances(Rows(count, {1, 2, 2})).view()), 1);
  }
}

TEST(Dispersion, reads_only_the_slots_in_use) {
  auto rows = basis(4);
  const auto expected = mean_cosine(oracle::chord_distances(rows).view());
  rows.push_back({1, 1, 1, 1});
  const auto larger = oracle::chord_distances(rows);
  EXPECT_EQ(mean_cosine({larger.values, 4, 5}), expected);
}

TEST(Dispersion, does_not_depend_on_the_order_of_the_points) {
  Random random(1);
  Rows rows(40, std::vector<double>(5));
  for (auto& row : rows) {
    for (auto& x : row) x = random.normal();
  }
  const auto before = mean_cosine(oracle::chord_distances(rows).view());
  random.shuffle(rows);
  EXPECT_EQ(*mean_cosine(oracle::chord_distances(rows).view()), *before);
}

TEST(Dispersion, updated_from_rows_equals_from_scratch_exactly_at_every_window_length) {
  State state;
  every_window_length(
      2, [&] { state = {}; },
      [&](const Ring& ring, const RowChange& change, bool compare) {
        update(state, change);
        if (!compare) return;
        ASSERT_EQ(state, sum(ring.view())) << change.count << " points";
        if (change.count < 2) return;
        EXPECT_NEAR(*mean_cosine(state, change.count), straightforward(ring.view()), 3e-10) << change.count;
      });
}

TEST(Dispersion, does_not_drift_over_ten_million_events) {
  LongStream stream(3, 12);
  State state;
  double error = 0;
  for (int event = 1; event <= kLongEvents; ++event) {
    const auto change = stream.next();
    update(state, change);
    if (event % kLongStep != 0) continue;
    error = std::max(error, std::abs(*mean_cosine(state, change.count) - straightforward(stream.view())));
  }
  EXPECT_LT(error, 1e-9);
}

TEST(Dispersion, of_fewer_than_two_points_is_not_measured) {
  EXPECT_FALSE(mean_cosine(Distances{}));
  EXPECT_FALSE(mean_cosine(oracle::chord_distances(basis(1)).view()));
}

}  // namespace
}  // namespace cms::dispersion
