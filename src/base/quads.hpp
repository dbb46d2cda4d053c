// int8 rows that never change, in blocks of 16 lanes with four adjacent elements: the form that processors multiply
// fastest. For rows that come and go see base/lanes.hpp.
//
// Layout: block b holds rows 16 b .. 16 b + 15; inside it, elements 4 q .. 4 q + 3 of all 16 rows lie together:
//   bytes[((b * quads + q) * 16 + row % 16) * 4 + element % 4],   quads = ceil(width / 4), q = element / 4.
// Surplus rows and elements are 0. Products are exact integers: any order, instruction set and batch gives the same.
// Threads: plain data, pure functions. Reference: docs/kernels.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/aligned.hpp"

namespace cms {

struct Quads {
  std::size_t rows = 0;
  std::size_t padded = 0;  // rounded up to a multiple of kLanes
  std::size_t width = 0;
  AlignedVector<std::int8_t> bytes;
  AlignedVector<std::int32_t> offsets;  // padded: -128 x sum of the row, for instructions that take one factor unsigned
};

// From rows.size() / width rows, row-major; width in 1..kWidthMax (base/lanes.hpp).
Quads make_quads(std::span<const std::int8_t> rows, std::size_t width);

// Exact inner products of queries.size() / width queries, one after the other, with every row; `out` gets `padded`
// values for each, 0 for surplus rows. Cost: rows x width multiply-adds a query; several queries read the rows once.
// Nothing is allocated.
void products(const Quads& rows, std::span<const std::int8_t> queries, std::span<std::int32_t> out);

// What the kernels of rows need beside the rows: `padded` entries each, 0 for surplus rows.
struct KernelRows {
  std::span<const double> inverse_lengths;  // base/directions.hpp
  std::span<const float> weights;
};

// For each of out.size() queries, one after the other in `queries`, given their inverse lengths: its squared chords to
// every row (`padded` values into `squares`; surplus rows have 2), and the weighted sum of their Gaussian kernels. The
// same bits as products(), squared_chords() and weighted_gaussian_sum() one after the other, in one pass over the rows.
// Cost: rows x width multiply-adds and one kernel a row for each query. Nothing is allocated.
void weighted_kernels(const Quads& rows, const KernelRows& meant, std::span<const std::int8_t> queries,
                      std::span<const double> inverse_lengths, float scale, std::span<float> squares,
                      std::span<float> out);

// Numbers, rising, of all rows whose scaled product, float(products[i]) * scales[i], is at least the greatest one less
// `margin`; returns how many. The three spans have one size, a multiple of kLanes; scaled products must not be NaN.
std::size_t rows_near_best(std::span<const std::int32_t> products, std::span<const float> scales, float margin,
                           std::span<std::uint32_t> out);

}  // namespace cms
