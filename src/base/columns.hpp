// A float matrix by columns, so that one vector meets 16 outputs at once and no sum runs across a register.
//
// Layout: column d holds the d-th factor of every output, rows rounded up to a multiple of kLanes, surplus ones 0.
// Each output is the plain sum x[0] m[0][r] + x[1] m[1][r] + ... in rising order, starting from 0, multiply and add
// rounded apart: the same bits for any vector length and any number of vectors at once.
// Threads: plain data, pure functions. Reference: docs/kernels.md.
#pragma once

#include <cstddef>
#include <span>

#include "base/aligned.hpp"

namespace cms {

struct Columns {
  std::size_t rows = 0;    // outputs
  std::size_t padded = 0;  // rounded up to a multiple of kLanes
  std::size_t width = 0;   // inputs
  AlignedVector<float> values;  // width x padded
};

// From a row-major matrix of rows x width; width > 0.
Columns make_columns(std::span<const float> matrix, std::size_t width);

// Products with vectors.size() / width vectors, one after the other; `out` gets `padded` floats for each. Error:
// `width` roundings of the sum of magnitudes. Cost: rows x width multiply-adds a vector; several vectors read the
// matrix once. Nothing is allocated.
void multiply(const Columns& matrix, std::span<const float> vectors, std::span<float> out);

}  // namespace cms
