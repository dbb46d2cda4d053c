// Intrinsic dimension of a window: how many independent directions its points need, seen from distances alone.
//
// Points at distance 0 from an earlier slot are repeats and count once. Both estimators look at ratios of
// distances only, so neither depends on the scale of the window.
// Threads: pure function. Cost: O(W^2) plus W k logarithms.
// Reference: Levina and Bickel, "Maximum likelihood estimation of intrinsic dimension" (NIPS 2004), section 3, with
// the averaging of inverses of MacKay and Ghahramani (comment on the same, 2005); Facco, d'Errico, Rodriguez and
// Laio, "Estimating the intrinsic dimension of datasets by a minimal neighborhood information" (2017).
#pragma once

#include <cstdint>
#include <optional>

#include "types/distances.hpp"

namespace cms::dimension {

inline constexpr std::uint32_t kNeighbours = 10;

// Dimensions, finite and > 0. Empty: fewer than 3 distinct points, or all ratios of distances are 1.
struct Estimates {
  std::optional<double> levina_bickel;  // from the `neighbours` nearest of every point
  std::optional<double> two_nn;         // from the two nearest of every point
};

// `neighbours` is brought into [2, distinct points - 1].
[[nodiscard]] Estimates estimate(const Distances& distances, std::uint32_t neighbours = kNeighbours);

}  // namespace cms::dimension
