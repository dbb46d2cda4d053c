#include <gtest/gtest.h>

#include <algorithm>

#include "atlas/atlas_example.hpp"
#include "base/kernels.hpp"
#include "base/targets_example.hpp"

namespace cms::atlas {
namespace {

// An atlas of nothing but centroids.
Atlas with_centroids(std::vector<float> centroids, std::uint32_t rank) {
  Atlas atlas;
  atlas.manifest.dimension = 1;
  atlas.rank = rank;
  atlas.charts.resize(centroids.size() / rank);
  atlas.centroids = std::move(centroids);
  derive(atlas);
  return atlas;
}

std::uint16_t by_plain_search(const Atlas& atlas, std::span<const float> point) {
  std::uint16_t best = 0;
  for (std::uint32_t k = 1; k < atlas.chart_count(); ++k) {
    if (dot(atlas.centroid(k), point) > dot(atlas.centroid(best), point)) best = static_cast<std::uint16_t>(k);
  }
  return best;
}

// Points that meet the centroids in every way: noise, a centroid itself, its near and opposite, halfway between two,
// zero, and of lengths for which no coarse pass is made.
std::vector<float> points_for(const Atlas& atlas, std::size_t count, Random& random) {
  auto points = normal_values(random, count * atlas.rank);
  to_unit_rows(points, atlas.rank);
  for (std::size_t i = 0; i < count; ++i) {
    const auto point = std::span(points).subspan(i * atlas.rank, atlas.rank);
    const auto a = atlas.centroid(random.below(atlas.chart_count()));
    const auto b = atlas.centroid(random.below(atlas.chart_count()));
    const auto kind = random.below(10);
    for (std::size_t j = 0; j < point.size(); ++j) {
      if (kind == 1) point[j] = a[j];
      if (kind == 2) point[j] = a[j] + 0.01F * point[j];
      if (kind == 3) point[j] = -a[j];
      if (kind == 4) point[j] = 0.7F * (a[j] + b[j]);
      if (kind == 5) point[j] = 0.7F * (a[j] + b[j]) + 1e-6F * point[j];
      if (kind == 6) point[j] = 0;
      if (kind == 7) point[j] *= 1e-3F;
      if (kind == 8) point[j] = a[j] * 1e30F;
    }
  }
  return points;
}

void expect_plain_search(const Atlas& atlas, Random& random, const char* what) {
  const std::size_t count = 41;
  const auto points = points_for(atlas, count, random);
  std::vector<std::uint16_t> expected(count);
  for (std::size_t i = 0; i < count; ++i) {
    expected[i] = by_plain_search(atlas, std::span(points).subspan(i * atlas.rank, atlas.rank));
  }
  on_every_target([&] {
    NearestScratch scratch;
    std::vector<std::uint16_t> charts(count), singly(count);
    nearest_charts(atlas, points, scratch, charts);
    for (std::size_t i = 0; i < count; ++i) {
      singly[i] = nearest_chart(atlas, std::span(points).subspan(i * atlas.rank, atlas.rank));
    }
    EXPECT_EQ(charts, expected) << what << ", " << atlas.chart_count() << " charts of " << atlas.rank;
    EXPECT_EQ(singly, expected) << what << ", " << atlas.chart_count() << " charts of " << atlas.rank;
  });
}

TEST(NearestChart, is_that_of_the_plain_search_among_random_and_duplicated_centroids) {
  Random random(1);
  for (const std::uint32_t rank : {1u, 3u, 8u, 64u, 72u}) {
    for (const std::size_t count : {1u, 2u, 15u, 16u, 17u, 256u, 1024u}) {
      auto centroids = normal_values(random, count * rank);
      to_unit_rows(centroids, rank);
      expect_plain_search(with_centroids(centroids, rank), random, "random");
      for (std::size_t i = 0; i < count / 2; ++i) {
        const auto from = static_cast<std::ptrdiff_t>(random.below(count) * rank);
        std::copy_n(centroids.begin() + from, rank, centroids.begin() + static_cast<std::ptrdiff_t>(i * rank));
      }
      expect_plain_search(with_centroids(centroids, rank), random, "duplicated");
    }
  }
}

TEST(NearestChart, is_that_of_the_plain_search_where_centroids_differ_in_their_last_bits) {
  Random random(2);
  for (const double spread : {0.3, 0.03, 1e-3, 1e-6, 1e-7}) {
    for (int round = 0; round < 5; ++round) {
      const std::uint32_t rank = 64;
      auto centres = normal_values(random, 4 * rank);
      to_unit_rows(centres, rank);
      std::vector<float> centroids;
      for (std::size_t k = 0; k < 300; ++k) {
        const auto noise = normal_values(random, rank, spread);
        for (std::size_t i = 0; i < rank; ++i) centroids.push_back(centres[k % 4 * rank + i] + noise[i]);
      }
      if (round % 2 == 0) to_unit_rows(centroids, rank);
      expect_plain_search(with_centroids(centroids, rank), random, "clustered");
    }
  }
}

TEST(NearestChart, is_that_of_the_plain_search_for_centroids_that_no_fit_would_give) {
  Random random(3);
  for (const float scale : {0.0F, 1e-44F, 1e-30F, 1e-5F, 40.0F, 1e4F, 1e18F}) {
    auto centroids = normal_values(random, 200 * 16);
    for (float& value : centroids) value *= scale;
    expect_plain_search(with_centroids(centroids, 16), random, "scaled");
    for (std::size_t i = 0; i < 16; ++i) centroids[i] = i == 0 ? 1.0F : 0.0F;
    expect_plain_search(with_centroids(centroids, 16), random, "one unit among scaled");
  }
}

TEST(NearestChart, is_that_of_the_plain_search_where_all_products_are_negative) {
  Random random(4);
  auto centroids = normal_values(random, 37 * 8, 0.05);
  for (std::size_t i = 0; i < centroids.size(); i += 8) centroids[i] = -1;
  const auto atlas = with_centroids(centroids, 8);
  const std::vector<float> point = {1, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(nearest_chart(atlas, point), by_plain_search(atlas, point));
  expect_plain_search(atlas, random, "negative");
}

}  // namespace
}  // namespace cms::atlas
