// A window's edges in the total order that every rule of homology.hpp speaks of: by length, ties by slots.
//
// An edge (i, j), i < j, is one integer, bits(length) << 16 | i << 8 | j. Lengths are >= 0, so the bits of the float
// rise with it, and comparing two edges is comparing two integers. Ties (repeats, grids) make the float "<" disagree
// with the order in which edges are walked; only this order is used. Threads: none. Cost: linear (radix sort).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "types/distances.hpp"

namespace cms::homology {

inline constexpr std::uint32_t kPointsMax = 256;

using Edge = std::uint64_t;

inline Edge make_edge(float length, std::uint32_t i, std::uint32_t j) {
  // Adding +0 turns -0, whose bits would sort last, into +0.
  const Edge bits = std::bit_cast<std::uint32_t>(length + 0.0F);
  return bits << 16 | std::min(i, j) << 8 | std::max(i, j);
}
inline float length(Edge edge) { return std::bit_cast<float>(static_cast<std::uint32_t>(edge >> 16)); }
inline std::uint32_t first(Edge edge) { return edge >> 8 & 0xff; }
inline std::uint32_t second(Edge edge) { return edge & 0xff; }

// Fills `edges` with those of length <= `length_max`, in order. `spare` is working memory.
void sort_edges(const Distances& distances, float length_max, std::vector<Edge>& edges, std::vector<Edge>& spare);

}  // namespace cms::homology
