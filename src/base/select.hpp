// The k-th smallest of many numbers without sorting them.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <span>

namespace cms {

// The k-th smallest value, k in 1..values.size(), equal ones counted apart; no NaN. For k above 16 `values`
// are reordered, otherwise they stay. Cost: two passes of comparisons, sixteen at a time: the least value of each of
// 16 lanes bounds the answer, and what lies below the bound is sorted in. Nothing is allocated.
float kth_smallest(std::span<float> values, std::size_t k);

}  // namespace cms
