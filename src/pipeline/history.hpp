// The life of an account's PoH in a few points: kept small by halving, so that it always spans the whole life.
//
// Points lie `stride` requests apart; when kHistoryPoints are there, every second goes and the stride doubles. A pure
// function of the scores taken in. Threads: plain values. Cost: 16 bytes a point, of all of them from the first.
#pragma once

#include <boost/container/static_vector.hpp>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "types/score.hpp"

namespace cms::pipeline {

inline constexpr std::size_t kHistoryPoints = 32;

struct HistoryPoint {
  double time = 0;             // seconds
  std::uint32_t requests = 0;  // saturates
  float poh = 1;

  bool operator==(const HistoryPoint&) const = default;
};

struct History {
  std::uint32_t stride = 1;
  boost::container::static_vector<HistoryPoint, kHistoryPoints> points;  // in place: one block less an account

  bool operator==(const History&) const = default;
};

// Takes in the score after a request; what is not computed, or falls between strides, is left out.
void take(History& history, const Score& score, double time);

void encode(const History& history, ByteWriter& out);
// Errors: `bad_input` when the bytes end early or hold what take() never writes.
Result<History> decode_history(ByteReader& in);

}  // namespace cms::pipeline
