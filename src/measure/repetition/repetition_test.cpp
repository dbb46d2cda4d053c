#include "measure/repetition/repetition.hpp"

#include <gtest/gtest.h>

#include "tests/oracles/statistics.hpp"
#include "base/random.hpp"
#include "types/ring_example.hpp"

namespace cms::repetition {
namespace {

using Rows = std::vector<std::vector<double>>;
using Multiplicities = std::vector<std::uint16_t>;

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

std::optional<double> rank_of(const Distances& distances, const Multiplicities& multiplicities) {
  return effective_rank(sum(distances, multiplicities), multiplicities);
}

// The definition, with nothing rounded but the distances.
double straightforward(const Distances& distances, std::span<const std::uint16_t> multiplicities) {
  long double trace = 0;
  long double squares = 0;
  for (std::uint32_t i = 0; i < distances.count; ++i) {
    trace += multiplicities[i];
    for (std::uint32_t j = 0; j < distances.count; ++j) {
      const long double cosine = 1 - static_cast<long double>(distances(i, j)) * distances(i, j) / 2;
      squares += multiplicities[i] * multiplicities[j] * cosine * cosine;
    }
  }
  return static_cast<double>(trace * trace / squares);
}

// A window with multiplicities, brought up to date event by event.
struct Account {
  State state;
  Multiplicities multiplicities;

