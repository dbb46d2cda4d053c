// What an account is told to be like: Proof-of-Humanity with its reasons, and what to do about it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "types/reading.hpp"

namespace cms {

// The ladder of the policy, mildest first. On disk and in JSON by name.
enum class Action : std::uint8_t { allow, observe, price, limit, review };
std::string_view name(Action action);

// PoH at or below this is *flagged*, the one threshold everywhere.
inline constexpr double kFlagged = 0.01;

// Proof-of-Humanity of one account after one request. Plain numbers: making, copying and comparing one allocates
// nothing.
struct Score {
  bool computed = false;
  std::uint64_t requests = 0;         // of the account, repeats included
  std::uint32_t requests_needed = 0;  // when not computed: for the first evaluation
  double poh = 1;              // [0, 1]; 1 = moves as people do
  double poh_min = 1;          // lowest so far
  std::uint64_t requests_at_min = 0;
  bool extrapolated = false;                    // below what the ranking accounts can resolve
  std::array<double, kChannelCount> reasons{};  // share of the evidence of each channel, sums to 1 (or all 0)
  double evidence = 0;                          // E_t scaled for age, after the leak of idle time
  double coverage = 0;                          // charts ever visited / K
  double confidence = 0;                        // min(1, requests / H)
  double completeness = 0;                      // share of planned measures really made

  bool operator==(const Score&) const = default;
};

// Why a score was not computed, in words; empty when it was. Scores themselves hold no text: they are made for every
// request, and text costs memory.
std::string why(const Score& score);

}  // namespace cms
