// For tests, fuzzers and benchmarks: models that are quick to make, and streams of requests that are hard on every
// shortcut.
//
// The atlases are noise that nobody fitted. What they say of an account means nothing, but comes from every measure: it
// is there to be compared, bit for bit. Threads: pure functions. Cost: that of their sizes.
#pragma once

#include <fmt/format.h>

#include <vector>

#include "atlas/atlas_example.hpp"
#include "base/random.hpp"
#include "pipeline/fit.hpp"
#include "pipeline/model.hpp"

namespace cms::pipeline {

// Raw vectors of one account, one after the other.
struct Stream {
  std::size_t dimension = 0;
  std::vector<float> values;

  [[nodiscard]] std::size_t size() const { return values.size() / dimension; }
  [[nodiscard]] std::span<const float> row(std::size_t i) const { return {values.data() + i * dimension, dimension}; }
};

// Where the rows of a stream come from: `fresh` appends one.
template <typename Fresh>
Stream hostile_stream(Random& random, std::size_t requests, std::size_t dimension, std::span<const float> mean,
                      const Fresh& fresh) {
  Stream stream{dimension, {}};
  for (std::size_t i = 0; i < requests; ++i) {
    const auto kind = i == 0 ? 20 : random.below(40);
    // One that was sent before: lately, or at any time.
    const std::size_t reach = random.below(2) == 0 ? std::min<std::size_t>(i, 12) : i;
    const std::size_t before = reach == 0 ? 0 : i - 1 - random.below(reach);
    std::vector<float> row(dimension);
    if (kind < 8) {
      std::ranges::copy(stream.row(before), row.begin());
    } else if (kind < 12) {
      for (std::size_t j = 0; j < dimension; ++j) {
        row[j] = stream.row(before)[j] * (1 + 0.01F * static_cast<float>(random.normal()));
      }
    } else if (kind == 12) {
      std::ranges::copy(mean, row.begin());  // the point without a direction
    } else if (kind == 14) {
      for (std::size_t j = 0; j < dimension; ++j) row[j] = 1e18F * stream.row(before)[j];
    } else if (kind != 13) {  // 13: the zero vector, whose sketch has no direction
      fresh(row);
    }
    stream.values.insert(stream.values.end(), row.begin(), row.end());
  }
  return stream;
}

// Requests near a few of many topics under an example_model().
inline Stream example_stream(const Model& model, std::uint64_t seed, std::size_t requests) {
  Random random(seed);
  const std::size_t topics = 3 + random.below(20);
  const std::size_t dimension = model.atlas.manifest.dimension;
  const auto centres = atlas::normal_values(random, topics * dimension);
  return hostile_stream(random, requests, dimension, model.atlas.mean, [&](std::span<float> row) {
    const std::size_t topic = random.below(topics);
    for (std::size_t j = 0; j < row.size(); ++j) {
      row[j] = model.atlas.mean[j] + centres[topic * dimension + j] + 0.5F * static_cast<float>(random.normal());
    }
  });
}

// The same model over other windows, horizons and grids.
inline Model with(Model model, std::uint32_t window_length, std::uint32_t horizon, std::uint32_t stride) {
  model.window_length = window_length;
  model.calibration.horizon = horizon;
  model.calibration.options.stride = stride;
  return model;
}

// Odd sizes, calibrated on a few made-up accounts; W = 32, H = 40, stride 1.
inline Model example_model(std::uint32_t charts = 45) {
  Model model;
  model.name = "example";
  model.atlas = atlas::example_atlas(
      {.dimension = 37, .rank = 19, .sketch_dimension = 9, .charts = charts, .reference = 150}, 1);
  Random random(2);
  for (auto& chart : model.atlas.charts) {
    chart.log_density = static_cast<float>(random.normal()) - 4;
    if (random.below(3) > 0) chart.scalar_curvature = static_cast<float>(random.normal());
  }
  model.window_length = 32;
  model.calibration.horizon = 40;
  const auto window = window_options(model);
  std::vector<score::Trajectory> trajectories;
  Scratch scratch;
  for (std::size_t account = 0; account < 90; ++account) {
    const auto stream = example_stream(model, 100 + account, 60);
    std::vector<Projected> projected(stream.size());
    std::vector<const Projected*> requests;
    atlas::project(model.atlas, stream.values, scratch.project, projected);
    for (const auto& one : projected) requests.push_back(&one);
    trajectories.push_back(trajectory(model.atlas, window, {.stride = 4}, requests, scratch));
    trajectories.back().account = fmt::format("a{}", account);
  }
  model.calibration = *score::calibrate(trajectories, 40, {.stride = 4});
  return with(std::move(model), 32, 40, 1);
}

// Knots lie where readings do, so that normal scores are neither all 0 nor all at their bounds.
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
  calibration.average_scales.resize(calibration.tables.size());
  for (auto& scales : calibration.average_scales) scales.fill(1);
  auto& greatest = calibration.rankings[""].greatest;
  for (std::uint32_t i = 0; i < score::kRankingMin; ++i) greatest.push_back(10.0 * i);
  calibration.rankings[""].tail_scale = 50;
  return calibration;
}

// A model of chosen sizes.
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
