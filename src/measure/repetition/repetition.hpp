// Repetition: how much of a window says the same again.
//
// The only measure that sees exact repeats: everywhere else a point counts once however often it was sent.
// The state is an exact sum of integers: a slot taken out and put in again leaves it as it was, bit for bit, and after
// any number of changes it equals the sum over the whole matrix.
// Threads: pure functions. Cost: add(), remove() one pass over a row; sum() one over the n (n - 1) / 2 distances; no
// eigenvalues. Page: docs/measures/repetition.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "types/distances.hpp"

namespace cms::repetition {

// Share of requests that nearly repeat one before them, in [0, 1] where near <= requests. nullopt without requests.
std::optional<double> near_duplicates(std::uint32_t near, std::uint32_t requests);

// Multiplicities above it count as it, everywhere here, so that 256 points never overflow the state. Whoever counts
// repeats may stop there.
inline constexpr std::uint16_t kMultiplicityMax = 4095;

// Squared Frobenius norm of the Gram matrix of all requests,
//   sum_i m_i^2 + 2 sum_{i < j} m_i m_j q_ij,   q = cos^2 = (1 - d^2 / 2)^2 rounded half to even to units of 2^-22.
// It cannot overflow: q <= 1, so the sum is at most (sum of m)^2 <= (256 * 4095)^2 < 2^40, in units below 2^62; and the
// parts that are added and taken out are none of them greater.
struct State {
  std::int64_t squares = 0;

  bool operator==(const State&) const = default;
};

// Puts in, takes out all that one slot shares with itself and the others. `row` holds the chord distances of the slot's
// point to all slots in use, its own entry 0; `multiplicities`, as long, those of all slots as they stand, the slot's
// own included (0 = a point that is not there). A replacement is remove(before) and add(after), a repeat is remove,
// count, add with the same row.
void add(State& state, std::span<const float> row, std::uint32_t slot, std::span<const std::uint16_t> multiplicities);
void remove(State& state, std::span<const float> row, std::uint32_t slot,
            std::span<const std::uint16_t> multiplicities);

// The same from scratch; multiplicities.size() = distances.count <= 256.
State sum(const Distances& distances, std::span<const std::uint16_t> multiplicities);

// Effective rank of order 2 (participation ratio) of that Gram matrix, in [1, requests]: (tr G)^2 / |G|_F^2. 1 = one
// direction only, n = n orthogonal ones, up to rounding: relative error below rank * 2^-23 at worst. nullopt for fewer
// than 2 requests in all.
std::optional<double> effective_rank(const State& state, std::span<const std::uint16_t> multiplicities);

}  // namespace cms::repetition
