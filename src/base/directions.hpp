// Directions rounded to int8: the form in which points are kept, so that every distance starts from exact integers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace cms {

// Rounds a vector to int8 with one scale, so that its largest magnitude becomes 127; the zero vector stays zero.
// Round-half-even, so equal on every machine. Angular error: below 0.5 degrees at 64 dimensions.
std::vector<std::int8_t> round_direction(std::span<const float> vector);

// Chord distance sqrt(2 - 2 cos) in [0, 2] of two directions from their exact inner product and squared norms: 0 for
// equal directions; a zero vector counts as orthogonal to all but another zero vector.
float chord(std::int32_t product, std::int32_t norm_a, std::int32_t norm_b);

}  // namespace cms
