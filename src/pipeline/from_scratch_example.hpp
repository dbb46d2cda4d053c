// For tests: the step as one would write it first. Nothing is kept of an account but its points and its score, every
// distance is worked out pair by pair, every measure by its own from-scratch function, all memory is new each time.
//
// What it gives is what step() has to give, bit for bit. Threads: pure functions. Cost: some milliseconds a reading.
#pragma once

#include <algorithm>
#include <vector>

#include "base/directions.hpp"
#include "base/kernels.hpp"
#include "base/lanes.hpp"
#include "pipeline/signatures.hpp"
#include "pipeline/step.hpp"
#include "types/neighbours.hpp"

namespace cms::pipeline::from_scratch {

// One window, spread out.
struct Points {
  std::uint32_t count = 0;
  std::vector<float> chords;  // count x count
  std::vector<std::uint32_t> arrival;
  std::vector<std::uint16_t> charts, multiplicities;

  [[nodiscard]] Distances distances() const { return {chords, count, count}; }
};

inline std::vector<float> chords_of(const window::State& window) {
  const auto count = window.count();
  const auto parts = window::parts(window);
  std::vector<std::vector<std::int8_t>> points(count, std::vector<std::int8_t>(window.options.rank));
  std::vector<double> inverse;
  for (std::uint32_t i = 0; i < count; ++i) {
    get_row(parts.points, i, points[i]);
    inverse.push_back(inverse_length(dot(points[i], points[i])));
  }
  std::vector<float> chords;
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = 0; j < count; ++j) {
      chords.push_back(i == j ? 0 : chord(dot(points[i], points[j]), inverse[i], inverse[j]));
    }
  }
  return chords;
}

inline Points points_of(const window::State& window) {
  const auto parts = window::parts(window);
  Points points;
  points.count = window.count();
  points.chords = chords_of(window);
  for (std::uint64_t n = window.distinct - points.count; n < window.distinct; ++n) {
    points.arrival.push_back(static_cast<std::uint32_t>(n % window.options.length));
  }
  points.charts.resize(points.count);
  for (std::uint64_t n = window.distinct - points.count; n < window.distinct; ++n) {
    points.charts[n % window.options.length] = parts.horizon_charts[n % window.options.horizon];
  }
  points.multiplicities.assign(parts.multiplicities.begin(), parts.multiplicities.begin() + points.count);
  return points;
}

inline std::uint32_t bits_of(std::span<const std::uint8_t> bits, std::uint64_t count) {
  std::uint32_t set = 0;
  for (std::uint64_t bit = 0; bit < count; ++bit) set += window::has_bit(bits, bit) ? 1 : 0;
  return set;
}

inline void set(Reading& reading, Measure measure, const std::optional<double>& value) {
  if (value) reading.set(measure, *value);
}

inline void read_repetition(const window::State& window, const Points& points, Reading& reading) {
  const auto requests = std::min<std::uint64_t>(window.requests, window.options.length);
  const auto near = bits_of(window::parts(window).near_duplicates, requests);
  set(reading, Measure::near_duplicates, repetition::near_duplicates(near, static_cast<std::uint32_t>(requests)));
  set(reading, Measure::effective_rank,
      repetition::effective_rank(repetition::sum(points.distances(), points.multiplicities), points.multiplicities));
}

inline void read_breadth(const window::State& window, const Points& points, Reading& reading) {
  const auto parts = window::parts(window);
  coverage::Scratch scratch;
  coverage::Counts counts;
  coverage::count(points.charts, scratch, counts);
  reading.set(Measure::charts, counts.charts);
  set(reading, Measure::chao_shen_entropy, coverage::chao_shen_entropy(counts));
  set(reading, Measure::good_turing, coverage::sample_coverage(counts));
  set(reading, Measure::hill_1, coverage::hill_1(counts));
  set(reading, Measure::hill_2, coverage::hill_2(counts));
  set(reading, Measure::chao1, coverage::chao1(counts));
  reading.set(Measure::new_charts, 1.0 * bits_of(parts.new_charts, points.count) / points.count);
  std::vector<std::uint16_t> horizon(parts.horizon_charts.begin(),
                                     parts.horizon_charts.begin() + window.horizon_count());
  std::sort(horizon.begin(), horizon.end());
  const auto last = std::unique(horizon.begin(), horizon.end());
  reading.set(Measure::charts_horizon, static_cast<double>(last - horizon.begin()));
}

inline void read_topology(const window::State& window, const Points& points, Reading& reading) {
  homology::Scratch scratch;
  Diagrams diagrams;
  homology::diagrams(points.distances(), {homology::work_budget(window.options.length)}, scratch, diagrams);
  const auto h0 = homology::persistence(diagrams.h0);
  reading.set(Measure::h0_total, h0.total);
  reading.set(Measure::h0_entropy, h0.entropy);
  reading.set(Measure::h0_max, h0.max);
  if (diagrams.truncated) return;
  const auto h1 = homology::persistence(diagrams.h1);
  reading.set(Measure::h1_total, h1.total);
  reading.set(Measure::h1_entropy, h1.entropy);
  reading.set(Measure::h1_bars, h1.bars);
  reading.set(Measure::h1_max, h1.max);
}

