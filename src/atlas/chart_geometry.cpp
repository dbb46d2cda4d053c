#include "atlas/chart_geometry.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cms::atlas {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Rows = std::span<const std::uint32_t>;

constexpr std::size_t kNeighbours = 10;
// Below this share of its length a point does not differ from the axis through the centroid (float rows).
constexpr double kAxisTolerance = 1e-6;
// Directions with less than this share of the leading variance are rounding, not data.
constexpr double kVarianceTolerance = 1e-10;
// Small enough to leave a determined coefficient alone, large enough to show an undetermined one.
constexpr double kRidge = 1e-4;

std::span<const float> row(const ChartRows& rows, std::uint32_t i) {
  return rows.values.subspan(std::size_t{i} * rows.rank, rows.rank);
}

VectorXd to_vector(std::span<const float> values) {
  return Eigen::Map<const Eigen::VectorXf>(values.data(), static_cast<Index>(values.size())).cast<double>();
}

double chord(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return std::sqrt(sum);
}

// The first `wanted` of `nearest`, exact repeats of an earlier row left out.
std::vector<std::uint32_t> distinct_nearest(const ChartRows& rows, std::size_t wanted) {
  std::vector<std::uint32_t> kept;
  for (const auto i : rows.nearest) {
    if (kept.size() == wanted) break;
    const auto repeats = [&](std::uint32_t j) { return std::ranges::equal(row(rows, i), row(rows, j)); };
    if (std::ranges::none_of(kept, repeats)) kept.push_back(i);
  }
  return kept;
}

std::array<float, 3> radius_quantiles(const ChartRows& rows, const VectorXd& centroid) {
  std::vector<double> distances;
  for (const auto i : rows.own) distances.push_back((to_vector(row(rows, i)) - centroid).norm());
  if (distances.empty()) return {};
  std::ranges::sort(distances);
  // The smallest distance that at least the given share of the rows does not exceed.
  const auto quantile = [&](std::size_t percent) {
    return static_cast<float>(distances[(distances.size() * percent + 99) / 100 - 1]);
  };
  return {quantile(50), quantile(90), quantile(100)};
}

// The two estimators of cms::dimension, here over the local rows with their neighbours among all nearest rows, so
// that the edge of a chart does not cut its neighbourhoods.
void estimate_dimension(const ChartRows& rows, Rows local, Rows nearest, ChartGeometry& geometry) {
  if (nearest.size() < 3) return;
  const auto k = std::min(kNeighbours, nearest.size() - 1);
  double sum = 0;
  std::vector<double> log_mu;
  std::vector<double> t;
  for (const auto i : local) {
    t.clear();
    for (const auto j : nearest) {
      if (j != i) t.push_back(chord(row(rows, i), row(rows, j)));
    }
    std::ranges::partial_sort(t, t.begin() + static_cast<std::ptrdiff_t>(k));
    for (std::size_t j = 0; j + 1 < k; ++j) sum += std::log(t[k - 1] / t[j]);
    log_mu.push_back(std::log(t[1] / t[0]));
  }
  if (sum > 0) geometry.dimension = static_cast<double>(local.size() * (k - 1)) / sum;

  std::ranges::sort(log_mu);
  double xy = 0;
  double xx = 0;
  for (std::size_t i = 0; i < log_mu.size() * 9 / 10; ++i) {
    xy -= log_mu[i] * std::log1p(-static_cast<double>(i + 1) / static_cast<double>(log_mu.size()));
    xx += log_mu[i] * log_mu[i];
  }
  if (xx > 0) geometry.two_nn = xy / xx;
}

