// Repetition: how much of a window says the same again.
//
// The only measure that sees exact repeats: everywhere else a point counts once however often it was sent.
// Threads: pure functions. Cost: effective_rank() one pass over the n (n - 1) / 2 distances, no eigenvalues.
// Page: docs/measures/repetition.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "types/distances.hpp"

namespace cms::repetition {

// Share of non-zero flags (a request that nearly repeats one before it), in [0, 1]. nullopt without flags.
std::optional<double> near_duplicates(std::span<const std::uint8_t> flags);

// Effective rank of order 2 (participation ratio) of the Gram matrix of the window's requests, in [1, requests]:
// (tr G)^2 / |G|_F^2, where point i stands multiplicities[i] times in G. 1 = one direction only, n = n orthogonal
// ones, up to rounding. nullopt for fewer than 2 requests in all or when the lengths differ.
std::optional<double> effective_rank(const Distances& distances, std::span<const std::uint32_t> multiplicities);

}  // namespace cms::repetition
