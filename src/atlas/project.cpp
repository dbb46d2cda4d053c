#include <algorithm>
#include <cmath>

#include "atlas/atlas.hpp"
#include "atlas/chart_geometry.hpp"
#include "base/directions.hpp"
#include "base/kernels.hpp"

namespace cms::atlas {
namespace {

// A zero vector stays zero: it has no direction.
void normalise(std::span<float> vector) {
  const float norm = std::sqrt(dot(std::span<const float>(vector), std::span<const float>(vector)));
  if (norm <= 0 || !std::isfinite(norm)) {
    std::fill(vector.begin(), vector.end(), 0.0F);
    return;
  }
  for (float& value : vector) value /= norm;
}

// rows x d matrix times a vector of d, row by row through the fixed-order kernel.
std::vector<float> multiply(std::span<const float> matrix, std::span<const float> vector) {
  std::vector<float> result(matrix.size() / vector.size());
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = dot(matrix.subspan(i * vector.size(), vector.size()), vector);
  return result;
}

// Chord distances of a rounded point to every benign reference point.
std::vector<float> reference_distances(const Atlas& atlas, std::span<const std::int8_t> point) {
  const std::size_t count = atlas.reference_weights.size();
  const std::int32_t norm = dot(point, point);
  std::vector<float> distances(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto other = std::span<const std::int8_t>(atlas.reference).subspan(i * atlas.rank, atlas.rank);
    distances[i] = chord(dot(point, other), inverse_length(norm), inverse_length(dot(other, other)));
  }
  return distances;
}

float mean_kernel(const Atlas& atlas, std::span<const float> distances) {
  const double scale = -0.5 / (static_cast<double>(atlas.bandwidth) * atlas.bandwidth);
  double sum = 0;
  for (std::size_t i = 0; i < distances.size(); ++i) {
    sum += atlas.reference_weights[i] * std::exp(scale * distances[i] * distances[i]);
  }
  return static_cast<float>(sum);
}

}  // namespace

std::span<const float> Atlas::frame(std::size_t chart) const {
  return {frames.data() + chart * kFrameDimensionMax * rank, std::size_t{charts[chart].frame_dimension} * rank};
}

std::vector<float> project_point(const Atlas& atlas, std::span<const float> raw) {
  std::vector<float> centred(raw.begin(), raw.end());
  for (std::size_t i = 0; i < centred.size(); ++i) centred[i] -= atlas.mean[i];
  auto point = multiply(atlas.projection, centred);
  normalise(point);
  return point;
}

std::uint16_t nearest_chart(const Atlas& atlas, std::span<const float> point) {
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

Projected project(const Atlas& atlas, std::span<const float> raw) {
  const auto point = project_point(atlas, raw);
  std::vector<float> direction(raw.begin(), raw.end());
  normalise(direction);

  Projected projected;
  projected.point = round_direction(point);
  projected.sketch = round_direction(multiply(atlas.sketch, direction));
  projected.chart = nearest_chart(atlas, point);
  projected.tangent_residual =
      static_cast<float>(tangent_residual(point, atlas.centroid(projected.chart), atlas.frame(projected.chart)));
  auto distances = reference_distances(atlas, projected.point);
  projected.benign_kernel = mean_kernel(atlas, distances);
  std::nth_element(distances.begin(), distances.begin() + (atlas.knn_k - 1), distances.end());
  projected.benign_knn = distances[atlas.knn_k - 1];
  return projected;
}

}  // namespace cms::atlas
