#include "measure/divergence/divergence.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <numeric>

#include "tests/oracles/statistics.hpp"
#include "base/directions.hpp"
#include "base/random.hpp"
#include "types/ring_example.hpp"

namespace cms::divergence {
namespace {

using Rows = std::vector<std::vector<double>>;

Rows normal_rows(std::size_t count, double shift, Random& random) {
  Rows rows(count, std::vector<double>(4));
  for (auto& row : rows) {
    for (auto& x : row) x = shift + random.normal();
  }
  return rows;
}

std::optional<double> mmd_from_scratch(const Distances& window, std::span<const float> kernel_to_reference,
                                       const Reference& reference) {
  Scratch scratch;
  return mmd(sum(window, reference.scale(), scratch), window.count, kernel_to_reference, reference);
}

// The definition, kernels in long double.
double straightforward(const Distances& window, std::span<const float> kernel_to_reference,
                       const Reference& reference) {
  const long double h = reference.bandwidth;
  long double pairs = 0;
  for (std::uint32_t i = 0; i < window.count; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) {
      pairs += std::exp(-static_cast<long double>(window(i, j)) * window(i, j) / (2 * h * h));
    }
  }
  long double total = 0;
  for (const float value : kernel_to_reference) total += value;
  const long double n = window.count;
  return static_cast<double>(2 * pairs / (n * (n - 1)) - 2 * total / n + reference.self_kernel);
}

// MMD of `window` and `reference` from one matrix over both, as an atlas would prepare it.
double mmd_of(const Rows& window, const Rows& reference, double bandwidth) {
  auto all = window;
  all.insert(all.end(), reference.begin(), reference.end());
  const auto matrix = oracle::chord_distances(all);
  const auto distances = matrix.view();
  const auto kernel = [&](std::uint32_t i, std::uint32_t j) {
    return std::exp(-0.5 * distances(i, j) * distances(i, j) / (bandwidth * bandwidth));
  };
  const auto n = static_cast<std::uint32_t>(window.size());
  const double m = static_cast<double>(reference.size());
  std::vector<float> to_reference(n);
  double self = 0;
  for (std::uint32_t j = n; j < distances.count; ++j) {
    for (std::uint32_t i = 0; i < distances.count; ++i) {
      if (i < n) to_reference[i] += static_cast<float>(kernel(i, j) / m);
      if (i >= n && i != j) self += kernel(i, j) / (m * (m - 1));
    }
  }
  return *mmd_from_scratch({matrix.values, n, matrix.count}, to_reference, {bandwidth, self});
}

TEST(Divergence, of_single_points_agrees_with_the_oracle) {
  Scratch scratch;
  for (const auto& one : oracle::statistics("neighbours")) {
    const auto name = one.at("name").get<std::string>();
    const auto values = one.at("values").get<std::vector<float>>();
    const auto both = neighbours(values, scratch);
    oracle::expect_equal(mean_log_density(values), one.at("mean"), 1e-9, name);
    oracle::expect_equal(both ? std::optional(both->mean) : std::nullopt, one.at("mean"), 1e-9, name);
    oracle::expect_equal(both ? std::optional(both->tail) : std::nullopt, one.at("tail"), 1e-9, name);
  }
}

TEST(Divergence, the_tail_sees_a_dilution_that_the_mean_hides) {
  std::vector<float> honest(60, 0.5F);
  auto diluted = honest;
  for (std::size_t i = 0; i < 6; ++i) diluted[i * 10] = 1.3F;

  Scratch scratch;
  EXPECT_LT(neighbours(diluted, scratch)->mean - neighbours(honest, scratch)->mean, 0.1);
  EXPECT_NEAR(neighbours(diluted, scratch)->tail - neighbours(honest, scratch)->tail, 0.8, 1e-6);
}

TEST(Divergence, of_values_that_are_not_finite_is_not_measured) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const std::vector<float> values = {1, bad, 2};
    EXPECT_FALSE(mean_log_density(values));
    Scratch scratch;
    EXPECT_FALSE(neighbours(values, scratch));
    EXPECT_FALSE(neighbours({}, scratch));
  }
}

TEST(Divergence, of_neighbours_is_the_mean_and_the_mean_of_the_greatest_tenth_in_any_order) {
  Random random(4);
  Scratch scratch;
  for (std::size_t count = 1; count <= 256; ++count) {
    std::vector<float> values(count);
    for (auto& value : values) value = static_cast<float>(random.below(3) == 0 ? 0.5 : 2 * random.uniform());
    const auto found = neighbours(values, scratch);
    random.shuffle(values);
    const auto shuffled = neighbours(values, scratch);
    EXPECT_EQ(found->mean, shuffled->mean);
    EXPECT_EQ(found->tail, shuffled->tail);
    std::sort(values.begin(), values.end(), std::greater<>());
    const auto mean = [&](std::size_t n) {
      return std::accumulate(&values[0], &values[0] + n, 0.0) / static_cast<double>(n);
    };
    EXPECT_NEAR(found->mean, mean(count), 1e-11);
    EXPECT_NEAR(found->tail, mean((count + 9) / 10), 1e-11);
  }
}

