// Constants of the exponential that the scalar and the vector form of gaussian() share.
//
// exp(x) = 2^n exp(r), n = x / ln 2 rounded, r = x - n ln 2 in [-.347, .347], exp(r) by Taylor's polynomial of degree 6
// (truncation below 1.3e-7). ln 2 comes in two parts, of which the high one times n is exact (Cody and Waite 1980).
// Valid for x in [-69, 0]: no result is denormal. Threads: constants.
#pragma once

#include <cstdint>

namespace cms {

struct Exponential {
  float log2_e = 1.44269504F;
  float round = 12582912.0F;  // 1.5 * 2^23: adding it leaves the nearest whole number in the low bits
  float ln2_high = 0.693359375F;
  float ln2_low = -2.12194440e-4F;
  float terms[7] = {1.0F / 720, 1.0F / 120, 1.0F / 24, 1.0F / 6, 0.5F, 1.0F, 1.0F};
  std::int32_t exponent = 127 - 0x4B400000;  // from the bits of round + n to the exponent of 2^n
  float least = -69.0F;                      // below, the kernel is 0
};
inline constexpr Exponential kExp;

}  // namespace cms
