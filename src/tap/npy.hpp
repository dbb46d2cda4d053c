// NumPy's .npy files with one matrix: float32 or float16, little-endian, C order.
//
// The header is checked against the bytes that follow before anything is allocated. Threads: pure. Cost: one pass.
// Reference: NEP 1, "A Simple File Format for NumPy Arrays", versions 1.0 and 2.0.
#pragma once

#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "tap/matrix.hpp"

namespace cms::tap {

// The matrix of a whole file; may have zero rows or columns. Errors: `bad_input`: not npy, truncated, bytes left
// over, another dtype, Fortran order, not two dimensions, a size that overflows. The message does not name the file.
Result<Matrix> parse_npy(std::span<const std::uint8_t> content);

// The file of `values` (rows * columns floats, row-major) in version 1.0. float16 rounds to nearest even; what is
// out of its range becomes infinity.
Bytes format_npy(std::span<const float> values, std::uint64_t columns, Dtype dtype);

}  // namespace cms::tap
