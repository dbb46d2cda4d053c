#include "lab/window_tests.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace cms::lab {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::MatrixXf;

constexpr std::size_t kMedianRows = 500;
constexpr Index kTogether = 256;  // rows of a block of distances

Rows rows_at(const Rows& rows, RowNumbers numbers) {
  Rows chosen(static_cast<Index>(numbers.size()), rows.cols());
  for (std::size_t i = 0; i < numbers.size(); ++i) chosen.row(static_cast<Index>(i)) = rows.row(numbers[i]);
  return chosen;
}

// Squared distances between rows of `a` and rows of `b`.
MatrixXf squared_distances(const Rows& a, const Rows& b) {
  MatrixXf squares = -2 * (a * b.transpose());
  squares.colwise() += a.rowwise().squaredNorm();
  squares.rowwise() += b.rowwise().squaredNorm().transpose();
  return squares.cwiseMax(0);
}

// The same within `rows`: half a product, and not one that starts threads of its own inside ours.
MatrixXf squared_distances_within(const Rows& rows) {
  MatrixXf squares = MatrixXf::Zero(rows.rows(), rows.rows());
  squares.selfadjointView<Eigen::Lower>().rankUpdate(rows, -2.0F);
  squares = MatrixXf(squares.selfadjointView<Eigen::Lower>());
  squares.colwise() += rows.rowwise().squaredNorm();
  squares.rowwise() += rows.rowwise().squaredNorm().transpose();
  squares.diagonal().setZero();
  return squares.cwiseMax(0);
}

// Calls use(first row, squared distances of a block of rows to the reference).
template <typename Use>
void for_blocks(const Rows& points, const Rows& reference, const Use& use) {
  for (Index first = 0; first < points.rows(); first += kTogether) {
    const Index count = std::min(kTogether, points.rows() - first);
    use(first, squared_distances(points.middleRows(first, count), reference));
  }
}

double median_square(const Rows& reference) {
  const MatrixXf squares = squared_distances_within(reference);
  std::vector<float> pairs;
  for (Index j = 1; j < squares.cols(); ++j) {
    for (Index i = 0; i < j; ++i) {
      if (squares(i, j) > 0) pairs.push_back(squares(i, j));
    }
  }
  if (pairs.empty()) return 1;  // all alike: any kernel says the same
  const auto middle = pairs.begin() + static_cast<std::ptrdiff_t>(pairs.size() / 2);
  std::nth_element(pairs.begin(), middle, pairs.end());
  return *middle;
}

// Mean over the bandwidths of each kernel, summed over all entries.
double kernel_sum(const MatrixXf& squares, std::span<const double> scales) {
  double sum = 0;
  for (const double scale : scales) {
    sum += (squares.array() * static_cast<float>(-scale)).exp().matrix().cast<double>().sum();
  }
  return sum / static_cast<double>(scales.size());
}

MatrixXd covariance(const Rows& rows, const Eigen::RowVectorXd& mean) {
  MatrixXd sum = MatrixXd::Zero(rows.cols(), rows.cols());
  for (Index first = 0; first < rows.rows(); first += kTogether) {
    const MatrixXd centred =
        rows.middleRows(first, std::min(kTogether, rows.rows() - first)).cast<double>().rowwise() - mean;
    sum.selfadjointView<Eigen::Lower>().rankUpdate(centred.transpose());
  }
  const MatrixXd whole = sum.selfadjointView<Eigen::Lower>();
  return whole / static_cast<double>(std::max<Index>(1, rows.rows() - 1));
}

}  // namespace

KernelTest make_kernel_test(Rows points, RowNumbers reference, std::span<const double> factors) {
  KernelTest test;
  const auto median = median_square(rows_at(points, reference.first(std::min(reference.size(), kMedianRows))));
  for (const double factor : factors) test.scales.push_back(1 / (2 * factor * factor * median));
  const auto chosen = rows_at(points, reference);
  for_blocks(points, chosen, [&](Index, const MatrixXf& squares) {
    for (Index i = 0; i < squares.rows(); ++i) {
      test.to_reference.push_back(kernel_sum(squares.row(i), test.scales) / static_cast<double>(reference.size()));
    }
  });
  test.points = std::move(points);
  return test;
}

double kernel_discrepancy(const KernelTest& test, RowNumbers window) {
  const auto n = static_cast<double>(window.size());
  if (window.size() < 2) return 0;
  const auto rows = rows_at(test.points, window);
  // A row's kernel with itself is 1 and does not count.
  const double within = (kernel_sum(squared_distances_within(rows), test.scales) - n) / (n * (n - 1));
  return within - 2 * mean_over(test.to_reference, window);
}

double mean_discrepancy(const Rows& points, RowNumbers window) {
  const auto n = static_cast<double>(window.size());
  if (window.size() < 2) return 0;
  Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(points.cols());
  double squares = 0;
  for (const auto row : window) {
    const Eigen::RowVectorXd point = points.row(row).cast<double>();
    sum += point;
    squares += point.squaredNorm();
  }
  return (sum.squaredNorm() - squares) / (n * (n - 1));
}

std::vector<double> nearest_distances(const Rows& points, RowNumbers reference, std::uint32_t neighbours) {
  std::vector<Index> place(static_cast<std::size_t>(points.rows()), -1);
  for (std::size_t i = 0; i < reference.size(); ++i) place[reference[i]] = static_cast<Index>(i);
  std::vector<double> means;
  for_blocks(points, rows_at(points, reference), [&](Index first, const MatrixXf& squares) {
    for (Index i = 0; i < squares.rows(); ++i) {
      std::vector<float> distances;
      for (Index j = 0; j < squares.cols(); ++j) {
        if (j != place[static_cast<std::size_t>(first + i)]) distances.push_back(squares(i, j));
      }
      const auto count = std::min<std::size_t>(neighbours, distances.size());
      std::partial_sort(distances.begin(), distances.begin() + static_cast<std::ptrdiff_t>(count), distances.end());
      double sum = 0;
      for (std::size_t k = 0; k < count; ++k) sum += std::sqrt(static_cast<double>(distances[k]));
      means.push_back(count == 0 ? 0 : sum / static_cast<double>(count));
    }
  });
  return means;
}

double mean_over(std::span<const double> values, RowNumbers window) {
  double sum = 0;
  for (const auto row : window) sum += values[row];
  return window.empty() ? 0 : sum / static_cast<double>(window.size());
}

Rows unit_rows(const Rows& rows) {
  Rows unit = rows;
  for (Index i = 0; i < unit.rows(); ++i) {
    const float length = unit.row(i).norm();
    if (length > 0) unit.row(i) /= length;
  }
  return unit;
}

Rows shrunk_points(const Rows& rows, RowNumbers reference, double ridge) {
  const auto chosen = rows_at(rows, reference);
  const Eigen::RowVectorXd mean = chosen.cast<double>().colwise().mean();
  MatrixXd spread = covariance(chosen, mean);
  // The floor is for coordinates that are all the same, of which nothing may be made.
  constexpr double kFloor = 1e-12;
  spread.diagonal().array() += std::max(kFloor, ridge * spread.trace() / static_cast<double>(spread.rows()));
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(spread);
  const MatrixXd root = solver.operatorInverseSqrt();
  Rows points(rows.rows(), rows.cols());
  for (Index first = 0; first < rows.rows(); first += kTogether) {
    const Index count = std::min(kTogether, rows.rows() - first);
    points.middleRows(first, count) =
        ((rows.middleRows(first, count).cast<double>().rowwise() - mean) * root).cast<float>();
  }
  return points;
}

}  // namespace cms::lab
