#include <gtest/gtest.h>

#include <cmath>

#include "measure/homology/homology.hpp"
#include "measure/homology/test_windows.hpp"

namespace cms::homology {
namespace {

Summary summary_of(const Matrix& matrix) {
  Scratch scratch;
  Diagrams out;
  diagrams(matrix.view(), {}, scratch, out);
  return summarise(out);
}

void expect_same_bits(const Persistence& a, const Persistence& b) {
  EXPECT_EQ(a.bars, b.bars);
  EXPECT_EQ(a.total, b.total);
  EXPECT_EQ(a.max, b.max);
  EXPECT_EQ(a.entropy, b.entropy);
  EXPECT_EQ(a.betti, b.betti);
}

TEST(Summarise, one_point_is_one_component_and_nothing_else) {
  const Summary summary = summary_of(Matrix(1));
  EXPECT_EQ(summary.h0.bars, 0U);
  EXPECT_EQ(summary.h0.total, 0);
  EXPECT_EQ(summary.h0.entropy, 0);
  for (const auto components : summary.h0.betti) EXPECT_EQ(components, 1U);
  ASSERT_TRUE(summary.h1);
  for (const auto loops : summary.h1->betti) EXPECT_EQ(loops, 0U);
}

TEST(Summarise, a_pair_is_two_components_until_its_distance) {
  const Summary summary = summary_of(all_equal(2, 0.5));
  EXPECT_EQ(summary.h0.bars, 1U);
  EXPECT_EQ(summary.h0.total, 0.5);
  EXPECT_EQ(summary.h0.max, 0.5);
  EXPECT_EQ(summary.h0.entropy, 0);
  EXPECT_EQ(summary.h0.betti[15], 2U);
  EXPECT_EQ(summary.h0.betti[16], 1U);
}

TEST(Summarise, two_clusters_are_two_components_between_their_scales) {
  // Given three points 0.25 apart here and two there, 1.5 between the clusters.
  Matrix matrix = all_equal(5, 1.5);
  for (const auto& [i, j] : {std::pair{1U, 0U}, {2U, 0U}, {2U, 1U}, {4U, 3U}}) matrix.set(i, j, 0.25);

  const Summary summary = summary_of(matrix);

  EXPECT_EQ(summary.h0.bars, 4U);
  EXPECT_EQ(summary.h0.total, 3 * 0.25 + 1.5);
  EXPECT_EQ(summary.h0.max, 1.5);
  const double near = 0.25 / 2.25;
  const double far = 1.5 / 2.25;
  EXPECT_NEAR(summary.h0.entropy, -(3 * near * std::log(near) + far * std::log(far)), 1e-15);
  EXPECT_EQ(summary.h0.betti[0], 5U);
  EXPECT_EQ(summary.h0.betti[7], 5U);
  EXPECT_EQ(summary.h0.betti[8], 2U);
  EXPECT_EQ(summary.h0.betti[47], 2U);
  EXPECT_EQ(summary.h0.betti[48], 1U);
  EXPECT_EQ(summary.h1->bars, 0U);
}

TEST(Summarise, a_circle_is_one_long_loop_and_its_landscape_a_tent) {
  Points points;
  for (int i = 0; i < 24; ++i) {
    points.push_back({std::cos(2 * std::numbers::pi * i / 24), std::sin(2 * std::numbers::pi * i / 24)});
  }
  const double side = 2 * std::sin(std::numbers::pi / 24);
  const double end = std::sqrt(3.0);

  const Summary summary = summary_of(euclidean(points));

  EXPECT_NEAR(summary.h0.total, 23 * side, 1e-5);
  EXPECT_NEAR(summary.h0.entropy, std::log(23.0), 1e-5);
  EXPECT_NEAR(summary.h1->max, end - side, 1e-6);
  for (std::size_t s = 0; s < kScales; ++s) {
    const double scale = kScaleStep * static_cast<double>(s);
    EXPECT_EQ(summary.h1->betti[s], scale >= side && scale < end ? 1U : 0U) << scale;
    EXPECT_NEAR(summary.h1_landscape->values[0][s], std::max(0.0, std::min(scale - side, end - scale)), 1e-6);
    EXPECT_NEAR(summary.h1_landscape->values[1][s], 0, 1e-6);
  }
}

TEST(Summarise, equals_hand_computed_values_on_given_bars) {
  const Diagrams given{{{0, 0.5F}, {0, 1}}, {{0.25F, 1.25F}, {0.5F, 1}, {0.5F, 1}, {1, 1.5F}}, false};

  const Summary summary = summarise(given);

  EXPECT_EQ(summary.h1->bars, 4U);
  EXPECT_EQ(summary.h1->total, 2.5);
  EXPECT_EQ(summary.h1->max, 1);
  EXPECT_NEAR(summary.h1->entropy, 0.4 * std::log(2.5) + 0.6 * std::log(5.0), 1e-15);
  EXPECT_EQ(summary.h1->betti[24], 3U);  // at 0.75
  EXPECT_EQ(summary.h1->betti[32], 2U);  // at 1: two end, one begins
  const auto& values = summary.h1_landscape->values;
  EXPECT_EQ(values[0][24], 0.5);
  EXPECT_EQ(values[1][24], 0.25);
  EXPECT_EQ(values[2][24], 0.25);
  EXPECT_EQ(values[0][40], 0.25);  // at 1.25 only the last bar is inside
  EXPECT_EQ(values[1][40], 0);
}

TEST(Summarise, a_truncated_window_has_no_numbers_for_loops) {
  Random random(1);
  const Matrix matrix = crossed_clusters(64, random);
  Scratch scratch;
  Diagrams out;
  diagrams(matrix.view(), {.work_budget = 100}, scratch, out);
  const Summary summary = summarise(out);
  EXPECT_FALSE(summary.h1);
  EXPECT_FALSE(summary.h1_landscape);
  expect_same_bits(summary.h0, summary_of(matrix).h0);
}

TEST(Summarise, every_family_obeys_the_bounds_and_the_order_of_points_is_nothing) {
  Random random(2);
  for (const auto family : kFamilies) {
    const Matrix matrix = make_window(family, 60, random);
    const Summary summary = summary_of(matrix);
    for (const Persistence* p : {&summary.h0, &*summary.h1}) {
      EXPECT_GE(p->total, p->max) << family;
      EXPECT_LE(p->total, p->max * p->bars * (1 + 1e-12)) << family;
      EXPECT_GE(p->entropy, 0) << family;
      EXPECT_LE(p->entropy, (p->bars > 0 ? std::log(p->bars) : 0) + 1e-12) << family;
    }
    for (const auto& layer : summary.h1_landscape->values) {
      for (const double height : layer) EXPECT_LE(height, summary.h1->max / 2) << family;
    }

    Matrix turned(matrix.count);
    for (std::uint32_t i = 0; i < 60; ++i) {
      for (std::uint32_t j = 0; j < i; ++j) turned.set(i, j, matrix.at((i + 7) % 60, (j + 7) % 60));
    }
    const Summary other = summary_of(turned);
    expect_same_bits(summary.h0, other.h0);
    expect_same_bits(*summary.h1, *other.h1);
    EXPECT_EQ(summary.h1_landscape->values, other.h1_landscape->values);
  }
}

TEST(Summarise, halving_the_distances_halves_lengths_and_keeps_entropy) {
  Random random(3);
  for (const auto family : kFamilies) {
    Matrix matrix = make_window(family, 60, random);
    const Summary before = summary_of(matrix);
    for (auto& value : matrix.values) value /= 2;
    const Summary after = summary_of(matrix);
    EXPECT_EQ(after.h0.total, before.h0.total / 2) << family;
    EXPECT_EQ(after.h0.entropy, before.h0.entropy) << family;
    EXPECT_EQ(after.h1->total, before.h1->total / 2) << family;
    EXPECT_EQ(after.h1->max, before.h1->max / 2) << family;
    EXPECT_EQ(after.h1->entropy, before.h1->entropy) << family;
  }
}

}  // namespace
}  // namespace cms::homology
