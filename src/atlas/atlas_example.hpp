// For tests and benchmarks: an atlas of noise with chosen sizes, which nobody fitted.
//
// Threads: pure functions. Cost: that of its sizes.
#pragma once

#include <cmath>

#include "atlas/atlas.hpp"
#include "atlas/chart_geometry.hpp"
#include "base/directions.hpp"
#include "base/random.hpp"

namespace cms::atlas {

struct ExampleSizes {
  std::uint32_t dimension = 576, rank = 64, sketch_dimension = 32, charts = 256, reference = 2048, knn_k = 5;
};

inline std::vector<float> normal_values(Random& random, std::size_t count, double scale = 1) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(scale * random.normal());
  return values;
}

inline void to_unit_rows(std::vector<float>& values, std::size_t width) {
  for (std::size_t first = 0; first < values.size(); first += width) {
    double square = 0;
    for (std::size_t i = 0; i < width; ++i) square += static_cast<double>(values[first + i]) * values[first + i];
    for (std::size_t i = 0; i < width; ++i) values[first + i] /= static_cast<float>(std::sqrt(square));
  }
}

// Frames are not orthogonal; what is measured in them is only compared or timed.
inline Atlas example_atlas(const ExampleSizes& sizes, std::uint64_t seed) {
  Random random(seed);
  Atlas atlas;
  atlas.manifest.dimension = sizes.dimension;
  atlas.rank = sizes.rank;
  atlas.sketch_dimension = sizes.sketch_dimension;
  atlas.mean = normal_values(random, sizes.dimension);
  atlas.projection = normal_values(random, std::size_t{sizes.rank} * sizes.dimension, 0.1);
  atlas.sketch = normal_values(random, std::size_t{sizes.sketch_dimension} * sizes.dimension);
  atlas.centroids = normal_values(random, std::size_t{sizes.charts} * sizes.rank);
  to_unit_rows(atlas.centroids, sizes.rank);
  atlas.charts.resize(sizes.charts);
  for (auto& chart : atlas.charts) chart.frame_dimension = static_cast<std::uint32_t>(random.below(7));
  atlas.frames = normal_values(random, std::size_t{sizes.charts} * kFrameDimensionMax * sizes.rank);
  to_unit_rows(atlas.frames, sizes.rank);
  for (std::size_t i = 0; i < sizes.reference; ++i) {
    const auto rounded = round_direction(normal_values(random, sizes.rank));
    atlas.reference.insert(atlas.reference.end(), rounded.begin(), rounded.end());
    atlas.reference_weights.push_back(1.0F / static_cast<float>(sizes.reference));
  }
  atlas.knn_k = sizes.knn_k;
  atlas.bandwidth = 0.6F;
  derive(atlas);
  return atlas;
}

}  // namespace cms::atlas
