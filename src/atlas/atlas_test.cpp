#include "atlas/atlas.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "atlas/fit.hpp"
#include "base/directions.hpp"
#include "base/kernels.hpp"
#include "base/random.hpp"

namespace cms::atlas {
namespace {

constexpr std::uint32_t kDimension = 48;

// Rows as language models give them: a great common offset, a few strong directions, topics as clusters.
ActivationSet topics(std::uint64_t seed, std::size_t rows, std::size_t topic_count = 20) {
  ActivationSet set;
  set.manifest = {"hash", "tiny", "final", "output_norm", "mean", "none", 0, 0, kDimension, "test"};
  Random fixed(99);
  std::vector<std::vector<double>> centres(topic_count, std::vector<double>(kDimension));
  for (auto& centre : centres) {
    for (std::size_t j = 0; j < kDimension; ++j) centre[j] = 10 + fixed.normal() * (j < 4 ? 8 : 2);
  }
  Random random(seed);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto& centre = centres[random.below(topic_count)];
    for (std::size_t j = 0; j < kDimension; ++j)
      set.values.push_back(static_cast<float>(centre[j] + 0.5 * random.normal()));
    set.rows.push_back({});
  }
  return set;
}

const Atlas& fitted() {
  static const Atlas atlas = [] {
    const ActivationSet manifold[] = {topics(1, 1500)}, benign[] = {topics(2, 600)};
    return *fit(manifold, benign, {.rank = 16, .chart_count = 24, .sketch_dimension = 16, .reference_max = 200});
  }();
  return atlas;
}

TEST(Atlas, whitening_takes_away_what_all_rows_share) {
  const auto set = topics(3, 300);
  double raw = 0, whitened = 0;
  int pairs = 0;
  for (std::size_t i = 0; i + 1 < set.count(); i += 2, ++pairs) {
    const auto a = set.row(i), b = set.row(i + 1);
    raw += dot(a, b) / std::sqrt(static_cast<double>(dot(a, a)) * dot(b, b));
    const auto p = project_point(fitted(), a), q = project_point(fitted(), b);
    whitened += dot(std::span<const float>(p), std::span<const float>(q));
  }
  EXPECT_GT(raw / pairs, 0.5);
  EXPECT_LT(std::abs(whitened / pairs), 0.15);
}

TEST(Atlas, projected_points_have_unit_length_and_the_nearest_chart_is_nearest) {
  const auto set = topics(4, 100);
  for (std::size_t i = 0; i < set.count(); ++i) {
    const auto point = project_point(fitted(), set.row(i));
    EXPECT_NEAR(dot(std::span<const float>(point), std::span<const float>(point)), 1, 1e-5);
    const auto chart = nearest_chart(fitted(), point);
    for (std::uint32_t k = 0; k < fitted().chart_count(); ++k) {
      EXPECT_GE(dot(fitted().centroid(chart), std::span<const float>(point)),
                dot(fitted().centroid(k), std::span<const float>(point)));
    }
  }
}

TEST(Atlas, benign_mass_sums_to_one_and_density_is_finite_everywhere) {
  double mass = 0, weight = 0;
  for (const auto& chart : fitted().charts) {
    mass += chart.benign_mass;
    EXPECT_TRUE(std::isfinite(chart.log_density));
    EXPECT_LE(chart.radius[0], chart.radius[1]);
    EXPECT_LE(chart.radius[1], chart.radius[2]);
  }
  for (const float one : fitted().reference_weights) weight += one;
  EXPECT_NEAR(mass, 1, 1e-5);
  EXPECT_NEAR(weight, 1, 1e-4);
  EXPECT_LE(fitted().reference_weights.size(), 200u);
}

TEST(Atlas, what_the_projection_says_of_the_reference_equals_a_plain_computation) {
  const auto set = topics(5, 20);
  for (std::size_t i = 0; i < set.count(); ++i) {
    const auto projected = project(fitted(), set.row(i));
    std::vector<double> distances;
    double kernel = 0;
    for (std::size_t j = 0; j < fitted().reference_weights.size(); ++j) {
      double aa = 0, bb = 0, ab = 0;
      for (std::size_t k = 0; k < fitted().rank; ++k) {
        const double a = projected.point[k], b = fitted().reference[j * fitted().rank + k];
        aa += a * a;
        bb += b * b;
        ab += a * b;
      }
      distances.push_back(std::sqrt(std::max(0.0, 2 - 2 * ab / std::sqrt(aa * bb))));
      const double h = fitted().bandwidth;
      kernel += fitted().reference_weights[j] * std::exp(-distances.back() * distances.back() / (2 * h * h));
    }
    std::sort(distances.begin(), distances.end());
    EXPECT_NEAR(projected.benign_knn, distances[fitted().knn_k - 1], 1e-6);
    EXPECT_NEAR(projected.benign_kernel, kernel, 1e-5);
    EXPECT_GE(projected.tangent_residual, 0);
    EXPECT_LE(projected.tangent_residual, 1);
  }
}

TEST(Atlas, a_vector_without_direction_projects_to_something_finite) {
  for (const auto& raw : {fitted().mean, std::vector<float>(kDimension, 0.0F),
                          std::vector<float>(kDimension, std::numeric_limits<float>::max())}) {
    const auto projected = project(fitted(), raw);
    EXPECT_TRUE(std::isfinite(projected.benign_knn));
    EXPECT_TRUE(std::isfinite(projected.benign_kernel));
    EXPECT_TRUE(std::isfinite(projected.tangent_residual));
    EXPECT_LT(projected.chart, fitted().chart_count());
  }
}

TEST(Atlas, equal_sets_give_equal_bytes) {
  const ActivationSet manifold[] = {topics(1, 1500)}, benign[] = {topics(2, 600)};
  const auto again =
      *fit(manifold, benign, {.rank = 16, .chart_count = 24, .sketch_dimension = 16, .reference_max = 200});
  ByteWriter a, b;
  encode(fitted(), a);
  encode(again, b);
  EXPECT_EQ(a.bytes(), b.bytes());
}

TEST(Atlas, survives_its_bytes_and_refuses_damaged_ones) {
  ByteWriter out;
  encode(fitted(), out);
  ByteReader in(out.bytes());
  const auto back = decode(in);
  ASSERT_TRUE(back) << back.error().message;
  const auto set = topics(6, 5);
  for (std::size_t i = 0; i < set.count(); ++i) {
    EXPECT_EQ(project(*back, set.row(i)).point, project(fitted(), set.row(i)).point);
  }
  for (std::size_t size = 0; size < out.bytes().size(); size += 501) {
    ByteReader cut{std::span<const std::uint8_t>(out.bytes()).first(size)};
    EXPECT_FALSE(decode(cut)) << size;
  }
  auto broken = fitted();
  broken.centroids[3] = std::numeric_limits<float>::quiet_NaN();
  ByteWriter wrong;
  encode(broken, wrong);
  ByteReader wrong_in(wrong.bytes());
  EXPECT_EQ(decode(wrong_in).error().code, ErrorCode::bad_input);
}

TEST(AtlasFit, refuses_what_is_too_small_or_of_another_model_and_says_so) {
  const ActivationSet few[] = {topics(1, 100)}, enough[] = {topics(1, 1000)};
  const auto small = fit(few, enough, {.rank = 16});
  ASSERT_FALSE(small);
  EXPECT_EQ(small.error().code, ErrorCode::bad_input);
  EXPECT_NE(small.error().message.find("640"), std::string::npos);

  ActivationSet other[] = {topics(1, 1000)};
  other[0].manifest.layer = "l3";
  EXPECT_EQ(fit(enough, other, {.rank = 16}).error().code, ErrorCode::refused);
  EXPECT_EQ(fit(enough, enough, {.rank = 13}).error().code, ErrorCode::usage);

  ActivationSet equal[] = {topics(1, 1000)};
  for (float& value : equal[0].values) value = 1;
  EXPECT_EQ(fit(equal, equal, {.rank = 16}).error().code, ErrorCode::bad_input);
}

}  // namespace
}  // namespace cms::atlas
