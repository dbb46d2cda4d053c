#include <algorithm>
#include <cmath>

#include "atlas/atlas.hpp"
#include "atlas/chart_geometry.hpp"
#include "base/directions.hpp"
#include "base/kernels.hpp"
#include "base/select.hpp"

namespace cms::atlas {
namespace {

// Vectors that share one pass over the matrices. Results do not depend on it.
constexpr std::size_t kTogether = 4;

// A zero vector stays zero: it has no direction.
void normalise(std::span<const float> from, std::span<float> to) {
  const float norm = std::sqrt(dot(from, from));
  if (norm <= 0 || !std::isfinite(norm)) {
    std::fill(to.begin(), to.end(), 0.0F);
    return;
  }
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[i] / norm;
}

// Unit points of at most kTogether raw vectors into scratch.points, rank floats each.
void project_points(const Atlas& atlas, std::span<const float> raws, ProjectScratch& scratch) {
  const auto& matrix = atlas.layouts.projection;
  const std::size_t d = matrix.width, count = raws.size() / d;
  scratch.centred.resize(kTogether * d);
  scratch.outputs.resize(kTogether * std::max(matrix.padded, atlas.layouts.sketch.padded));
  scratch.points.resize(kTogether * atlas.rank);
  for (std::size_t v = 0; v < count; ++v) {
    for (std::size_t i = 0; i < d; ++i) scratch.centred[v * d + i] = raws[v * d + i] - atlas.mean[i];
  }
  const std::span<float> outputs(scratch.outputs.data(), count * matrix.padded);
  multiply(matrix, std::span<const float>(scratch.centred).first(count * d), outputs);
  for (std::size_t v = 0; v < count; ++v) {
    normalise(outputs.subspan(v * matrix.padded, atlas.rank),
              std::span(scratch.points).subspan(v * atlas.rank, atlas.rank));
  }
}

// The rounded sketches. They are normalised here rather than the raw vectors: the same direction, of fewer numbers.
void project_sketches(const Atlas& atlas, std::span<const float> raws, ProjectScratch& scratch,
                      std::span<Projected> out) {
  const auto& matrix = atlas.layouts.sketch;
  const std::span<float> outputs(scratch.outputs.data(), out.size() * matrix.padded);
  multiply(matrix, raws, outputs);
  for (std::size_t v = 0; v < out.size(); ++v) {
    const auto sketch = outputs.subspan(v * matrix.padded, atlas.sketch_dimension);
    normalise(sketch, sketch);
    out[v].sketch.resize(sketch.size());
    round_direction(sketch, out[v].sketch);
  }
}

// Distance to the k-th nearest reference point and mean kernel, from the products with all of them.
void meet_reference(const Atlas& atlas, std::span<const std::int32_t> products, ProjectScratch& scratch,
                    Projected& out) {
  const auto& layouts = atlas.layouts;
  const auto point = std::span<const std::int8_t>(out.point);
  scratch.squares.resize(layouts.reference.padded);
  squared_chords(products, layouts.reference_inverse_lengths, inverse_length(dot(point, point)), scratch.squares);
  const float scale = 0.5F / (atlas.bandwidth * atlas.bandwidth);
  const auto kernel_squares = std::span(scratch.squares).first(layouts.kernel_weights.size());
  out.benign_kernel = weighted_gaussian_sum(kernel_squares, layouts.kernel_weights, scale);
  out.benign_knn = std::sqrt(kth_smallest(std::span(scratch.squares).first(layouts.reference.rows), atlas.knn_k));
}

void project_group(const Atlas& atlas, std::span<const float> raws, ProjectScratch& scratch,
                   std::span<Projected> out) {
  project_points(atlas, raws, scratch);
  project_sketches(atlas, raws, scratch, out);
  const std::span<const float> points(scratch.points.data(), out.size() * atlas.rank);
  std::uint16_t charts[kTogether] = {};
  nearest_charts(atlas, points, scratch.nearest, std::span(charts, out.size()));
  scratch.rounded.resize(kTogether * atlas.rank);
  scratch.offset.resize(atlas.rank);
  for (std::size_t v = 0; v < out.size(); ++v) {
    const auto point = points.subspan(v * atlas.rank, atlas.rank);
    out[v].point.resize(atlas.rank);
    round_direction(point, out[v].point);
    std::copy(out[v].point.begin(), out[v].point.end(), scratch.rounded.data() + v * atlas.rank);
    out[v].chart = charts[v];
    out[v].tangent_residual = static_cast<float>(
        tangent_residual(point, atlas.centroid(charts[v]), atlas.frame(charts[v]), scratch.offset));
  }
  const auto& reference = atlas.layouts.reference;
  scratch.products.resize(kTogether * reference.padded);
  const std::span<std::int32_t> all(scratch.products.data(), out.size() * reference.padded);
  products(reference, std::span<const std::int8_t>(scratch.rounded).first(out.size() * atlas.rank), all);
  for (std::size_t v = 0; v < out.size(); ++v) {
    meet_reference(atlas, all.subspan(v * reference.padded, reference.padded), scratch, out[v]);
  }
}

}  // namespace

std::span<const float> Atlas::frame(std::size_t chart) const {
  return {frames.data() + chart * kFrameDimensionMax * rank, std::size_t{charts[chart].frame_dimension} * rank};
}

std::vector<float> project_point(const Atlas& atlas, std::span<const float> raw) {
  ProjectScratch scratch;
  project_points(atlas, raw, scratch);
  return {scratch.points.begin(), scratch.points.begin() + atlas.rank};
}

void project(const Atlas& atlas, std::span<const float> raws, ProjectScratch& scratch, std::span<Projected> out) {
  const std::size_t d = atlas.manifest.dimension;
  for (std::size_t first = 0; first < out.size(); first += kTogether) {
    const std::size_t count = std::min(kTogether, out.size() - first);
    project_group(atlas, raws.subspan(first * d, count * d), scratch, out.subspan(first, count));
  }
}

void project(const Atlas& atlas, std::span<const float> raw, ProjectScratch& scratch, Projected& out) {
  project_group(atlas, raw, scratch, {&out, 1});
}

Projected project(const Atlas& atlas, std::span<const float> raw) {
  ProjectScratch scratch;
  Projected projected;
  project(atlas, raw, scratch, projected);
  return projected;
}

}  // namespace cms::atlas