TEST(Mmd, agrees_with_the_oracle) {
  const auto fitted = oracle::statistics("reference");
  const Reference reference{fitted.at("bandwidth").get<double>(), fitted.at("self_kernel").get<double>()};
  for (const auto& one : oracle::statistics("windows")) {
    const auto matrix = oracle::chord_distances(one.at("rows").get<std::vector<std::vector<int>>>());
    const auto to_reference = one.at("kernel_to_reference").get<std::vector<float>>();
    // Kernels are single precision.
    oracle::expect_equal(mmd_from_scratch(matrix.view(), to_reference, reference), one.at("mmd"), 1e-6,
                         one.at("name").get<std::string>());
  }
}

TEST(Mmd, of_two_samples_of_one_law_averages_zero_and_is_negative_about_half_of_the_time) {
  Random random(1);
  double mean = 0;
  double square = 0;
  int negative = 0;
  for (int round = 0; round < 400; ++round) {
    const double value = mmd_of(normal_rows(16, 0.5, random), normal_rows(24, 0.5, random), 0.7);
    mean += value / 400;
    square += value * value / 400;
    negative += value < 0 ? 1 : 0;
  }
  const double standard_error = std::sqrt((square - mean * mean) / 400);
  // The biased estimate would lie at about (1 - mean kernel) * (1/16 + 1/24) = 0.05, tens of standard errors away.
  EXPECT_LT(std::abs(mean), 4 * standard_error);
  EXPECT_LT(standard_error, 0.005);
  EXPECT_GT(negative, 160);
  EXPECT_LT(negative, 320);
}

TEST(Mmd, grows_as_the_laws_move_apart) {
  Random random(2);
  const auto reference = normal_rows(100, 0, random);
  double last = -1;
  for (const double shift : {0.0, 0.5, 1.0, 2.0}) {
    const double value = mmd_of(normal_rows(100, shift, random), reference, 0.7);
    EXPECT_GT(value, last + 0.02) << shift;
    last = value;
  }
}

TEST(Mmd, does_not_depend_on_the_order_of_the_points) {
  Random random(3);
  auto window = normal_rows(20, 1, random);
  const auto reference = normal_rows(30, 0, random);
  const double before = mmd_of(window, reference, 0.7);
  random.shuffle(window);
  // The test adds up the kernels to the reference in another order.
  EXPECT_NEAR(mmd_of(window, reference, 0.7), before, 1e-6);
}

TEST(Mmd, updated_from_rows_equals_from_scratch_exactly_at_every_window_length) {
  const Reference reference{0.7, 0.5};
  Random random(5);
  std::vector<float> kernels(256);
  for (auto& kernel : kernels) kernel = static_cast<float>(random.uniform());
  Scratch scratch;
  State state;
  every_window_length(
      6, [&] { state = {}; },
      [&](const Ring& ring, const RowChange& change, bool compare) {
        update(state, change, reference.scale(), scratch);
        if (!compare) return;
        ASSERT_EQ(state, sum(ring.view(), reference.scale(), scratch)) << change.count << " points";
        if (change.count < 2 || change.slot % 8 != 0) return;
        const auto to_reference = std::span<const float>(kernels).first(change.count);
        EXPECT_NEAR(*mmd(state, change.count, to_reference, reference),
                    straightforward(ring.view(), to_reference, reference), 2e-6);
      });
}

TEST(Mmd, does_not_drift_over_ten_million_events) {
  const Reference reference{0.7, 0.5};
  const std::vector<float> to_reference(12, 0.25F);
  LongStream stream(7, 12);
  Scratch scratch;
  State state;
  double error = 0;
  for (int event = 1; event <= kLongEvents; ++event) {
    const auto change = stream.next();
    update(state, change, reference.scale(), scratch);
    if (event % kLongStep != 0) continue;
    error = std::max(error, std::abs(*mmd(state, change.count, to_reference, reference) -
                                     straightforward(stream.view(), to_reference, reference)));
  }
  EXPECT_LT(error, 2e-6);
}

TEST(Mmd, of_any_bandwidth_has_a_finite_scale_and_a_finite_value) {
  const auto matrix = oracle::chord_distances(Rows{{1, 0}, {0, 1}, {1, 1}});
  const std::vector<float> kernels(3, 0.5F);
  for (const double bandwidth : {1e-300, 1e-30, 1e-10, 0.7, 1e10, 1e300}) {
    const Reference reference{bandwidth, 0.5};
    EXPECT_TRUE(std::isfinite(reference.scale())) << bandwidth;
    EXPECT_TRUE(mmd_from_scratch(matrix.view(), kernels, reference)) << bandwidth;
  }
  EXPECT_FLOAT_EQ((Reference{0.5, 0}).scale(), 2.0F);
}

TEST(Mmd, is_not_measured_where_it_is_not_defined) {
  const auto matrix = oracle::chord_distances(Rows{{1, 0}, {0, 1}});
  const std::vector<float> kernels = {0.5F, 0.5F};
  const std::vector<float> not_finite = {0.5F, std::numeric_limits<float>::quiet_NaN()};
  const Reference reference{0.7, 0.5};
  ASSERT_TRUE(mmd_from_scratch(matrix.view(), kernels, reference));
  EXPECT_FALSE(mmd_from_scratch({matrix.values, 1, 2}, std::span(kernels).first(1), reference));
  EXPECT_FALSE(mmd_from_scratch(matrix.view(), std::span(kernels).first(1), reference));
  EXPECT_FALSE(mmd_from_scratch(matrix.view(), not_finite, reference));
  for (const double bandwidth : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_FALSE(mmd_from_scratch(matrix.view(), kernels, {bandwidth, 0.5}));
  }
}

}  // namespace
}  // namespace cms::divergence
