// For tests, fuzzers and benchmarks: a model with chosen sizes that nobody fitted. Its scores mean nothing, and come
// from every measure: knots lie where readings do, so that they are neither all 0 nor all at their bounds.
//
// Threads: pure functions. Cost: that of its sizes.
#pragma once

#include "atlas/atlas_example.hpp"
#include "pipeline/model.hpp"

namespace cms::pipeline {

inline score::Calibration example_calibration(std::uint32_t horizon, std::uint32_t stride, std::uint64_t seed) {
  Random random(seed);
  score::Calibration calibration;
  calibration.options.stride = stride;
  calibration.horizon = horizon;
  calibration.tables.resize(score::age_bin(horizon) + 1);
  for (auto& tables : calibration.tables) {
    for (auto& table : tables) {
      const double middle = random.uniform();
      for (std::size_t k = 0; k < score::kKnots; ++k) table.knots[k] = static_cast<float>(middle + 0.05 * double(k));
      table.scale = 0.5F;
    }
  }
  calibration.channel_scales.fill(1);
  auto& greatest = calibration.rankings[""].greatest;
  for (std::uint32_t i = 0; i < score::kRankingMin; ++i) greatest.push_back(10.0 * i);
  calibration.rankings[""].tail_scale = 50;
  return calibration;
}

inline Model example_model(const atlas::ExampleSizes& sizes, std::uint32_t length, std::uint32_t horizon,
                           std::uint32_t stride = 1) {
  Model model;
  model.name = "0123456789ab";
  model.atlas = atlas::example_atlas(sizes, 1);
  model.calibration = example_calibration(horizon, stride, 2);
  model.window_length = length;
  return model;
}

}  // namespace cms::pipeline
