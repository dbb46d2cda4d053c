#include "measure/repetition/repetition.hpp"

#include <gtest/gtest.h>

#include "tests/oracles/statistics.hpp"
#include "base/random.hpp"

namespace cms::repetition {
namespace {

using Rows = std::vector<std::vector<double>>;
using Multiplicities = std::vector<std::uint32_t>;

Rows basis(std::size_t count) {
  Rows rows(count, std::vector<double>(count));
  for (std::size_t i = 0; i < count; ++i) rows[i][i] = 1;
  return rows;
}

Rows normal_rows(std::size_t count, Random& random) {
  Rows rows(count, std::vector<double>(6));
  for (auto& row : rows) {
    for (auto& x : row) x = random.normal();
  }
  return rows;
}

TEST(EffectiveRank, agrees_with_the_eigenvalues_of_the_oracle) {
  for (const auto& one : oracle::statistics("windows")) {
    const auto name = one.at("name").get<std::string>();
    const auto matrix = oracle::chord_distances(one.at("rows").get<std::vector<std::vector<int>>>());
    const auto rank = effective_rank(matrix.view(), one.at("multiplicities").get<Multiplicities>());
    oracle::expect_equal(rank, one.at("effective_rank"), 1e-9, name);
    // The order-2 rank never exceeds the one of Roy and Vetterli; they agree when all eigenvalues do.
    if (rank) { EXPECT_LE(*rank, one.at("entropy_rank").get<double>() + 1e-6) << name; }
  }
}

TEST(EffectiveRank, counts_orthogonal_directions_however_often_each_is_sent) {
  for (const std::uint32_t times : {1u, 5u}) {
    const auto matrix = oracle::chord_distances(basis(12));
    EXPECT_NEAR(*effective_rank(matrix.view(), Multiplicities(12, times)), 12, 1e-6);
  }
  const auto one = oracle::chord_distances(Rows{{1, 2, 3}});
  EXPECT_EQ(*effective_rank(one.view(), Multiplicities{7}), 1);
}

TEST(EffectiveRank, of_a_multiplicity_is_that_of_the_repeated_point) {
  Random random(1);
  auto rows = normal_rows(10, random);
  const Multiplicities multiplicities = {1, 3, 0, 1, 2, 1, 1, 4, 1, 1};
  const auto folded = effective_rank(oracle::chord_distances(rows).view(), multiplicities);
  Rows expanded;
  for (std::size_t i = 0; i < rows.size(); ++i) expanded.insert(expanded.end(), multiplicities[i], rows[i]);
  random.shuffle(expanded);
  const auto matrix = oracle::chord_distances(expanded);
  EXPECT_NEAR(*effective_rank(matrix.view(), Multiplicities(expanded.size(), 1)), *folded, 1e-6);
}

TEST(EffectiveRank, falls_as_one_prompt_is_probed_again_and_again) {
  Random random(2);
  const auto matrix = oracle::chord_distances(normal_rows(20, random));
  Multiplicities multiplicities(20, 1);
  double last = 20;
  for (const std::uint32_t times : {1u, 8u, 64u, 1000u}) {
    multiplicities[3] = times;
    const double rank = *effective_rank(matrix.view(), multiplicities);
    EXPECT_LT(rank, last);
    EXPECT_GE(rank, 1);
    last = rank;
  }
  EXPECT_LT(last, 1.1);
}

TEST(EffectiveRank, of_fewer_than_two_requests_is_not_measured) {
  const auto matrix = oracle::chord_distances(basis(2));
  EXPECT_FALSE(effective_rank(Distances{}, {}));
  EXPECT_FALSE(effective_rank(matrix.view(), Multiplicities{1, 0}));
  EXPECT_FALSE(effective_rank(matrix.view(), Multiplicities{1, 1, 1}));
  EXPECT_TRUE(effective_rank(matrix.view(), Multiplicities{0, 2}));
}

TEST(NearDuplicates, are_the_share_of_flags_that_are_set) {
  EXPECT_EQ(near_duplicates(std::vector<std::uint8_t>{0, 1, 0, 255}), 0.5);
  EXPECT_EQ(near_duplicates(std::vector<std::uint8_t>(64, 0)), 0.0);
  EXPECT_EQ(near_duplicates(std::vector<std::uint8_t>(64, 1)), 1.0);
  EXPECT_FALSE(near_duplicates({}));
}

}  // namespace
}  // namespace cms::repetition
