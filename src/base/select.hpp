// The k-th smallest of many numbers without sorting them.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <span>

namespace cms {

// The k-th smallest value, k in 1..values.size(), equal ones counted apart; no NaN. For k above 16 `values` are
// reordered, otherwise they stay. Cost: one pass of comparisons, sixteen at a time, and about k ln(n / k) insertions
// on values in random order. Nothing is allocated.
float kth_smallest(std::span<float> values, std::size_t k);

}  // namespace cms
