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

// Numbers, rising, of all rows whose scaled product, float(products[i]) * scales[i], is at least the greatest one less
// `margin`; returns how many. The three spans have one size, a multiple of kLanes; scaled products must not be NaN.
std::size_t rows_near_best(std::span<const std::int32_t> products, std::span<const float> scales, float margin,
                           std::span<std::uint32_t> out);

}  // namespace cms
