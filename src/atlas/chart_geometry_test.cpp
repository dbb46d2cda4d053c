#include "atlas/chart_geometry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/random.hpp"

namespace cms::atlas {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kRank = 64;
constexpr double kNoise = 1e-4;  // a coordinate

MatrixXd gaussian(Random& random, Index rows, Index columns) {
  MatrixXd result(rows, columns);
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j) result(i, j) = random.normal();
  }
  return result;
}

MatrixXd rotation(Random& random, Index size) {
  return Eigen::HouseholderQR<MatrixXd>(gaussian(random, size, size)).householderQ();
}

// Uniform on the sphere of dimension m and the given radius, around the origin of R^(m+1).
MatrixXd sphere(Random& random, Index count, Index m, double radius = 1) {
  return gaussian(random, count, m + 1).rowwise().normalized() * radius;
}

// A small sphere of chord radius R < 1 on the unit sphere.
MatrixXd small_sphere(Random& random, Index count, Index m, double radius) {
  MatrixXd points(count, m + 2);
  points.leftCols(m + 1) = sphere(random, count, m, radius);
  points.col(m + 1).setConstant(std::sqrt(1 - radius * radius));
  return points;
}

// A product of two circles on the unit sphere of R^4: a flat torus, Clifford's for radius = sqrt(1/2).
MatrixXd flat_torus(Random& random, Index count, double radius) {
  MatrixXd points(count, 4);
  points.leftCols(2) = sphere(random, count, 1, radius);
  points.rightCols(2) = sphere(random, count, 1, std::sqrt(1 - radius * radius));
  return points;
}

// A set of unit rows with one chart: the `own` rows nearest to the row 0, their normalised mean as the centroid.
struct Chart {
  std::vector<float> values;
  std::vector<float> centroid;
  std::vector<std::uint32_t> own;
  std::vector<std::uint32_t> nearest;

  [[nodiscard]] ChartRows rows() const { return {values, static_cast<std::uint32_t>(kRank), own, nearest}; }
  [[nodiscard]] ChartGeometry geometry() const { return chart_geometry(rows(), centroid); }
};

std::vector<std::uint32_t> by_distance(const MatrixXd& points, const VectorXd& centre) {
  const VectorXd distances = (points.rowwise() - centre.transpose()).rowwise().norm();
  std::vector<std::uint32_t> order(static_cast<std::size_t>(points.rows()));
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, [&](auto a, auto b) { return distances(a) < distances(b); });
  return order;
}

std::vector<float> to_floats(const MatrixXd& rows) {
  std::vector<float> values;
  for (Index i = 0; i < rows.rows(); ++i) {
    for (Index j = 0; j < rows.cols(); ++j) values.push_back(static_cast<float>(rows(i, j)));
  }
  return values;
}

Chart make_chart(const MatrixXd& unit_rows, std::size_t own) {
  Chart chart;
  chart.own = by_distance(unit_rows, unit_rows.row(0).transpose());
  chart.own.resize(std::min(own, chart.own.size()));
  VectorXd mean = VectorXd::Zero(kRank);
  for (const auto i : chart.own) mean += unit_rows.row(i).transpose();
  mean.normalize();
  chart.values = to_floats(unit_rows);
  chart.centroid = to_floats(mean.transpose());
  chart.nearest = by_distance(unit_rows, mean);
  chart.nearest.resize(std::min<std::size_t>(1024, chart.nearest.size()));
  return chart;
}

// Turns points of a low-dimensional space into unit rows of R^64: random rotation, noise a coordinate, unit length.
MatrixXd embed(Random& random, const MatrixXd& points, double noise) {
  MatrixXd wide = MatrixXd::Zero(points.rows(), kRank);
  wide.leftCols(points.cols()) = points;
  return (wide * rotation(random, kRank) + noise * gaussian(random, points.rows(), kRank)).rowwise().normalized();
}

