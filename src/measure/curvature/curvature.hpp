// Ricci curvature of the neighbour graph of a window: tightly knit where an account stays, stretched where it
// sweeps.
//
// The graph joins two points when either is among the other's 8 nearest; equal distances go to the lower slot.
// Sums are of integers, so their order does not matter.
// Threads: pure functions; a Scratch belongs to one thread at a time. Cost: 8 W joins and one bit count for each edge
// and 64 points. Page: docs/measures/curvature.md.
// Reference: Samal, Sreejith, Gu, Liu, Saucan and Jost, "Comparative analysis of two discretizations of Ricci
// curvature for complex networks" (2018), augmented Forman-Ricci curvature of unweighted graphs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "types/distances.hpp"
#include "types/neighbours.hpp"

namespace cms::curvature {

inline constexpr std::uint32_t kNeighbours = 8;

// Room to work in; holds nothing that a result depends on. At most 8 kB of rows and 4 bytes for each edge.
struct Scratch {
  std::vector<std::uint64_t> rows;     // one bit a vertex, (count + 63) / 64 words a row
  std::vector<std::uint32_t> degrees;  // one a vertex
  std::vector<std::uint8_t> edges;     // two vertices an edge
};

// Mean over the edges (u, v) of 4 - deg(u) - deg(v) + 3 * (triangles that contain the edge), over the graph of the
// first min(limit, neighbours.k) neighbours of every point. With at most limit + 1 points the graph is complete and
// the mean is their number. Empty: no edges. Allocates only while the scratch grows.
[[nodiscard]] std::optional<double> forman_ricci(const Neighbours& neighbours, Scratch& scratch,
                                                 std::uint32_t limit = kNeighbours);

// The same from the distances of at most 256 points; those at distance 0 from an earlier slot are repeats and count
// once. limit > 0. Empty: fewer than 2 distinct points.
[[nodiscard]] std::optional<double> forman_ricci(const Distances& distances, std::uint32_t limit = kNeighbours);

}  // namespace cms::curvature