  void replace(const RowChange& change, std::uint16_t multiplicity = 1) {
    if (change.before.empty()) {
      multiplicities.push_back(multiplicity);
    } else {
      remove(state, change.before, change.slot, multiplicities);
      multiplicities[change.slot] = multiplicity;
    }
    add(state, change.after, change.slot, multiplicities);
  }
  void repeat(const Distances& distances, std::uint32_t slot) {
    const std::span<const float> row(distances.row(slot), distances.count);
    remove(state, row, slot, multiplicities);
    if (multiplicities[slot] < kMultiplicityMax) ++multiplicities[slot];
    add(state, row, slot, multiplicities);
  }
};

TEST(EffectiveRank, agrees_with_the_eigenvalues_of_the_oracle) {
  for (const auto& one : oracle::statistics("windows")) {
    const auto name = one.at("name").get<std::string>();
    const auto matrix = oracle::chord_distances(one.at("rows").get<std::vector<std::vector<int>>>());
    const auto rank = rank_of(matrix.view(), one.at("multiplicities").get<Multiplicities>());
    oracle::expect_equal(rank, one.at("effective_rank"), 1e-6, name);
    // The order-2 rank never exceeds the one of Roy and Vetterli; they agree when all eigenvalues do.
    if (rank) { EXPECT_LE(*rank, one.at("entropy_rank").get<double>() + 1e-6) << name; }
  }
}

TEST(EffectiveRank, counts_orthogonal_directions_however_often_each_is_sent) {
  for (const std::uint16_t times : Multiplicities{1, 5}) {
    const auto matrix = oracle::chord_distances(basis(12));
    EXPECT_NEAR(*rank_of(matrix.view(), Multiplicities(12, times)), 12, 1e-6);
  }
  const auto one = oracle::chord_distances(Rows{{1, 2, 3}});
  EXPECT_EQ(*rank_of(one.view(), Multiplicities{7}), 1);
}

TEST(EffectiveRank, of_a_multiplicity_is_that_of_the_repeated_point) {
  Random random(1);
  auto rows = normal_rows(10, random);
  const Multiplicities multiplicities = {1, 3, 0, 1, 2, 1, 1, 4, 1, 1};
  const auto folded = rank_of(oracle::chord_distances(rows).view(), multiplicities);
  Rows expanded;
  for (std::size_t i = 0; i < rows.size(); ++i) expanded.insert(expanded.end(), multiplicities[i], rows[i]);
  random.shuffle(expanded);
  const auto matrix = oracle::chord_distances(expanded);
  EXPECT_NEAR(*rank_of(matrix.view(), Multiplicities(expanded.size(), 1)), *folded, 1e-6);
}

TEST(EffectiveRank, falls_as_one_prompt_is_probed_again_and_again) {
  Random random(2);
  const auto matrix = oracle::chord_distances(normal_rows(20, random));
  Multiplicities multiplicities(20, 1);
  double last = 20;
  for (const std::uint16_t times : Multiplicities{1, 8, 64, 1000}) {
    multiplicities[3] = times;
    const double rank = *rank_of(matrix.view(), multiplicities);
    EXPECT_LT(rank, last);
    EXPECT_GE(rank, 1);
    last = rank;
  }
  EXPECT_LT(last, 1.1);
}

TEST(EffectiveRank, of_fewer_than_two_requests_is_not_measured) {
  const auto matrix = oracle::chord_distances(basis(2));
  EXPECT_FALSE(rank_of(Distances{}, {}));
  EXPECT_FALSE(rank_of(matrix.view(), Multiplicities{1, 0}));
  EXPECT_TRUE(rank_of(matrix.view(), Multiplicities{0, 2}));
}

TEST(EffectiveRank, updated_by_slots_equals_from_scratch_exactly_at_every_window_length) {
  Random random(3);
  Account account;
  every_window_length(
      4, [&] { account = {}; },
      [&](const Ring& ring, const RowChange& change, bool compare) {
        const auto multiplicity = static_cast<std::uint16_t>(random.below(4) == 0 ? random.below(65536) : 1);
        account.replace(change, multiplicity);
        for (int i = 0; i < 3; ++i) account.repeat(ring.view(), static_cast<std::uint32_t>(random.below(change.count)));
        if (compare) { ASSERT_EQ(account.state, sum(ring.view(), account.multiplicities)) << change.count; }
      });
}

TEST(EffectiveRank, stays_within_its_bound_of_the_straightforward_sum) {
  Random random(5);
  for (std::uint32_t length = 2; length <= 256; length += 7) {
    Ring ring(length);
    Account account;
    for (std::uint32_t i = 0; i < length; ++i) {
      account.replace(ring.push(hostile_row(random, length)), static_cast<std::uint16_t>(1 + random.below(5)));
    }
    const double expected = straightforward(ring.view(), account.multiplicities);
    const double rank = *effective_rank(account.state, account.multiplicities);
    EXPECT_NEAR(rank, expected, expected * expected * 0x1p-23) << length;
  }
}

TEST(EffectiveRank, does_not_drift_over_ten_million_events) {
  LongStream stream(6, 12);
  Account account;
  double error = 0;
  for (int event = 1; event <= kLongEvents; ++event) {
    const auto change = stream.next();
    account.replace(change);
    if (event % 3 == 0) account.repeat(stream.view(), static_cast<std::uint32_t>(event) % change.count);
    if (event % kLongStep != 0) continue;
    const double rank = *effective_rank(account.state, account.multiplicities);
    error = std::max(error, std::abs(rank - straightforward(stream.view(), account.multiplicities)));
  }
  EXPECT_LT(error, 1e-5);
}

TEST(EffectiveRank, does_not_overflow_when_256_equal_points_are_sent_as_often_as_counts) {
  Ring ring(256);
  Account account;
  for (int i = 0; i < 300; ++i) account.replace(ring.push(std::vector<float>(256, 0.0F)), 65535);
  EXPECT_EQ(account.state, sum(ring.view(), account.multiplicities));
  EXPECT_EQ(account.state.squares, std::int64_t{256 * 4095} * (256 * 4095) << 22);
  EXPECT_EQ(*effective_rank(account.state, account.multiplicities), 1);
}

TEST(NearDuplicates, are_a_share_of_the_requests) {
  EXPECT_EQ(near_duplicates(2, 4), 0.5);
  EXPECT_EQ(near_duplicates(0, 64), 0.0);
  EXPECT_EQ(near_duplicates(64, 64), 1.0);
  EXPECT_FALSE(near_duplicates(0, 0));
}

}  // namespace
}  // namespace cms::repetition