// Mean over 8 samples of 20,000 points, of which the chart owns 256; only the 1,200 nearest to it are embedded.
double mean_curvature(Random& random, std::uint32_t m, const auto& sample) {
  double sum = 0;
  for (int i = 0; i < 8; ++i) {
    const MatrixXd points = sample(random);
    auto order = by_distance(points, points.row(0).transpose());
    order.resize(1200);
    const auto geometry = make_chart(embed(random, points(order, Eigen::all), kNoise), 256).geometry();
    EXPECT_EQ(geometry.frame_dimension, m);
    EXPECT_TRUE(geometry.scalar_curvature);
    sum += geometry.scalar_curvature.value_or(1e9) / 8;
  }
  return sum;
}

constexpr Index kSample = 20000;

TEST(ChartCurvature, of_a_great_sphere_is_that_of_the_unit_sphere) {
  Random random(1);
  EXPECT_NEAR(mean_curvature(random, 2, [](Random& r) { return sphere(r, kSample, 2); }), 2, 0.02);
  EXPECT_NEAR(mean_curvature(random, 3, [](Random& r) { return sphere(r, kSample, 3); }), 6, 0.02);
}

TEST(ChartCurvature, of_a_small_sphere_is_m_times_m_minus_one_over_its_squared_radius) {
  Random random(2);
  EXPECT_NEAR(mean_curvature(random, 2, [](Random& r) { return small_sphere(r, kSample, 2, 0.5); }), 8, 8 * 0.05);
  EXPECT_NEAR(mean_curvature(random, 3, [](Random& r) { return small_sphere(r, kSample, 3, 0.6); }), 6 / 0.36,
              6 / 0.36 * 0.1);
}

TEST(ChartCurvature, of_a_flat_torus_is_zero) {
  Random random(3);
  EXPECT_NEAR(mean_curvature(random, 2, [](Random& r) { return flat_torus(r, kSample, std::sqrt(0.5)); }), 0, 0.15);
  EXPECT_NEAR(mean_curvature(random, 2, [](Random& r) { return flat_torus(r, kSample, 0.6); }), 0, 0.15);
}

TEST(ChartCurvature, of_a_curve_is_zero) {
  Random random(4);
  const auto chart = make_chart(embed(random, small_sphere(random, 500, 1, 0.5), kNoise), 50);
  EXPECT_EQ(chart.geometry().frame_dimension, 1U);
  EXPECT_EQ(chart.geometry().scalar_curvature, 0.0);
}

TEST(ChartCurvature, is_not_computed_on_too_few_distinct_rows) {
  Random random(5);
  MatrixXd rows = embed(random, sphere(random, 62, 20), 0);
  auto chart = make_chart(rows, 62);
  EXPECT_EQ(chart.geometry().frame_dimension, kFrameDimensionMax);
  EXPECT_FALSE(chart.geometry().scalar_curvature);
  rows.conservativeResize(80, Eigen::NoChange);
  rows.bottomRows(18) = rows.topRows(18);
  EXPECT_FALSE(make_chart(rows, 80).geometry().scalar_curvature);
  EXPECT_TRUE(make_chart(embed(random, sphere(random, 63, 20), 0), 62).geometry().scalar_curvature);
}

// Points of a surface in flat space around the origin: tangent coordinates in a disc, heights given by a function,
// `codimension` normal directions with noise, rotated within the plane.
struct Surface {
  MatrixXd tangent;
  MatrixXd normal;
};

struct SurfaceSample {
  Index count = 400;
  double radius = 0.2;
  double noise = 0;
  Index codimension = 60;
};

Surface graph(Random& random, const SurfaceSample& sample, const auto& height) {
  Surface surface{MatrixXd(sample.count, 2), sample.noise * gaussian(random, sample.count, sample.codimension)};
  for (Index i = 0; i < sample.count; ++i) {
    const double radius = sample.radius * std::sqrt(random.uniform());
    const double angle = 2 * std::numbers::pi * random.uniform();
    surface.tangent.row(i) << radius * std::cos(angle), radius * std::sin(angle);
    surface.normal(i, 0) += height(surface.tangent(i, 0), surface.tangent(i, 1));
  }
  surface.tangent *= rotation(random, 2);
  surface.normal *= rotation(random, sample.codimension);
  return surface;
}

