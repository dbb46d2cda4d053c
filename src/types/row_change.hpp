// What one distinct request did to the distances of a window: one slot's row before and after.
//
// Everything that sums over pairs of points is updated from the two rows alone. Threads: a view; nothing is owned.
#pragma once

#include <cstdint>
#include <span>

namespace cms {

struct RowChange {
  std::uint32_t slot = 0;
  std::uint32_t count = 0;        // points in the window after the change
  std::span<const float> before;  // chord distances of the point that left to slots 0..count-1, its own entry 0; empty
                                  // when the slot was free (then slot = count - 1)
  std::span<const float> after;   // of the point that came, count entries, its own 0
};

}  // namespace cms
