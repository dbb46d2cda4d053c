// Inner products with a fixed order of summation, so that results do not depend on batch, threads or instruction set.
//
// The float kernel keeps eight partial sums (element k goes to sum k mod 8) and adds them pairwise at the end: the
// compiler may put them into one wide register, but may not reorder them. The integer kernel is exact in any order.
#pragma once

#include <cstdint>
#include <span>

namespace cms {

// Inner product of two equally long float vectors. Error: at most n/8 + 3 roundings. Cost: n multiply-adds.
float dot(std::span<const float> a, std::span<const float> b);

// Exact inner product of two equally long int8 vectors of at most 65,536 elements.
std::int32_t dot(std::span<const std::int8_t> a, std::span<const std::int8_t> b);

}  // namespace cms