TEST(ExtrinsicCurvature, of_planes_saddles_and_spheres_in_flat_space_is_twice_gauss) {
  Random random(6);
  const SurfaceSample sample{.noise = 1e-4};
  const auto curvature = [&](const auto& height) {
    const auto surface = graph(random, sample, height);
    return extrinsic_scalar_curvature(surface.tangent, surface.normal).value();
  };

  EXPECT_NEAR(curvature([](double, double) { return 0.0; }), 0, 0.01);
  EXPECT_NEAR(curvature([](double x, double y) { return 0.3 + 0.01 * x - 0.01 * y; }), 0, 0.01);
  EXPECT_NEAR(curvature([](double x, double y) { return x * y; }), -2, 0.02);
  EXPECT_NEAR(curvature([](double x, double y) { return 3 * x * y; }), -18, 0.1);
  // Height 1 - sqrt(1 - t^2) has a fourth-order part: + t_max^2 / 2 = 2% of the curvature.
  EXPECT_NEAR(curvature([](double x, double y) { return 1 - std::sqrt(1 - x * x - y * y); }), 2, 0.06);
  EXPECT_NEAR(curvature([](double x, double) { return 1 - std::sqrt(1 - x * x); }), 0, 0.02);
}

TEST(ExtrinsicCurvature, of_a_torus_of_revolution_has_both_signs) {
  Random random(7);
  const double big = 1;
  const double small = 0.4;
  const SurfaceSample sample{.radius = 0.06, .noise = 1e-5};
  // Around the points (big +- small, 0, 0): x as a function of y and z.
  const auto outer = graph(random, sample, [&](double y, double z) {
    return big + small - std::sqrt(std::pow(big + std::sqrt(small * small - z * z), 2) - y * y);
  });
  const auto inner = graph(random, sample, [&](double y, double z) {
    return big - small - std::sqrt(std::pow(big - std::sqrt(small * small - z * z), 2) - y * y);
  });
  const double outer_truth = 2 / (small * (big + small));
  const double inner_truth = -2 / (small * (big - small));

  EXPECT_NEAR(extrinsic_scalar_curvature(outer.tangent, outer.normal).value(), outer_truth, 0.03 * outer_truth);
  EXPECT_NEAR(extrinsic_scalar_curvature(inner.tangent, inner.normal).value(), inner_truth, -0.03 * inner_truth);
}

TEST(ExtrinsicCurvature, equals_gauss_equation_for_any_quadratic_form) {
  Random random(8);
  for (const Index m : {2, 3, 6}) {
    const Index codimension = 5;
    const Index count = 6 * m * (m + 1);
    const MatrixXd tangent = 0.3 * gaussian(random, count, m);
    MatrixXd normal = MatrixXd::Constant(count, codimension, 0.1);
    std::vector<MatrixXd> forms;
    for (Index a = 0; a < codimension; ++a) {
      const MatrixXd square = gaussian(random, m, m);
      forms.emplace_back(square + square.transpose());
      normal.col(a) += 0.5 * (tangent * forms.back()).cwiseProduct(tangent).rowwise().sum();
    }
    double truth = 0;
    double size = 0;
    for (const auto& form : forms) {
      truth += form.trace() * form.trace() - form.squaredNorm();
      size += form.squaredNorm();
    }
    EXPECT_NEAR(extrinsic_scalar_curvature(tangent, normal).value(), truth, 0.005 * size) << m;
  }
}

TEST(ExtrinsicCurvature, is_not_biased_by_noise_outside_the_tangent_plane) {
  Random random(9);
  double plane = 0;
  double saddle = 0;
  for (int i = 0; i < 200; ++i) {
    const MatrixXd tangent = 0.3 * gaussian(random, 100, 2);
    MatrixXd normal = 0.05 * gaussian(random, 100, 60);
    plane += extrinsic_scalar_curvature(tangent, normal).value() / 200;
    normal.col(0) += tangent.col(0).cwiseProduct(tangent.col(1));
    saddle += extrinsic_scalar_curvature(tangent, normal).value() / 200;
  }
  // Without the correction both are lower by 0.46.
  EXPECT_NEAR(plane, 0, 0.05);
  EXPECT_NEAR(saddle, -2, 0.05);
}

