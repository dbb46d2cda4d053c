#include "measure/repetition/repetition.hpp"

#include <algorithm>

#include "types/fixed_point.hpp"

namespace cms::repetition {
namespace {

constexpr int kBits = 22;
constexpr double kUnits = units_per_one(kBits);

std::int64_t capped(std::uint16_t multiplicity) { return std::min(multiplicity, kMultiplicityMax); }

// Sum of m_j q_j in units. At most 256 * 4095 * 2^22 < 2^42. Both factors have 32 bits: one instruction multiplies
// them to 64.
std::int64_t weighted(std::span<const float> row, std::span<const std::uint16_t> multiplicities) {
  std::int64_t total = 0;
  for (std::size_t j = 0; j < row.size(); ++j) {
    const double cosine = 1 - double{row[j]} * row[j] / 2;
    const auto q = static_cast<std::uint32_t>(round_even(cosine * cosine * kUnits));
    const std::uint32_t m = std::min(multiplicities[j], kMultiplicityMax);
    total += static_cast<std::int64_t>(std::uint64_t{m} * q);
  }
  return total;
}

std::int64_t share(std::span<const float> row, std::uint32_t slot, std::span<const std::uint16_t> multiplicities) {
  // The slot's own q is 1 and was weighted too: it counts once, the others twice.
  const std::int64_t own = capped(multiplicities[slot]);
  return own * (2 * weighted(row, multiplicities) - (own << kBits));
}

}  // namespace

std::optional<double> near_duplicates(std::uint32_t near, std::uint32_t requests) {
  if (requests == 0) return std::nullopt;
  return static_cast<double>(near) / requests;
}

void add(State& state, std::span<const float> row, std::uint32_t slot, std::span<const std::uint16_t> multiplicities) {
  state.squares += share(row, slot, multiplicities);
}

void remove(State& state, std::span<const float> row, std::uint32_t slot,
            std::span<const std::uint16_t> multiplicities) {
  state.squares -= share(row, slot, multiplicities);
}

State sum(const Distances& distances, std::span<const std::uint16_t> multiplicities) {
  State state;
  for (std::uint32_t i = 0; i < distances.count; ++i) {
    add(state, {distances.row(i), i + 1}, i, multiplicities.first(i + 1));
  }
  return state;
}

std::optional<double> effective_rank(const State& state, std::span<const std::uint16_t> multiplicities) {
  std::int64_t trace = 0;
  for (const auto multiplicity : multiplicities) trace += capped(multiplicity);
  if (trace < 2 || state.squares <= 0) return std::nullopt;
  return static_cast<double>(trace * trace) * kUnits / static_cast<double>(state.squares);
}

}  // namespace cms::repetition
