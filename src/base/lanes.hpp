// int8 vectors in blocks of 16 lanes, so that one query meets 16 rows at once without a sum across a register.
//
// Layout: block b holds rows 16 b .. 16 b + 15; inside it, element pair p of all 16 rows lies together:
//   bytes[((b * pairs + p) * 16 + row % 16) * 2 + element % 2],   pairs = ceil(width / 2), p = element / 2.
// Rows that fill up the last block, and the odd element, are 0. Products are exact integers: any order of summation,
// any instruction set and any batch gives the same numbers.
// Threads: pure functions. Memory: lane_bytes(). Reference: docs/kernels.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace cms {

inline constexpr std::size_t kLanes = 16;
inline constexpr std::size_t kWidthMax = 4096;  // elements of a query

// Bytes of `rows` rows of `width` elements.
constexpr std::size_t lane_bytes(std::size_t rows, std::size_t width) {
  return (rows + kLanes - 1) / kLanes * kLanes * ((width + 1) / 2 * 2);
}

// Where the first element pair of a row lies; the next pair is 2 kLanes bytes further on.
constexpr std::size_t lane_offset(std::size_t row, std::size_t width) {
  return (row / kLanes * ((width + 1) / 2) * kLanes + row % kLanes) * 2;
}

// Writes, reads one row; `values` has `width` elements.
void put_row(std::span<std::int8_t> lanes, std::size_t row, std::span<const std::int8_t> values);
void get_row(std::span<const std::int8_t> lanes, std::size_t row, std::span<std::int8_t> values);

// Exact inner products of `query` with every row of every block; out has kLanes entries a block, the surplus ones are
// 0. Requires query.size() <= kWidthMax. Cost: rows x width multiply-adds. Nothing is allocated.
void products(std::span<const std::int8_t> lanes, std::span<const std::int8_t> query, std::span<std::int32_t> out);

// The same for many queries, one after the other in `queries` (count x width) and `out` (count x blocks x kLanes): the
// lanes are read once for several of them.
void products(std::span<const std::int8_t> lanes, std::size_t width, std::span<const std::int8_t> queries,
              std::span<std::int32_t> out);

// inverse_length() (base/directions.hpp) of each of `rows` rows; out has `rows` entries. Requires width <= 65,536.
void inverse_lengths(std::span<const std::int8_t> lanes, std::size_t width, std::size_t rows, std::span<double> out);

}  // namespace cms