TEST(ExtrinsicCurvature, is_empty_where_points_leave_the_form_undetermined) {
  Random random(10);
  MatrixXd circle = sphere(random, 50, 1);
  MatrixXd line(50, 2);
  line.col(0) = gaussian(random, 50, 1);
  line.col(1) = 2 * line.col(0);
  MatrixXd flat = line;
  flat.col(1).setZero();
  const MatrixXd normal = gaussian(random, 50, 3);

  EXPECT_FALSE(extrinsic_scalar_curvature(circle, normal));
  EXPECT_FALSE(extrinsic_scalar_curvature(line, normal));
  EXPECT_FALSE(extrinsic_scalar_curvature(flat, normal));
  EXPECT_FALSE(extrinsic_scalar_curvature(MatrixXd::Zero(50, 2), normal));
  EXPECT_FALSE(extrinsic_scalar_curvature(gaussian(random, 8, 2), gaussian(random, 8, 3)));
  EXPECT_TRUE(extrinsic_scalar_curvature(gaussian(random, 9, 2), gaussian(random, 9, 3)));
  EXPECT_FALSE(extrinsic_scalar_curvature(MatrixXd(0, 2), MatrixXd(0, 3)));
}

TEST(ChartFrame, spans_the_tangent_space_is_orthonormal_and_has_one_sign) {
  Random random(11);
  const MatrixXd turn = rotation(random, kRank);
  MatrixXd wide = MatrixXd::Zero(5000, kRank);
  wide.leftCols(4) = sphere(random, 5000, 3);
  const auto chart = make_chart(wide * turn, 200);
  const auto geometry = chart.geometry();

  ASSERT_EQ(geometry.frame_dimension, 3U);
  ASSERT_EQ(geometry.frame.size(), 3U * kRank);
  const Eigen::MatrixXf frame = Eigen::Map<const Eigen::MatrixXf>(geometry.frame.data(), kRank, 3);  // columns
  const Eigen::VectorXf centroid = Eigen::Map<const Eigen::VectorXf>(chart.centroid.data(), kRank);
  EXPECT_LT((frame.transpose() * frame - Eigen::Matrix3f::Identity()).norm(), 1e-5F);
  EXPECT_LT((frame.transpose() * centroid).norm(), 1e-5F);
  EXPECT_LT((turn.bottomRows(kRank - 4).cast<float>() * frame).norm(), 1e-5F);  // inside the plane of the sphere
  for (Index i = 0; i < 3; ++i) EXPECT_EQ(frame.col(i).maxCoeff(), frame.col(i).cwiseAbs().maxCoeff());
  EXPECT_EQ(geometry.frame, chart.geometry().frame);
}

// One sample of 4,000 points, the chart owns 256. What is missing at dimension 8 is the spread of the 10 nearest.
TEST(ChartDimension, of_spheres_is_known_within_tolerance) {
  Random random(12);
  for (const auto& [m, tolerance] : {std::pair{1, 0.1}, std::pair{2, 0.1}, std::pair{4, 0.1}, std::pair{8, 0.2}}) {
    const auto geometry = make_chart(embed(random, sphere(random, 4000, m), 1e-5), 256).geometry();
    EXPECT_NEAR(geometry.dimension.value(), m, tolerance * m);
    EXPECT_NEAR(geometry.two_nn.value(), m, 1.5 * tolerance * m);
    EXPECT_EQ(geometry.frame_dimension, std::min(6.0, std::round(*geometry.dimension)));
  }
}

