#include "tap/half.hpp"

#include <bit>

namespace cms::tap {
namespace {

constexpr std::uint32_t kFloatInfinity = 0x7F800000;
constexpr std::uint32_t kHalfOverflow = 0x477FF000;   // 65520, halfway between the greatest half and 2^16
constexpr std::uint32_t kHalfNormalMin = 0x38800000;  // 2^-14
constexpr std::uint32_t kExponentShift = 112U << 23;  // bias 127 against bias 15

// Drops the low `shift` bits of `value`, rounding to nearest, ties to even.
std::uint32_t round_off(std::uint32_t value, std::uint32_t shift) {
  const std::uint32_t kept = value >> shift;
  const std::uint32_t rest = value & ((1U << shift) - 1);
  const std::uint32_t half = 1U << (shift - 1);
  return kept + ((rest > half || (rest == half && (kept & 1U) != 0)) ? 1U : 0U);
}

}  // namespace

std::uint16_t to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  std::uint32_t half = 0;
  if (magnitude > kFloatInfinity) {
    half = 0x7E00U;
  } else if (magnitude >= kHalfOverflow) {
    half = 0x7C00U;
  } else if (magnitude >= kHalfNormalMin) {
    half = round_off(magnitude - kExponentShift, 13);
  } else {
    const std::uint32_t exponent = magnitude >> 23;
    // Below 2^-25 everything rounds to zero; from there on the significand counts multiples of 2^-24.
    if (exponent >= 102) half = round_off((magnitude & 0x7FFFFFU) | 0x800000U, 126 - exponent);
  }
  return static_cast<std::uint16_t>(sign | half);
}

float from_half(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1FU;
  const std::uint32_t significand = bits & 0x3FFU;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | kFloatInfinity | (significand << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent << 23) + kExponentShift) | (significand << 13));
  const float magnitude = static_cast<float>(significand) * 0x1p-24F;
  return sign != 0 ? -magnitude : magnitude;
}

float from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

}  // namespace cms::tap