// Logarithms of the rows at the unit vector `centroid`, one a row; antipodes have none and are left out.
MatrixXd logarithms(const ChartRows& rows, Rows indices, const VectorXd& centroid) {
  MatrixXd result(static_cast<Index>(indices.size()), static_cast<Index>(rows.rank));
  Index count = 0;
  for (const auto i : indices) {
    const VectorXd point = to_vector(row(rows, i));
    const double cosine = point.dot(centroid);
    const VectorXd offset = point - cosine * centroid;
    const double sine = offset.norm();
    if (sine > kAxisTolerance) {
      result.row(count++) = offset.transpose() * (std::atan2(sine, cosine) / sine);
    } else if (cosine > 0) {
      result.row(count++).setZero();
    }
  }
  result.conservativeResize(count, Eigen::NoChange);
  return result;
}

// Leading directions of the centred rows, at most `wanted`, one a row.
MatrixXd principal_frame(const MatrixXd& logs, Index wanted) {
  if (logs.rows() == 0) return {};
  const MatrixXd centred = logs.rowwise() - logs.colwise().mean();
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(centred.transpose() * centred);
  const VectorXd variances = solver.eigenvalues().reverse();  // Eigen sorts them rising
  Index count = 0;
  while (count < std::min(wanted, variances.size()) && variances(count) > kVarianceTolerance * variances(0)) ++count;

  MatrixXd frame = solver.eigenvectors().rowwise().reverse().leftCols(count).transpose();
  for (Index i = 0; i < count; ++i) {
    Index largest = 0;
    frame.row(i).cwiseAbs().maxCoeff(&largest);
    if (frame(i, largest) < 0) frame.row(i) *= -1;
  }
  return frame;
}

// Column of the coefficient of t_i t_j (i <= j) in a design of 1, t_1..t_m, t_1^2/2, t_1 t_2, ..
Index quadratic_column(Index m, Index i, Index j) { return 1 + m + i * m - i * (i - 1) / 2 + (j - i); }

MatrixXd quadratic_design(const MatrixXd& t) {
  const Index m = t.cols();
  MatrixXd design(t.rows(), 1 + m + m * (m + 1) / 2);
  design.col(0).setOnes();
  design.middleCols(1, m) = t;
  for (Index i = 0; i < m; ++i) {
    for (Index j = i; j < m; ++j) {
      design.col(quadratic_column(m, i, j)) = t.col(i).cwiseProduct(t.col(j)) * (i == j ? 0.5 : 1.0);
    }
  }
  return design;
}

// Eight partial sums, so that a processor adds them at once; T and U are float or double.
template <typename T, typename U>
double dot_in_double(const T* a, const U* b, std::size_t count) {
  double sums[8] = {};
  const std::size_t whole = count / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) {
      sums[lane] += static_cast<double>(a[i + lane]) * static_cast<double>(b[i + lane]);
    }
  }
  for (std::size_t i = whole; i < count; ++i) sums[i - whole] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

}  // namespace

std::optional<double> extrinsic_scalar_curvature(const MatrixXd& tangent, const MatrixXd& normal) {
  const Index m = tangent.cols();
  const Index n = tangent.rows();
  if (m < 1 || n < 3 * m * (m + 1) / 2) return std::nullopt;
  if (m == 1) return 0.0;
  // Coordinates of unit size make one ridge fit all of them.
  const VectorXd scale = (tangent.colwise().squaredNorm() / static_cast<double>(n)).cwiseSqrt().transpose();
  if (!(scale.minCoeff() > 0)) return std::nullopt;
  const MatrixXd design = quadratic_design(tangent * scale.cwiseInverse().asDiagonal());

  const MatrixXd gram = design.transpose() * design;
  VectorXd ridge = VectorXd::Constant(gram.rows(), kRidge * static_cast<double>(n));
  ridge(0) = 0;
  const MatrixXd penalised = gram + MatrixXd(ridge.asDiagonal());
  const MatrixXd inverse = penalised.ldlt().solve(MatrixXd::Identity(gram.rows(), gram.cols()));
  // The trace of inverse * diag(ridge) counts the coefficients that come from the ridge and not from the points.
  if (!(inverse.diagonal().dot(ridge) < 0.5)) return std::nullopt;

  const MatrixXd coefficients = inverse * (design.transpose() * normal);
  const double noise = (normal - design * coefficients).squaredNorm() / static_cast<double>(n - gram.rows());
  double sum = 0;
  for (Index i = 0; i < m; ++i) {
    for (Index j = i + 1; j < m; ++j) {
      const Index ii = quadratic_column(m, i, i);
      const Index jj = quadratic_column(m, j, j);
      const Index ij = quadratic_column(m, i, j);
      const double products = coefficients.row(ii).dot(coefficients.row(jj)) - coefficients.row(ij).squaredNorm();
      const double bias = noise * (inverse(ii, jj) - inverse(ij, ij));
      sum += 2 * (products - bias) / std::pow(scale(i) * scale(j), 2);
    }
  }
  if (!std::isfinite(sum)) return std::nullopt;
  return sum;
}

