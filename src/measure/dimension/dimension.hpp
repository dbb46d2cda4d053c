// Intrinsic dimension of a window: how many independent directions its points need, seen from distances alone.
//
// Both estimators look at ratios of distances only, so neither depends on the scale of the window.
// Threads: pure functions; a Scratch belongs to one thread at a time. Cost: W k multiplications, W logarithms and one
// sort of W numbers. Page: docs/measures/dimension.md.
// Reference: Levina and Bickel, "Maximum likelihood estimation of intrinsic dimension" (NIPS 2004), section 3, with
// the averaging of inverses of MacKay and Ghahramani (comment on the same, 2005); Facco, d'Errico, Rodriguez and
// Laio, "Estimating the intrinsic dimension of datasets by a minimal neighborhood information" (2017).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "types/distances.hpp"
#include "types/neighbours.hpp"

namespace cms::dimension {

inline constexpr std::uint32_t kNeighbours = 10;

// Dimensions, finite and > 0. Empty: fewer than 3 points, a nearest neighbour at distance 0 (a repeat), or all ratios
// of distances are 1.
struct Estimates {
  std::optional<double> levina_bickel;  // from the `limit` nearest of every point
  std::optional<double> two_nn;         // from the two nearest of every point
};

// Room to work in, and what depends on the number of points alone.
struct Scratch {
  std::vector<double> log_ratios;
  std::vector<double> quantiles;  // -log(1 - i / quantiles.size()) of i = 1, 2, ..; 0 in the last place
};

// From the first min(limit, neighbours.k) neighbours of every point, limit >= 2. Allocates only while the scratch
// grows.
[[nodiscard]] Estimates estimate(const Neighbours& neighbours, Scratch& scratch, std::uint32_t limit = kNeighbours);

// The same from the distances of at most 256 points; those at distance 0 from an earlier slot are repeats and count
// once. `limit` is brought into [2, distinct points - 1].
[[nodiscard]] Estimates estimate(const Distances& distances, std::uint32_t limit = kNeighbours);

}  // namespace cms::dimension