inline void read_geometry(const atlas::Atlas& atlas, const window::State& window, const Points& points,
                          Reading& reading) {
  Neighbours neighbours;
  nearest(points.distances(), dimension::kNeighbours, neighbours);
  dimension::Scratch dimension_scratch;
  const auto dimension = dimension::estimate(neighbours, dimension_scratch);
  set(reading, Measure::dimension, dimension.levina_bickel);
  set(reading, Measure::two_nn, dimension.two_nn);
  curvature::Scratch curvature_scratch;
  set(reading, Measure::forman_ricci, curvature::forman_ricci(neighbours, curvature_scratch));
  std::uint64_t residuals = 0;
  for (const auto value : window::parts(window).tangent_residuals.first(points.count)) residuals += value;
  reading.set(Measure::tangent_residual, static_cast<double>(residuals) / (65535.0 * points.count));
  std::vector<double> known;
  for (const auto chart : points.charts) {
    if (const auto& value = atlas.charts[chart].scalar_curvature) known.push_back(*value);
  }
  if (2 * known.size() >= points.count) {
    double sum = 0;
    for (const double value : known) sum += value;
    reading.set(Measure::chart_curvature, sum / static_cast<double>(known.size()));
  }
  const auto path = coherence::sum(points.distances(), points.arrival);
  set(reading, Measure::turning_angle, coherence::turning_angle(path));
  if (const auto mean = dispersion::mean_cosine(points.distances())) {
    reading.set(Measure::dispersion, *mean);
    set(reading, Measure::coherence, coherence::above_mean(path, points.count, *mean));
  }
}

inline void read_divergence(const atlas::Atlas& atlas, const window::State& window, const Points& points,
                            Reading& reading) {
  const auto parts = window::parts(window);
  const divergence::Reference reference{atlas.bandwidth, atlas.reference_self};
  std::vector<float> densities, benign, kernels;
  for (std::uint32_t i = 0; i < points.count; ++i) {
    densities.push_back(atlas.charts[points.charts[i]].log_density);
    benign.push_back(chord_of(parts.benign_knn[i]));
    kernels.push_back(static_cast<float>(parts.benign_kernels[i]) * 0x1p-32F);
  }
  divergence::Scratch scratch;
  set(reading, Measure::log_density, divergence::mean_log_density(densities));
  if (const auto neighbours = divergence::neighbours(benign, scratch)) {
    reading.set(Measure::knn_mean, neighbours->mean);
    reading.set(Measure::knn_tail, neighbours->tail);
  }
  const auto pairs = divergence::sum(points.distances(), reference.scale(), scratch);
  set(reading, Measure::mmd, divergence::mmd(pairs, points.count, kernels, reference));
}

inline void read_mixture(const atlas::Atlas& atlas, const window::State& window, const Points& points,
                         Reading& reading) {
  const auto parts = window::parts(window);
  std::vector<float> surprisals;
  for (std::uint32_t i = 0; i < points.count; ++i) {
    surprisals.push_back(atlas.layouts.surprisals[atlas::surprisal_place(parts.benign_knn[i])]);
  }
  set(reading, Measure::isolation_covariance,
      mixture::isolation_covariance(points.distances(), points.arrival, surprisals));
  const auto horizon = window.horizon_count();
  mixture::Workspace first, second;
  set(reading, Measure::normality_atlas, mixture::normality(parts.nearest_atlas.first(horizon), first));
  set(reading, Measure::normality_raw, mixture::normality(parts.nearest_raw.first(horizon), second));
}

// Everything that can be measured on this window.
inline Reading reading(const atlas::Atlas& atlas, const window::State& window) {
  const auto points = points_of(window);
  Reading reading;
  read_repetition(window, points, reading);
  if (points.count < kPointsMin) return reading;
  read_breadth(window, points, reading);
  read_topology(window, points, reading);
  read_geometry(atlas, window, points, reading);
  read_divergence(atlas, window, points, reading);
  read_mixture(atlas, window, points, reading);
  return reading;
}

inline Score score_at(const Model& model, const AccountState& state, double time) {
  auto score = score::score_at(model.calibration, state.score, state.window.requests, time);
  const auto charts = model.atlas.chart_count();
  score.coverage = static_cast<double>(bits_of(window::parts(state.window).visited, charts)) / charts;
  return score;
}

// The step. Of `state` all but `kept` is used.
inline Score step(const Model& model, AccountState& state, std::span<const float> raw, double time) {
  window::Matrix matrix;
  window::load(state.window, matrix);
  const auto projected = atlas::project(model.atlas, raw);
  const auto change = window::push(state.window, matrix, projected);
  state.time = time;
  if (!change.repeat) {
    fleet::decay(state.signature, signature_options(model));
    fleet::add(state.signature, projected, model.atlas.centroid(projected.chart));
  }
  const auto requests = state.window.requests, distinct = state.window.distinct;
  if (score::evaluates(model.calibration.options, requests, distinct, change.repeat)) {
    state.reading = reading(model.atlas, state.window);
    const score::Observation observation{static_cast<std::uint32_t>(requests), static_cast<std::uint32_t>(distinct),
                                         state.reading};
    score::update(model.calibration, state.score, observation, time);
  }
  return from_scratch::score_at(model, state, time);
}

}  // namespace cms::pipeline::from_scratch