TEST(ChartDimension, equals_the_slow_oracle) {
  Random random(13);
  const auto chart = make_chart(embed(random, sphere(random, 120, 5), 0), 40);
  std::vector<std::vector<double>> table;
  for (std::size_t a = 0; a < 40; ++a) {
    table.emplace_back();
    for (std::size_t b = 0; b < 120; ++b) {
      const float* x = chart.values.data() + chart.nearest[a] * kRank;
      const float* y = chart.values.data() + chart.nearest[b] * kRank;
      double sum = 0;
      for (Index i = 0; i < kRank; ++i) sum += std::pow(double{x[i]} - y[i], 2);
      table.back().push_back(std::sqrt(sum));
    }
    std::ranges::sort(table.back());  // the first is the row itself
  }
  double inverse = 0;
  std::vector<double> log_mu;
  for (const auto& t : table) {
    for (std::size_t j = 1; j < 10; ++j) inverse += std::log(t[10] / t[j]) / 9 / 40;
    log_mu.push_back(std::log(t[2] / t[1]));
  }
  std::ranges::sort(log_mu);
  double xy = 0;
  double xx = 0;
  for (int i = 1; i <= 36; ++i) {
    xy += log_mu[i - 1] * -std::log(1 - i / 40.0);
    xx += log_mu[i - 1] * log_mu[i - 1];
  }
  EXPECT_NEAR(chart.geometry().dimension.value(), 1 / inverse, 1e-9);
  EXPECT_NEAR(chart.geometry().two_nn.value(), xy / xx, 1e-9);
}

TEST(ChartRadius, gives_the_chord_within_which_half_nine_tenths_and_all_rows_lie) {
  MatrixXd rows = MatrixXd::Zero(10, kRank);
  for (Index i = 0; i < 10; ++i) {
    const double angle = 0.1 * static_cast<double>(i + 1);
    rows(i, 0) = std::cos(angle);
    rows(i, 1) = std::sin(angle);
  }
  auto chart = make_chart(rows, 10);
  chart.centroid = to_floats(2 * VectorXd::Unit(kRank, 0).transpose());  // its length must not matter
  const auto radius = chart.geometry().radius;
  EXPECT_NEAR(radius[0], 2 * std::sin(0.25), 1e-6);
  EXPECT_NEAR(radius[1], 2 * std::sin(0.45), 1e-6);
  EXPECT_NEAR(radius[2], 2 * std::sin(0.5), 1e-6);
}

void expect_sound(const ChartGeometry& geometry) {
  EXPECT_EQ(geometry.frame.size(), geometry.frame_dimension * std::size_t{kRank});
  EXPECT_TRUE(std::ranges::all_of(geometry.frame, [](float x) { return std::isfinite(x); }));
  EXPECT_TRUE(std::ranges::all_of(geometry.radius, [](float x) { return x >= 0 && x <= 2.0001F; }));
  for (const auto& value : {geometry.dimension, geometry.two_nn, geometry.scalar_curvature}) {
    EXPECT_TRUE(!value || std::isfinite(*value));
  }
}

TEST(ChartGeometry, is_sound_on_one_two_equal_and_antipodal_rows) {
  Random random(14);
  const MatrixXd points = embed(random, sphere(random, 40, 10), 0);
  MatrixXd poles(40, kRank);
  for (Index i = 0; i < 40; ++i) poles.row(i) = points.row(0) * (i % 2 == 0 ? 1 : -1);
  MatrixXd mirrored = points;
  mirrored.bottomRows(20) = -points.topRows(20);

  const auto one = make_chart(points.topRows(1), 1).geometry();
  EXPECT_EQ(one.frame_dimension, 0U);
  EXPECT_FALSE(one.dimension || one.two_nn || one.scalar_curvature);
  const auto two = make_chart(points.topRows(2), 2).geometry();
  EXPECT_EQ(two.frame_dimension, 1U);
  EXPECT_FALSE(two.dimension || two.scalar_curvature);
  const auto equal = make_chart(points.row(0).replicate(40, 1), 40).geometry();
  EXPECT_EQ(equal.frame_dimension, 0U);
  const auto antipodal = make_chart(poles, 20).geometry();
  EXPECT_EQ(antipodal.frame_dimension, 0U);
  EXPECT_FALSE(antipodal.scalar_curvature);
  for (const auto& geometry : {one, two, equal, antipodal, make_chart(mirrored, 20).geometry(),
                               make_chart(mirrored, 40).geometry()}) {
    expect_sound(geometry);
  }
  auto empty = make_chart(points, 10);
  empty.own.clear();
  expect_sound(empty.geometry());
  empty.nearest.clear();
  expect_sound(empty.geometry());
  EXPECT_EQ(empty.geometry().frame_dimension, 0U);
}

