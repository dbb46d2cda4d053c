#include "lab/window_tests.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.hpp"

namespace cms::lab {
namespace {

std::vector<std::uint32_t> numbers(std::uint32_t first, std::uint32_t count) {
  std::vector<std::uint32_t> made(count);
  std::iota(made.begin(), made.end(), first);
  return made;
}

// `count` rows of `dimension`, standard normal but for the first coordinate's `shift`, later coordinates ever narrower.
Rows normal_rows(std::uint32_t count, std::uint32_t dimension, double shift, Random& random) {
  Rows rows(count, dimension);
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t d = 0; d < dimension; ++d) {
      rows(i, d) = static_cast<float>(random.normal() / (1 + d) + (d == 0 ? shift : 0));
    }
  }
  return rows;
}

Rows joined(const Rows& a, const Rows& b) {
  Rows all(a.rows() + b.rows(), a.cols());
  all << a, b;
  return all;
}

double plain_distance(const Rows& rows, std::uint32_t a, std::uint32_t b) {
  double square = 0;
  for (Eigen::Index d = 0; d < rows.cols(); ++d) square += std::pow(double{rows(a, d)} - double{rows(b, d)}, 2);
  return std::sqrt(square);
}

// The definition, pair by pair.
double plain_discrepancy(const Rows& rows, const std::vector<std::uint32_t>& reference,
                         const std::vector<std::uint32_t>& window, const std::vector<double>& bandwidths) {
  const auto kernel = [&](std::uint32_t a, std::uint32_t b) {
    double sum = 0;
    for (const double h : bandwidths) sum += std::exp(-std::pow(plain_distance(rows, a, b), 2) / (2 * h * h));
    return sum / static_cast<double>(bandwidths.size());
  };
  const auto n = static_cast<double>(window.size());
  double inside = 0, across = 0;
  for (const auto a : window) {
    for (const auto b : window) inside += a == b ? 0 : kernel(a, b);
    for (const auto b : reference) across += kernel(a, b);
  }
  return inside / (n * (n - 1)) - 2 * across / (n * static_cast<double>(reference.size()));
}

TEST(KernelTest, equals_the_definition_pair_by_pair) {
  Random random(1);
  const auto rows = normal_rows(90, 7, 0, random);
  const auto reference = numbers(0, 41), window = numbers(60, 17);
  std::vector<double> distances;
  for (const auto a : reference) {
    for (std::uint32_t b = 0; b < a; ++b) distances.push_back(plain_distance(rows, a, b));
  }
  std::sort(distances.begin(), distances.end());
  const double median = distances[distances.size() / 2];
  const double factors[] = {.5, 1, 2};
  const auto test = make_kernel_test(rows, reference, factors);
  EXPECT_NEAR(kernel_discrepancy(test, window),
              plain_discrepancy(rows, reference, window, {.5 * median, median, 2 * median}), 1e-5);
}

TEST(WindowStatistics, do_not_depend_on_the_order_of_a_window) {
  Random random(2);
  const auto rows = normal_rows(80, 5, 0, random);
  const auto reference = numbers(0, 30);
  const double factors[] = {1};
  const auto test = make_kernel_test(rows, reference, factors);
  auto window = numbers(40, 30);
  const double kernel = kernel_discrepancy(test, window), mean = mean_discrepancy(rows, window);
  random.shuffle(window);
  EXPECT_NEAR(kernel_discrepancy(test, window), kernel, 1e-6);
  EXPECT_NEAR(mean_discrepancy(rows, window), mean, 1e-9);
}

TEST(MeanDiscrepancy, is_the_mean_product_of_all_pairs) {
  Random random(3);
  const auto rows = normal_rows(30, 4, .3, random);
  const auto window = numbers(3, 12);
  double sum = 0;
  for (const auto a : window) {
    for (const auto b : window) sum += a == b ? 0 : rows.row(a).dot(rows.row(b));
  }
  EXPECT_NEAR(mean_discrepancy(rows, window), sum / (12 * 11), 1e-5);
}

TEST(WindowStatistics, of_a_window_without_pairs_are_0) {
  Random random(4);
  const auto rows = normal_rows(20, 4, 0, random);
  const double factors[] = {1};
  const auto test = make_kernel_test(rows, numbers(0, 10), factors);
  for (const std::uint32_t count : {0U, 1U}) {
    EXPECT_EQ(kernel_discrepancy(test, numbers(12, count)), 0);
    EXPECT_EQ(mean_discrepancy(rows, numbers(12, count)), 0);
  }
  EXPECT_EQ(mean_over(std::vector<double>(20, 1), {}), 0);
}

TEST(NearestDistances, leave_a_reference_row_itself_out_and_equal_a_plain_search) {
  Random random(5);
  const auto rows = normal_rows(40, 3, 0, random);
  const auto reference = numbers(5, 20);
  const auto found = nearest_distances(rows, reference, 3);
  ASSERT_EQ(found.size(), 40U);
  for (std::uint32_t i = 0; i < 40; ++i) {
    std::vector<double> distances;
    for (const auto r : reference) {
      if (r != i) distances.push_back(plain_distance(rows, i, r));
    }
    std::sort(distances.begin(), distances.end());
    EXPECT_NEAR(found[i], (distances[0] + distances[1] + distances[2]) / 3, 1e-3);
  }
}

TEST(ShrunkPoints, give_the_reference_mean_0_and_variances_below_1) {
  Random random(6);
  const auto rows = normal_rows(400, 6, 2, random);
  const auto reference = numbers(0, 400);
  const auto points = shrunk_points(rows, reference, 1e-6).cast<double>().eval();
  EXPECT_LT(points.colwise().mean().cwiseAbs().maxCoeff(), 1e-3);
  const Eigen::MatrixXd covariance = points.transpose() * points / 399;
  EXPECT_LT((covariance - Eigen::MatrixXd::Identity(6, 6)).cwiseAbs().maxCoeff(), 1e-2);
  const auto shrunk = shrunk_points(rows, reference, 10).cast<double>().eval();
  EXPECT_LT((shrunk.transpose() * shrunk / 399).eval().diagonal().maxCoeff(), 1);
}

TEST(ShrunkPoints, make_a_shift_in_a_narrow_direction_seen_that_plain_means_do_not_see) {
  Random random(7);
  // The last of 8 coordinates is narrow; there the others lie a deviation away.
  auto others = normal_rows(200, 8, 0, random);
  others.col(7).array() += 1.0F / 8;
  const auto rows = joined(normal_rows(400, 8, 0, random), others);
  const auto reference = numbers(0, 200);
  const auto seen = [&](const Rows& points) {
    double rank = 0;
    Random draws(8);
    for (int trial = 0; trial < 100; ++trial) {
      auto honest = numbers(200, 200), other = numbers(400, 200);
      draws.shuffle(honest), draws.shuffle(other);
      const RowNumbers some(other.data(), 20), honest_ones(honest.data(), 20);
      rank += mean_discrepancy(points, some) > mean_discrepancy(points, honest_ones) ? 1 : 0;
    }
    return rank / 100;
  };
  EXPECT_GT(seen(shrunk_points(rows, reference, .01)), .85);
  EXPECT_LT(seen(rows), .75);
}

TEST(UnitRows, have_length_1_and_zeros_stay) {
  Rows rows(2, 3);
  rows << 0, 3, 4, 0, 0, 0;
  const auto unit = unit_rows(rows);
  EXPECT_FLOAT_EQ(unit.row(0).norm(), 1);
  EXPECT_EQ(unit.row(1).norm(), 0);
}

}  // namespace
}  // namespace cms::lab
