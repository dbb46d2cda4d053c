// Real numbers as whole multiples of a small unit. Whole numbers add without rounding, so a sum of them is the same in
// any order, and taking away what was once added leaves nothing behind (docs/decisions/0016-sums-are-integers.md).
//
// Threads: pure functions. Cost: two additions; loops over it become vector instructions.
#pragma once

#include <bit>
#include <cstdint>

namespace cms {

// The nearest whole number, halves to even; |value| <= 2^51. Near 1.5 * 2^52 a double's last bit is worth 1, so the
// addition itself rounds; without a rounding instruction in the baseline, std::nearbyint would be a call.
inline std::int64_t round_even(double value) {
  constexpr double kWhole = 0x1.8p52;
  return std::bit_cast<std::int64_t>(value + kWhole) - std::bit_cast<std::int64_t>(kWhole);
}

// 2^bits, the number of units of 2^-bits in 1; 0 <= bits <= 62. Products with it are exact.
constexpr double units_per_one(int bits) { return static_cast<double>(std::int64_t{1} << bits); }

}  // namespace cms
