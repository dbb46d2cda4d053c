#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "atlas/atlas_example.hpp"
#include "base/kernels.hpp"
#include "base/scalar.hpp"
#include "base/targets_example.hpp"

namespace cms::atlas {
namespace {

// rows x width matrix times a vector, each sum in rising order, brought to unit length.
std::vector<float> unit_product(std::span<const float> matrix, std::span<const float> vector) {
  std::vector<float> result(matrix.size() / vector.size());
  for (std::size_t row = 0; row < result.size(); ++row) {
    for (std::size_t i = 0; i < vector.size(); ++i) result[row] += matrix[row * vector.size() + i] * vector[i];
  }
  const float norm = std::sqrt(dot(std::span<const float>(result), std::span<const float>(result)));
  for (float& value : result) value = norm > 0 && std::isfinite(norm) ? value / norm : 0.0F;
  return result;
}

// project() in plain loops over the fields of the atlas, none of its layouts.
Projected plainly(const Atlas& atlas, std::span<const float> raw) {
  std::vector<float> centred(raw.begin(), raw.end());
  for (std::size_t i = 0; i < centred.size(); ++i) centred[i] -= atlas.mean[i];
  const auto point = unit_product(atlas.projection, centred);
  Projected result;
  result.point = round_direction(point);
  result.sketch = round_direction(unit_product(atlas.sketch, raw));
  for (std::uint32_t k = 1; k < atlas.chart_count(); ++k) {
    if (dot(atlas.centroid(k), point) > dot(atlas.centroid(result.chart), point)) {
      result.chart = static_cast<std::uint16_t>(k);
    }
  }
  result.tangent_residual =
      static_cast<float>(tangent_residual(point, atlas.centroid(result.chart), atlas.frame(result.chart)));

  const std::span<const std::int8_t> rounded(result.point);
  std::vector<float> squares;
  for (const auto i : kernel_order(atlas)) {
    const auto other = std::span<const std::int8_t>(atlas.reference).subspan(i * atlas.rank, atlas.rank);
    squares.push_back(squared_chord(dot(rounded, other), inverse_length(dot(rounded, rounded)),
                                    inverse_length(dot(other, other))));
  }
  std::vector<float> sums(16);
  std::vector<float> weights = atlas.reference_weights;
  if (weights.size() > kKernelPoints) weights.assign(kKernelPoints, 1.0F / kKernelPoints);
  result.benign_kernel =
      scalar::weighted_gaussian_sum(std::span(squares).first(weights.size()), weights,
                                    0.5F / (atlas.bandwidth * atlas.bandwidth), std::span<float, 16>(sums));
  std::sort(squares.begin(), squares.end());
  result.benign_knn = std::sqrt(squares[atlas.knn_k - 1]);
  return result;
}

void expect_equal(const Projected& a, const Projected& b) {
  EXPECT_EQ(a.point, b.point);
  EXPECT_EQ(a.sketch, b.sketch);
  EXPECT_EQ(a.chart, b.chart);
  EXPECT_EQ(a.tangent_residual, b.tangent_residual);
  EXPECT_EQ(a.benign_knn, b.benign_knn);
  EXPECT_EQ(a.benign_kernel, b.benign_kernel);
}

// Noise, the mean, zero, denormals, and what overflows.
std::vector<float> raw_vectors(const Atlas& atlas, std::size_t count, Random& random) {
  const std::size_t d = atlas.manifest.dimension;
  auto raws = normal_values(random, count * d);
  for (std::size_t v = 0; v < count; ++v) {
    const auto kind = random.below(9);
    for (std::size_t i = 0; i < d; ++i) {
      float& value = raws[v * d + i];
      if (kind == 1) value = atlas.mean[i];
      if (kind == 2) value = 0;
      if (kind == 3) value *= 1e-42F;
      if (kind == 4) value = 1e25F;
    }
  }
  return raws;
}

TEST(Project, gives_the_bytes_of_plain_loops_for_any_batch_on_every_instruction_set) {
  Random random(1);
  const ExampleSizes shapes[] = {{576, 64, 64, 256, 2048, 5}, {48, 16, 16, 24, 200, 1},  {50, 8, 12, 1, 1, 1},
                                 {75, 72, 40, 300, 333, 40},  {576, 64, 64, 17, 31, 31}, {1, 1, 1, 2, 16, 16}};
  for (const auto& sizes : shapes) {
    const auto atlas = example_atlas(sizes, random.bits());
    const std::size_t count = 11, d = sizes.dimension;
    const auto raws = raw_vectors(atlas, count, random);
    std::vector<Projected> expected;
    for (std::size_t v = 0; v < count; ++v) expected.push_back(plainly(atlas, std::span(raws).subspan(v * d, d)));
    on_every_target([&] {
      ProjectScratch scratch;
      for (const std::size_t batch : {1u, 2u, 3u, 4u, 5u, 11u}) {
        std::vector<Projected> out(count);
        for (std::size_t first = 0; first < count; first += batch) {
          const std::size_t together = std::min(batch, count - first);
          project(atlas, std::span(raws).subspan(first * d, together * d), scratch,
                  std::span(out).subspan(first, together));
        }
        for (std::size_t v = 0; v < count; ++v) expect_equal(out[v], expected[v]);
      }
    });
  }
}

std::span<const std::int8_t> reference_of(const Atlas& atlas, std::size_t i) {
  return std::span<const std::int8_t>(atlas.reference).subspan(i * atlas.rank, atlas.rank);
}

double kernel_between(const Atlas& atlas, std::size_t i, std::size_t j) {
  const auto a = reference_of(atlas, i), b = reference_of(atlas, j);
  const float distance = chord(dot(a, b), inverse_length(dot(a, a)), inverse_length(dot(b, b)));
  return gaussian(distance, 0.5F / (atlas.bandwidth * atlas.bandwidth));
}

// Chen, Welling, Smola 2010, eq. 8, with every kernel and every sum made anew at each step.
TEST(Herding, takes_at_each_step_the_point_that_is_least_served_by_those_before) {
  const auto atlas = example_atlas({48, 16, 16, 24, 300, 5}, 5);
  const auto order = kernel_order(atlas);
  ASSERT_EQ(order.size(), 300U);
  std::vector<bool> taken(300);
  for (std::size_t step = 0; step < kKernelPoints; ++step) {
    double best = -1e9, here = -1e9;
    for (std::size_t i = 0; i < 300; ++i) {
      if (taken[i]) continue;
      double gain = 0;
      for (std::size_t j = 0; j < 300; ++j) gain += atlas.reference_weights[j] * kernel_between(atlas, i, j);
      for (std::size_t m = 0; m < step; ++m) gain -= kernel_between(atlas, i, order[m]) / static_cast<double>(step + 1);
      best = std::max(best, gain);
      if (i == order[step]) here = gain;
    }
    ASSERT_NEAR(here, best, 1e-9) << step;
    taken[order[step]] = true;
  }
  EXPECT_TRUE(std::is_sorted(order.begin() + kKernelPoints, order.end()));
}

TEST(Herding, gives_mean_kernels_nearer_to_those_of_all_than_as_many_points_drawn_by_chance) {
  const auto atlas = example_atlas({48, 16, 16, 24, 2048, 5}, 9);
  const auto order = kernel_order(atlas);
  double herded = 0, drawn = 0;
  for (std::size_t i = 0; i < 2048; i += 16) {
    double all = 0, of_herded = 0, of_drawn = 0;
    for (std::size_t j = 0; j < 2048; ++j) all += atlas.reference_weights[j] * kernel_between(atlas, i, j);
    for (std::size_t m = 0; m < kKernelPoints; ++m) {
      of_herded += kernel_between(atlas, i, order[m]) / kKernelPoints;
      of_drawn += kernel_between(atlas, i, m) / kKernelPoints;  // the points of an example lie in no order
    }
    herded += (of_herded - all) * (of_herded - all);
    drawn += (of_drawn - all) * (of_drawn - all);
  }
  EXPECT_LT(herded, drawn / 4);
}

// Each point's distance to its k-th nearest other one, and the weight of those at least as far as the place begins.
TEST(Surprisals, are_conformal_among_the_reference_points_left_out_one_by_one) {
  for (const ExampleSizes& sizes : {ExampleSizes{48, 16, 16, 24, 200, 1}, ExampleSizes{75, 72, 40, 20, 333, 40}}) {
    const auto atlas = example_atlas(sizes, 5);
    const std::size_t count = atlas.reference_weights.size();
    std::vector<std::uint16_t> chords;
    for (std::size_t i = 0; i < count; ++i) {
      const auto point = std::span<const std::int8_t>(atlas.reference).subspan(i * atlas.rank, atlas.rank);
      std::vector<float> squares;
      for (std::size_t j = 0; j < count; ++j) {
        const auto other = std::span<const std::int8_t>(atlas.reference).subspan(j * atlas.rank, atlas.rank);
        if (i == j) continue;
        squares.push_back(squared_chord(dot(point, other), inverse_length(dot(other, other)),
                                        inverse_length(dot(point, point))));
      }
      std::sort(squares.begin(), squares.end());
      chords.push_back(round_chord(std::sqrt(squares[atlas.knn_k - 1])));
    }
    const auto& table = atlas.layouts.surprisals;
    ASSERT_EQ(table.size(), kSurprisals);
    EXPECT_TRUE(std::is_sorted(table.begin(), table.end()));
    for (std::size_t place = 0; place < kSurprisals; ++place) {
      double weight = 1.0 / static_cast<double>(count);
      for (std::size_t i = 0; i < count; ++i) weight += chords[i] >= place * 64 ? atlas.reference_weights[i] : 0.0F;
      const double p = weight / (1 + 1.0 / static_cast<double>(count));
      EXPECT_NEAR(table[place], std::max(0.0, -std::log(p)), 1e-4) << place;
    }
  }
}

TEST(Surprisals, are_zero_where_no_reference_point_has_enough_others) {
  const auto atlas = example_atlas({576, 64, 64, 17, 31, 31}, 1);
  EXPECT_EQ(atlas.layouts.surprisals, std::vector<float>(kSurprisals));
}

// What is derived from the reference costs its square, so a file may not make it long.
TEST(Surprisals, are_not_made_of_more_reference_points_than_an_atlas_may_have) {
  auto atlas = example_atlas({8, 8, 8, 1, 100, 1}, 1);
  atlas.reference.resize(std::size_t{kReferenceMax + 1} * atlas.rank, 1);
  atlas.reference_weights.resize(kReferenceMax + 1, 1);
  ByteWriter out;
  encode(atlas, out);
  const Bytes bytes = out.take();
  ByteReader in(bytes);
  const auto back = decode(in);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ErrorCode::bad_input);
}

// Finite vectors whose products overflow: to infinity, or to infinity less infinity.
TEST(Project, gives_vectors_that_overflow_no_direction) {
  const Atlas atlas =
      example_atlas({.dimension = 37, .rank = 19, .sketch_dimension = 9, .charts = 45, .reference = 150}, 1);
  for (const float huge : {3e37F, 3e38F, std::numeric_limits<float>::max()}) {
    std::vector<float> raw(37);
    for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = i % 2 == 0 ? huge : -huge;
    const auto projected = project(atlas, raw);
    EXPECT_EQ(projected.point, std::vector<std::int8_t>(19, 0)) << huge;
    EXPECT_EQ(projected.sketch, std::vector<std::int8_t>(9, 0)) << huge;
    EXPECT_LT(projected.chart, atlas.chart_count());
    EXPECT_TRUE(std::isfinite(projected.tangent_residual) && std::isfinite(projected.benign_knn) &&
                std::isfinite(projected.benign_kernel));
  }
}

TEST(Project, says_the_same_through_its_three_doors_and_uses_memory_again) {
  Random random(2);
  const auto atlas = example_atlas({96, 32, 32, 40, 150, 5}, 3);
  const auto raws = normal_values(random, 10 * 96);
  ProjectScratch scratch;
  Projected reused;
  std::vector<Projected> batch(10);
  project(atlas, raws, scratch, batch);
  const std::int8_t* memory = batch[0].point.data();
  for (std::size_t v = 0; v < 10; ++v) {
    const auto raw = std::span(raws).subspan(v * 96, 96);
    project(atlas, raw, scratch, reused);
    expect_equal(reused, batch[v]);
    expect_equal(project(atlas, raw), batch[v]);
  }
  project(atlas, raws, scratch, batch);
  EXPECT_EQ(batch[0].point.data(), memory);
}

}  // namespace
}  // namespace cms::atlas
