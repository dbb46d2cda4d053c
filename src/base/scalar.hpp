// The kernels of base as plain loops: what every instruction set has to reproduce bit for bit, and what runs on a
// processor for which there is no vector form. Definitions and requirements stand with the fast functions.
//
// Threads: pure functions. Reference: docs/kernels.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/directions.hpp"
#include "base/lanes.hpp"

namespace cms::scalar {

// Element i of a row in lanes of int8 or of int16.
template <typename T>
T element(std::span<const T> lanes, std::size_t width, std::size_t row, std::size_t i) {
  return lanes[lane_offset(row, width) + i / 2 * 2 * kLanes + i % 2];
}

inline std::int32_t product(std::span<const std::int8_t> lanes, std::size_t width, std::size_t a, std::size_t b) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < width; ++i) sum += element(lanes, width, a, i) * element(lanes, width, b, i);
  return sum;
}

inline void products(std::span<const std::int8_t> lanes, std::span<const std::int8_t> query,
                     std::span<std::int32_t> out) {
  std::fill(out.begin(), out.end(), 0);
  for (std::size_t row = 0; row < out.size(); ++row) {
    for (std::size_t i = 0; i < query.size(); ++i) out[row] += query[i] * element(lanes, query.size(), row, i);
  }
}

inline void inverse_lengths(std::span<const std::int8_t> lanes, std::size_t width, std::size_t rows,
                            std::span<double> out) {
  for (std::size_t row = 0; row < rows; ++row) out[row] = inverse_length(product(lanes, width, row, row));
}

inline void chords(std::span<const std::int32_t> products, std::span<const double> inverse_lengths,
                   double inverse_length, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = chord(products[i], inverse_lengths[i], inverse_length);
}

inline void squared_chords(std::span<const std::int32_t> products, std::span<const double> inverse_lengths,
                           double inverse_length, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = squared_chord(products[i], inverse_lengths[i], inverse_length);
}

inline void gaussians(std::span<const float> chords, float scale, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = gaussian(chords[i], scale);
}

// `sums` are the partial sums so far, of a multiple of 16 elements.
inline float weighted_gaussian_sum(std::span<const float> squared_chords, std::span<const float> weights, float scale,
                                   std::span<float, 16> sums) {
  for (std::size_t i = 0; i < weights.size(); ++i) {
    sums[i % 16] += weights[i] * gaussian_of_square(squared_chords[i], scale);
  }
  for (std::size_t width = 8; width > 0; width /= 2) {
    for (std::size_t i = 0; i < width; ++i) sums[i] += sums[i + width];
  }
  return sums[0];
}

inline void all_chords(std::span<const std::int8_t> lanes, std::size_t width, std::size_t rows,
                       std::span<const double> inverse_lengths, std::span<float> out, std::size_t stride) {
  const std::size_t padded = (rows + kLanes - 1) / kLanes * kLanes;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < padded; ++j) {
      const bool zero = i == j || j >= rows;
      out[i * stride + j] =
          zero ? 0.0F : chord(product(lanes, width, i, j), inverse_lengths[i], inverse_lengths[j]);
    }
  }
}

// By columns (base/columns.hpp).
inline void multiply(const float* matrix, std::size_t padded, std::size_t width, const float* vectors,
                     std::size_t count, float* out) {
  std::fill_n(out, count * padded, 0.0F);
  for (std::size_t v = 0; v < count; ++v) {
    for (std::size_t i = 0; i < width; ++i) {
      for (std::size_t r = 0; r < padded; ++r) out[v * padded + r] += matrix[i * padded + r] * vectors[v * width + i];
    }
  }
}

inline std::size_t rows_near_best(const std::int32_t* products, const float* scales, float margin, std::size_t count,
                                  std::uint32_t* out) {
  float best = static_cast<float>(products[0]) * scales[0];
  for (std::size_t i = 1; i < count; ++i) best = std::max(best, static_cast<float>(products[i]) * scales[i]);
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (static_cast<float>(products[i]) * scales[i] >= best - margin) out[found++] = static_cast<std::uint32_t>(i);
  }
  return found;
}

}  // namespace cms::scalar
