// IEEE 754 binary16 as bits, the same on every machine: sets are stored in it at half the size.
//
// Rounds to nearest, ties to even; subnormals, infinities and NaN are kept. Threads: pure. Cost: a few integer
// operations a number. Reference: IEEE 754-2019, section 3.4.
#pragma once

#include <cstdint>

namespace cms::tap {

// The nearest half; magnitudes from 65520 up become infinity.
std::uint16_t to_half(float value);

// Exact.
float from_half(std::uint16_t bits);

// bfloat16, exact: the upper half of a float's bits. Only read (safetensors).
float from_bfloat16(std::uint16_t bits);

}  // namespace cms::tap
