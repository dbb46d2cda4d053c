#include "atlas/layouts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "atlas/atlas.hpp"
#include "base/directions.hpp"
#include "base/kernels.hpp"
#include "base/lanes.hpp"
#include "base/select.hpp"

namespace cms::atlas {
namespace {

// A float that is not below the value.
float rounded_up(double value) { return static_cast<float>(value * (1 + 1e-6)); }

CoarseCentroids coarse(const Atlas& atlas) {
  CoarseCentroids result;
  const std::size_t count = atlas.centroids.size() / atlas.rank;
  const std::size_t padded = (count + kLanes - 1) / kLanes * kLanes;
  std::vector<std::int8_t> rows(padded * atlas.rank);
  result.scales.resize(padded);
  double error = 0, length = 0;
  for (std::size_t k = 0; k < padded; ++k) {
    const auto centroid = atlas.centroid(std::min(k, count - 1));
    const auto row = std::span(rows).subspan(k * atlas.rank, atlas.rank);
    round_direction(centroid, row);
    const float scale = largest_magnitude(centroid) / 127;
    result.scales[k] = scale;
    double error_square = 0, length_square = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const double value = static_cast<double>(scale) * row[i];
      length_square += value * value;
      error_square += (centroid[i] - value) * (centroid[i] - value);
    }
    error = std::max(error, std::sqrt(error_square));
    length = std::max(length, std::sqrt(length_square));
  }
  result.rows = make_quads(rows, atlas.rank);
  // Neither overflow nor underflow may spoil the bound (src/atlas/nearest.cpp).
  result.bounded = error < 1e3 && length < 1e3 && length > 1e-3;
  result.error = rounded_up(std::min(error, 1e3));
  result.length = rounded_up(std::min(length, 1e3));
  return result;
}

std::span<const std::int8_t> reference_point(const Atlas& atlas, std::size_t i) {
  return std::span(atlas.reference).subspan(i * atlas.rank, atlas.rank);
}

double inverse_length_of(const Atlas& atlas, std::size_t i) {
  const auto row = reference_point(atlas, i);
  return inverse_length(dot(row, row));
}

// Returns the order of its rows.
std::vector<std::uint32_t> lay_out_reference(Atlas& atlas) {
  auto& layouts = atlas.layouts;
  auto order = kernel_order(atlas);
  std::vector<std::int8_t> rows;
  layouts.reference_inverse_lengths.clear();
  for (const auto i : order) {
    const auto row = reference_point(atlas, i);
    rows.insert(rows.end(), row.begin(), row.end());
    layouts.reference_inverse_lengths.push_back(inverse_length_of(atlas, i));
  }
  layouts.reference = make_quads(rows, atlas.rank);
  layouts.reference_inverse_lengths.resize(layouts.reference.padded);
  if (order.size() > kKernelPoints) {
    layouts.kernel_weights.assign(kKernelPoints, 1.0F / kKernelPoints);
  } else {
    layouts.kernel_weights.assign(atlas.reference_weights.begin(), atlas.reference_weights.end());
    layouts.kernel_weights.resize(layouts.reference.padded);
  }
  return order;
}

// How far the reference points lie from their k-th nearest others, by place and weight, and what that says of a chord.
std::vector<float> surprisals_of(const Atlas& atlas, std::span<const std::uint32_t> order) {
  const auto& layouts = atlas.layouts;
  const std::size_t count = layouts.reference.rows;
  std::vector<float> surprisals(kSurprisals);
  if (atlas.knn_k == 0 || atlas.knn_k >= count) return surprisals;
  std::vector<double> weights(kSurprisals);
  double total = 0;
  std::vector<std::int32_t> products(layouts.reference.padded);
  std::vector<float> squares(layouts.reference.padded);
  for (std::size_t row = 0; row < count; ++row) {
    const std::uint32_t i = order[row];
    cms::products(layouts.reference, reference_point(atlas, i), products);
    squared_chords(products, layouts.reference_inverse_lengths, layouts.reference_inverse_lengths[row], squares);
    squares[row] = -1;  // itself, before all others
    const float kth = kth_smallest(std::span(squares).first(count), atlas.knn_k + 1);
    weights[surprisal_place(round_chord(std::sqrt(kth)))] += atlas.reference_weights[i];
    total += atlas.reference_weights[i];
  }
  const double newcomer = total / static_cast<double>(count);
  if (!(total > 0)) return surprisals;
  double at_least = newcomer;
  for (std::size_t place = kSurprisals; place-- > 0;) {
    at_least += weights[place];
    surprisals[place] = static_cast<float>(std::max(0.0, -std::log(at_least / (total + newcomer))));
  }
  return surprisals;
}

}  // namespace

std::vector<std::uint32_t> kernel_order(const Atlas& atlas) {
  const std::size_t count = atlas.reference.size() / atlas.rank;
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  if (count <= kKernelPoints) return order;
  const auto points = make_quads(atlas.reference, atlas.rank);
  std::vector<double> inverse_lengths(points.padded);
  for (std::size_t i = 0; i < count; ++i) inverse_lengths[i] = inverse_length_of(atlas, i);
  const float scale = 0.5F / (atlas.bandwidth * atlas.bandwidth);
  std::vector<std::int32_t> products(points.padded);
  std::vector<float> distances(points.padded), kernels(points.padded);
  const auto kernels_of = [&](std::size_t i) {
    cms::products(points, reference_point(atlas, i), products);
    chords(products, inverse_lengths, inverse_lengths[i], distances);
    gaussians(distances, scale, kernels);
  };
  std::vector<double> wanted(count), sums(count);  // mean kernel to all; to those chosen so far
  for (std::size_t i = 0; i < count; ++i) {
    kernels_of(i);
    for (std::size_t j = 0; j < count; ++j) wanted[j] += static_cast<double>(atlas.reference_weights[i]) * kernels[j];
  }
  for (std::size_t chosen = 0; chosen < kKernelPoints; ++chosen) {
    const auto gain = [&](std::uint32_t i) { return wanted[i] - sums[i] / static_cast<double>(chosen + 1); };
    auto best = order.begin() + static_cast<std::ptrdiff_t>(chosen);
    for (auto at = best; at != order.end(); ++at) {
      if (gain(*at) > gain(*best)) best = at;
    }
    std::rotate(order.begin() + static_cast<std::ptrdiff_t>(chosen), best, best + 1);
    kernels_of(order[chosen]);
    for (std::size_t j = 0; j < count; ++j) sums[j] += kernels[j];
  }
  return order;
}

void derive(Atlas& atlas) {
  auto& layouts = atlas.layouts;
  layouts.projection = make_columns(atlas.projection, atlas.manifest.dimension);
  layouts.sketch = make_columns(atlas.sketch, atlas.manifest.dimension);
  if (!atlas.centroids.empty()) layouts.centroids = coarse(atlas);
  if (atlas.reference.empty()) return;
  layouts.surprisals = surprisals_of(atlas, lay_out_reference(atlas));
}

}  // namespace cms::atlas
