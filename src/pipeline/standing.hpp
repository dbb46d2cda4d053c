// What is known of an account, for those who decide about it.
//
// Threads: plain values, pure functions. Cost: a rank of evidence, below a microsecond; head_of() counts charts.
#pragma once

#include <cstdint>
#include <optional>

#include "pipeline/record.hpp"
#include "policy/price.hpp"

namespace cms::pipeline {

// All that a standing is made of: 160 bytes beside the account's thousands, so that look-ups may read a copy.
struct Head {
  score::State score;
  double time = 0;            // seconds, of its last request
  std::uint64_t requests = 0;
  std::uint64_t distinct = 0;  // without repeats
  std::uint64_t records = 0;
  std::uint32_t charts = 0;   // ever visited
};
Head head_of(const Account& account);

struct Standing {
  Score score;             // at the time it was asked for
  double time = 0;         // seconds, of its last request
  std::uint64_t records = 0;
  std::optional<double> price;  // of the next request, if it opens a new chart
};

// How an account stands at `time`, seconds; `prices` is the tariff() of the model.
Standing standing_of(const Model& model, const policy::Tariff& prices, const Head& head, double time);

}  // namespace cms::pipeline
