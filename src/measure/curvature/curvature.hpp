// Ricci curvature of the neighbour graph of a window: tightly knit where an account stays, stretched where it
// sweeps.
//
// The graph joins two points when either is among the other's 8 nearest; equal distances go to the lower slot.
// Points at distance 0 from an earlier slot are repeats and count once. Sums are of integers, so their order does
// not matter.
// Threads: pure function. Cost: O(W^2) and O(W) bitset rows of W bits.
// Reference: Samal, Sreejith, Gu, Liu, Saucan and Jost, "Comparative analysis of two discretizations of Ricci
// curvature for complex networks" (2018), augmented Forman-Ricci curvature of unweighted graphs.
#pragma once

#include <cstdint>
#include <optional>

#include "types/distances.hpp"

namespace cms::curvature {

inline constexpr std::uint32_t kNeighbours = 8;

// Mean over the edges (u, v) of 4 - deg(u) - deg(v) + 3 * (triangles that contain the edge). With at most
// neighbours + 1 distinct points the graph is complete and the mean is their number. `neighbours` must be > 0.
// Empty: fewer than 2 distinct points.
[[nodiscard]] std::optional<double> forman_ricci(const Distances& distances,
                                                 std::uint32_t neighbours = kNeighbours);

}  // namespace cms::curvature
