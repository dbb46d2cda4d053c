// The nearest chart: a coarse pass over int8 centroids, then exact products of those that may be the best.
//
// Why it is exact. Let f_k be the float product dot(c_k, q) that defines the chart, and g_k = s_q s_k <n_k, m> the
// coarse one, of the rounded centroid s_k n_k and the rounded point s_q m. With e = |q - s_q m|, E >= |c_k - s_k n_k|
// and L >= |s_k n_k|,
//   |f_k - g_k| <= |f_k - <c_k, q>| + |c_k - s_k n_k| |q| + |s_k n_k| e <= B := E |q| + L e + slack,
// where the slack covers the roundings of dot() and of all that is computed in float here. If k is the best by f and j
// the best by g, then g_k >= f_k - B >= f_j - B >= g_j - 2B. So every chart that attains the greatest f is among those
// with g >= g_j - 2B, and the exact products of these, in rising order, give the answer of the plain search.
#include <algorithm>
#include <cmath>
#include <optional>

#include "atlas/atlas.hpp"
#include "base/directions.hpp"
#include "base/kernels.hpp"

namespace cms::atlas {
namespace {

constexpr std::size_t kTogether = 4;

std::uint16_t best_of_all(const Atlas& atlas, std::span<const float> point) {
  std::uint32_t best = 0;
  float best_product = dot(atlas.centroid(0), point);
  for (std::uint32_t k = 1; k < atlas.chart_count(); ++k) {
    const float product = dot(atlas.centroid(k), point);
    if (product > best_product) {
      best = k;
      best_product = product;
    }
  }
  return static_cast<std::uint16_t>(best);
}

std::uint16_t best_of(const Atlas& atlas, std::span<const float> point, std::span<const std::uint32_t> charts) {
  std::uint32_t best = charts[0];
  if (charts.size() == 1) return static_cast<std::uint16_t>(best);
  float best_product = dot(atlas.centroid(best), point);
  for (const std::uint32_t k : charts.subspan(1)) {
    if (k >= atlas.chart_count()) break;
    const float product = dot(atlas.centroid(k), point);
    if (product > best_product) {
      best = k;
      best_product = product;
    }
  }
  return static_cast<std::uint16_t>(best);
}

// Rounds a point to int8 and returns 2B / s_q, how far below the best a scaled coarse product may lie; empty where no
// bound holds (a point that is far from unit length, 0 among them).
std::optional<float> coarse_margin(const CoarseCentroids& centroids, std::span<const float> point,
                                   std::span<std::int8_t> rounded, std::span<float> errors) {
  round_direction(point, rounded);
  const float square = dot(point, point);
  if (!centroids.bounded || !(square > 0.01F && square < 100.0F)) return std::nullopt;
  const float scale = largest_magnitude(point) / 127;
  for (std::size_t i = 0; i < point.size(); ++i) errors[i] = point[i] - scale * static_cast<float>(rounded[i]);
  const auto rank = static_cast<float>(point.size());
  // Each float sum of `rank` squares is off by less than (rank + 8) * 6e-8 of itself.
  const float roundings = (rank + 8) * 1.2e-7F;
  const float length = std::sqrt(square) * (1 + roundings);
  const float error = std::sqrt(dot(std::span<const float>(errors), std::span<const float>(errors))) * (1 + roundings) +
                      1e-6F * length;
  const float slack = (roundings + 4e-6F) * (centroids.length + centroids.error) * (length + error);
  const float bound = centroids.error * length + centroids.length * error + slack;
  return 2 * bound / scale * 1.00001F;
}

}  // namespace

void nearest_charts(const Atlas& atlas, std::span<const float> points, NearestScratch& scratch,
                    std::span<std::uint16_t> charts) {
  const auto& centroids = atlas.layouts.centroids;
  const std::size_t padded = centroids.rows.padded;
  scratch.rounded.resize(kTogether * atlas.rank);
  scratch.errors.resize(atlas.rank);
  scratch.products.resize(kTogether * padded);
  scratch.near.resize(padded);
  for (std::size_t first = 0; first < charts.size(); first += kTogether) {
    const std::size_t count = std::min(kTogether, charts.size() - first);
    std::optional<float> margins[kTogether];
    const std::span<std::int8_t> rounded(scratch.rounded.data(), count * atlas.rank);
    for (std::size_t i = 0; i < count; ++i) {
      margins[i] = coarse_margin(centroids, points.subspan((first + i) * atlas.rank, atlas.rank),
                                 rounded.subspan(i * atlas.rank, atlas.rank), scratch.errors);
    }
    const std::span<std::int32_t> all(scratch.products.data(), count * padded);
    products(centroids.rows, rounded, all);
    for (std::size_t i = 0; i < count; ++i) {
      const auto point = points.subspan((first + i) * atlas.rank, atlas.rank);
      if (!margins[i]) {
        charts[first + i] = best_of_all(atlas, point);
        continue;
      }
      const std::size_t found =
          rows_near_best(all.subspan(i * padded, padded), centroids.scales, *margins[i], scratch.near);
      charts[first + i] = best_of(atlas, point, std::span<const std::uint32_t>(scratch.near).first(found));
    }
  }
}

std::uint16_t nearest_chart(const Atlas& atlas, std::span<const float> point) {
  NearestScratch scratch;
  std::uint16_t chart = 0;
  nearest_charts(atlas, point, scratch, {&chart, 1});
  return chart;
}

}  // namespace cms::atlas
