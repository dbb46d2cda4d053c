// The traffic of the proofs: batches that are a pure function of their number, so that a tap that dies can send them
// again and whoever checks can make them too.
//
// Threads: pure. Cost: a few random numbers an item.
#pragma once

#include <cstdint>

#include "pipeline/engine.hpp"

namespace cms::service {

struct TrafficOptions {
  std::uint64_t seed = 1;
  std::uint32_t dimension = 1536;
  std::uint32_t accounts = 1000;
  std::uint32_t batch = 64;         // items of a batch
  std::uint32_t vectors = 512;      // different activations; a request is one of them plus a little of another
  double start_time = 1'700'000'000;
};

class Traffic {
 public:
  explicit Traffic(const TrafficOptions& options);

  // Batch number `sequence`, from 1. An account's requests lean on a few of the vectors, so that scores differ.
  [[nodiscard]] pipeline::Batch batch(const std::string& tenant, const std::string& producer,
                                      std::uint64_t sequence) const;
  [[nodiscard]] const TrafficOptions& options() const { return options_; }

 private:
  TrafficOptions options_;
  std::vector<float> vectors_;
};

}  // namespace cms::service
