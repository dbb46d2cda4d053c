// Sums of real numbers as whole multiples of a small unit (types/fixed_point.hpp): exact integers, so any order,
// instruction set and batch gives the same.
//
// Threads: pure function. Cost: a few instructions for eight values. Reference: docs/kernels.md.
#pragma once

#include <cstdint>
#include <span>

namespace cms {

// Sum of the values, each times `units` and rounded to the nearest whole number, halves to even. Requires
// |value * units| <= 2^51 for every value, and a sum below 2^63.
std::int64_t sum_of_units(std::span<const float> values, double units);

}  // namespace cms