TEST(ChartGeometry, of_a_set_with_repeats_equals_that_without) {
  Random random(15);
  const MatrixXd points = embed(random, sphere(random, 300, 2), 1e-4);
  auto chart = make_chart(points, 100);
  const auto before = chart.geometry();
  std::vector<std::uint32_t> repeated;
  for (const auto i : chart.nearest) repeated.insert(repeated.end(), i % 3 + 1, i);
  chart.nearest = repeated;
  const auto after = chart.geometry();

  EXPECT_EQ(before.frame, after.frame);
  EXPECT_EQ(before.dimension, after.dimension);
  EXPECT_EQ(before.two_nn, after.two_nn);
  EXPECT_EQ(before.scalar_curvature, after.scalar_curvature);
}

std::vector<float> direction(std::initializer_list<float> values) {
  std::vector<float> result(values);
  result.resize(8);
  return result;
}

TEST(TangentResidual, is_the_sine_of_the_angle_between_logarithm_and_frame) {
  const auto centroid = direction({1});
  auto frame = direction({0, 1});
  const auto second = direction({0, 0, 1});
  frame.insert(frame.end(), second.begin(), second.end());

  EXPECT_EQ(tangent_residual(direction({0.8F, 0, 0.6F}), centroid, frame), 0.0);
  EXPECT_EQ(tangent_residual(direction({0.8F, 0, 0, 0.6F}), centroid, frame), 1.0);
  EXPECT_NEAR(tangent_residual(direction({0, 0.6F, 0, 0.8F}), centroid, frame), 0.8, 1e-7);
  EXPECT_NEAR(tangent_residual(direction({-50, 0, 3, 0, 3}), centroid, frame), std::sqrt(0.5), 1e-7);
  EXPECT_EQ(tangent_residual(direction({0.8F, 0.6F}), centroid, {}), 1.0);
}

TEST(TangentResidual, is_zero_at_the_centroid_and_one_at_its_antipode) {
  Random random(16);
  const auto frame = direction({0, 1});
  EXPECT_EQ(tangent_residual(direction({1}), direction({1}), frame), 0.0);
  EXPECT_EQ(tangent_residual(direction({-1}), direction({1}), frame), 1.0);
  for (int i = 0; i < 100; ++i) {
    const VectorXd point = gaussian(random, 8, 1).normalized();
    const auto here = to_floats(point.transpose());
    EXPECT_EQ(tangent_residual(to_floats(127 * point.transpose()), here, frame), 0.0);
    EXPECT_EQ(tangent_residual(to_floats(-3 * point.transpose()), here, frame), 1.0);
  }
}

TEST(TangentResidual, equals_the_logarithm_map_on_random_points) {
  Random random(17);
  for (int i = 0; i < 100; ++i) {
    const MatrixXd basis = rotation(random, 8);
    const VectorXd centroid = basis.row(0).transpose();
    const MatrixXd frame = basis.middleRows(1, 3);
    const VectorXd point = gaussian(random, 8, 1).normalized();
    const double angle = std::acos(point.dot(centroid));
    const VectorXd log = (point - std::cos(angle) * centroid) * angle / std::sin(angle);
    const double truth = (log - frame.transpose() * (frame * log)).norm() / log.norm();

    const double found = tangent_residual(to_floats(point.transpose()), to_floats(centroid.transpose()),
                                          to_floats(frame));
    EXPECT_NEAR(found, truth, 1e-5);
    EXPECT_GE(found, 0);
    EXPECT_LE(found, 1);
  }
}

}  // namespace
}  // namespace cms::atlas