ChartGeometry chart_geometry(const ChartRows& rows, std::span<const float> centroid) {
  ChartGeometry geometry;
  const VectorXd centre = to_vector(centroid).normalized();
  geometry.radius = radius_quantiles(rows, centre);

  const auto local_count = std::clamp(rows.own.size(), kLocalMin, kLocalMax);
  const auto nearest = distinct_nearest(rows, std::max(kFitMax, 4 * local_count));
  const Rows all(nearest);
  const Rows local = all.first(std::min(all.size(), local_count));
  estimate_dimension(rows, local, all, geometry);

  const double wanted = std::clamp(std::round(geometry.dimension.value_or(1)), 1.0, double{kFrameDimensionMax});
  const MatrixXd frame = principal_frame(logarithms(rows, local, centre), static_cast<Index>(wanted));
  const Index m = frame.rows();
  geometry.frame_dimension = static_cast<std::uint32_t>(m);
  for (Index i = 0; i < m; ++i) {
    for (Index j = 0; j < frame.cols(); ++j) geometry.frame.push_back(static_cast<float>(frame(i, j)));
  }
  if (m == 0) return geometry;

  const MatrixXd logs = logarithms(rows, all.first(std::min(all.size(), kFitMax)), centre);
  const MatrixXd tangent = logs * frame.transpose();
  const auto extrinsic = extrinsic_scalar_curvature(tangent, logs - tangent * frame);
  if (extrinsic) geometry.scalar_curvature = static_cast<double>(m * (m - 1)) + *extrinsic;
  return geometry;
}

double tangent_residual(std::span<const float> point, std::span<const float> centroid, std::span<const float> frame) {
  std::vector<double> offset(centroid.size());
  return tangent_residual(point, centroid, frame, offset);
}

double tangent_residual(std::span<const float> point, std::span<const float> centroid, std::span<const float> frame,
                        std::span<double> offset) {
  const std::size_t rank = centroid.size();
  // The logarithm is a positive multiple of the part of the point orthogonal to the centroid.
  const double along = dot_in_double(point.data(), centroid.data(), rank) /
                       dot_in_double(centroid.data(), centroid.data(), rank);
  for (std::size_t i = 0; i < rank; ++i) offset[i] = point[i] - along * centroid[i];
  const double whole = dot_in_double(offset.data(), offset.data(), rank);
  const double length = dot_in_double(point.data(), point.data(), rank);
  if (whole <= kAxisTolerance * kAxisTolerance * length) return along < 0 ? 1.0 : 0.0;

  for (std::size_t first = 0; first + rank <= frame.size(); first += rank) {
    const float* direction = frame.data() + first;
    const double share = dot_in_double(offset.data(), direction, rank);
    for (std::size_t i = 0; i < rank; ++i) offset[i] -= share * direction[i];
  }
  return std::min(1.0, std::sqrt(dot_in_double(offset.data(), offset.data(), rank) / whole));
}

}  // namespace cms::atlas
