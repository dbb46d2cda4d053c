#include "atlas/layouts.hpp"

#include <algorithm>
#include <cmath>

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

// How far the reference points lie from their k-th nearest others, by place and weight, and what that says of a chord.
std::vector<float> surprisals_of(const Atlas& atlas) {
  const auto& layouts = atlas.layouts;
  const std::size_t count = layouts.reference.rows;
  std::vector<float> surprisals(kSurprisals);
  if (atlas.knn_k == 0 || atlas.knn_k >= count) return surprisals;
  std::vector<double> weights(kSurprisals);
  double total = 0;
  std::vector<std::int32_t> products(layouts.reference.padded);
  std::vector<float> squares(layouts.reference.padded);
  for (std::size_t i = 0; i < count; ++i) {
    const auto point = std::span<const std::int8_t>(atlas.reference).subspan(i * atlas.rank, atlas.rank);
    cms::products(layouts.reference, point, products);
    squared_chords(products, layouts.reference_inverse_lengths, layouts.reference_inverse_lengths[i], squares);
    squares[i] = -1;  // itself, before all others
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

void derive(Atlas& atlas) {
  auto& layouts = atlas.layouts;
  layouts.projection = make_columns(atlas.projection, atlas.manifest.dimension);
  layouts.sketch = make_columns(atlas.sketch, atlas.manifest.dimension);
  if (!atlas.centroids.empty()) layouts.centroids = coarse(atlas);
  if (atlas.reference.empty()) return;
  layouts.reference = make_quads(atlas.reference, atlas.rank);
  layouts.reference_inverse_lengths.assign(layouts.reference.padded, 0.0);
  layouts.reference_weights.assign(layouts.reference.padded, 0.0F);
  for (std::size_t i = 0; i < atlas.reference_weights.size(); ++i) {
    const auto row = std::span<const std::int8_t>(atlas.reference).subspan(i * atlas.rank, atlas.rank);
    layouts.reference_inverse_lengths[i] = inverse_length(dot(row, row));
    layouts.reference_weights[i] = atlas.reference_weights[i];
  }
  layouts.surprisals = surprisals_of(atlas);
}

}  // namespace cms::atlas
