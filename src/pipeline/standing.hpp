// What is known of an account, for those who decide about it.
//
// Threads: plain values, a pure function. Cost: score_at() and a copy of reading and history.
#pragma once

#include <cstdint>
#include <optional>

#include "pipeline/record.hpp"
#include "policy/price.hpp"

namespace cms::pipeline {

struct Standing {
  Score score;             // at the time it was asked for
  double time = 0;         // seconds, of its last request
  std::uint64_t records = 0;
  std::optional<double> price;  // of the next request, if it opens a new chart
  Reading reading;
  History history;
};

// How an account stands at `time`, seconds; `prices` is the tariff() of the model.
Standing standing_of(const Model& model, const policy::Tariff& prices, const Account& account, double time);

}  // namespace cms::pipeline
