// The nearest neighbours of every point of a window, nearest first.
//
// Invariants
//  1. Entries of a point rise by (length, slot): of equally far neighbours the lower slot comes first.
//  2. A point is not its own neighbour; k = min(asked for, count - 1).
// Threads: plain values, memory is reused.
#pragma once

#include <cstdint>
#include <vector>

#include "types/distances.hpp"

namespace cms {

struct Neighbours {
  std::uint32_t count = 0;          // points
  std::uint32_t k = 0;              // neighbours of each
  std::vector<std::uint8_t> slots;  // count x k
  std::vector<float> lengths;       // count x k

  [[nodiscard]] const std::uint8_t* slots_of(std::uint32_t point) const {
    return slots.data() + std::size_t{point} * k;
  }
  [[nodiscard]] const float* lengths_of(std::uint32_t point) const { return lengths.data() + std::size_t{point} * k; }
};

// From the distances alone, one sorted row a point: count <= 256. Cost: count^2 log count; the pipeline reads them off
// the sorted edges instead (homology::nearest) and gets the same.
void nearest(const Distances& distances, std::uint32_t k, Neighbours& out);

}  // namespace cms
