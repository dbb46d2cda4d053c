#include "pipeline/reading.hpp"

#include <algorithm>

#include "base/directions.hpp"
#include "measure/coherence/coherence.hpp"
#include "measure/coverage/coverage.hpp"
#include "measure/curvature/curvature.hpp"
#include "measure/dimension/dimension.hpp"
#include "measure/dispersion/dispersion.hpp"
#include "measure/divergence/divergence.hpp"
#include "measure/repetition/repetition.hpp"

namespace cms::pipeline {
namespace {

void set_if(Reading& reading, Measure measure, const std::optional<double>& value) {
  if (value) reading.set(measure, *value);
}

template <typename T>
std::span<const T> first(const std::vector<T>& values, std::uint32_t count) {
  return std::span<const T>(values).first(count);
}

void read_coverage(const window::State& window, Reading& reading) {
  coverage::Scratch counters;
  coverage::Counts counts;
  coverage::count(first(window.charts, window.count()), counters, counts);
  reading.set(Measure::charts, counts.charts);
  set_if(reading, Measure::chao_shen_entropy, coverage::chao_shen_entropy(counts));
  set_if(reading, Measure::good_turing, coverage::sample_coverage(counts));
  set_if(reading, Measure::hill_1, coverage::hill_1(counts));
  set_if(reading, Measure::hill_2, coverage::hill_2(counts));
  set_if(reading, Measure::chao1, coverage::chao1(counts));
  double fresh = 0;
  for (const auto flag : first(window.new_charts, window.count())) fresh += flag;
  reading.set(Measure::new_charts, fresh / window.count());
  reading.set(Measure::charts_horizon, coverage::distinct(first(window.horizon_charts, window.horizon_count()), counters));
}

void read_homology(const Distances& distances, Scratch& scratch, Reading& reading) {
  homology::diagrams(distances, homology::Options{}, scratch.homology, scratch.diagrams);
  const auto summary = homology::summarise(scratch.diagrams);
  reading.set(Measure::h0_total, summary.h0.total);
  reading.set(Measure::h0_entropy, summary.h0.entropy);
  reading.set(Measure::h0_max, summary.h0.max);
  if (!summary.h1) return;
  reading.set(Measure::h1_total, summary.h1->total);
  reading.set(Measure::h1_entropy, summary.h1->entropy);
  reading.set(Measure::h1_bars, summary.h1->bars);
  reading.set(Measure::h1_max, summary.h1->max);
}

// Mean over the points whose chart has a curvature; not measured where that is less than half of them.
void read_chart_curvature(const atlas::Atlas& atlas, const window::State& window, Reading& reading) {
  double sum = 0;
  std::uint32_t known = 0;
  for (const auto chart : first(window.charts, window.count())) {
    const auto& curvature = atlas.charts[chart].scalar_curvature;
    if (!curvature) continue;
    sum += *curvature;
    ++known;
  }
  if (2 * known >= window.count()) reading.set(Measure::chart_curvature, sum / known);
}

void read_geometry(const atlas::Atlas& atlas, const window::State& window, const Distances& distances, Scratch& scratch,
                   Reading& reading) {
  const auto dimension = dimension::estimate(distances);
  set_if(reading, Measure::dimension, dimension.levina_bickel);
  set_if(reading, Measure::two_nn, dimension.two_nn);
  double residual = 0;
  for (const float value : first(window.tangent_residuals, window.count())) residual += value;
  reading.set(Measure::tangent_residual, residual / window.count());
  read_chart_curvature(atlas, window, reading);
  set_if(reading, Measure::forman_ricci, curvature::forman_ricci(distances));
  window::path(window, scratch.path);
  const auto path = coherence::sum(distances, scratch.path);
  set_if(reading, Measure::turning_angle, coherence::turning_angle(path));
  if (const auto mean = dispersion::mean_cosine(distances)) {
    reading.set(Measure::dispersion, *mean);
    set_if(reading, Measure::coherence, coherence::above_mean(path, window.count(), *mean));
  }
}

void read_divergence(const atlas::Atlas& atlas, const window::State& window, const Distances& distances,
                     Scratch& scratch, Reading& reading) {
  scratch.log_densities.clear();
  for (const auto chart : first(window.charts, window.count())) {
    scratch.log_densities.push_back(atlas.charts[chart].log_density);
  }
  set_if(reading, Measure::log_density, divergence::mean_log_density(scratch.log_densities));
  divergence::Scratch room;
  if (const auto neighbours = divergence::neighbours(first(window.benign_knn, window.count()), room)) {
    reading.set(Measure::knn_mean, neighbours->mean);
    reading.set(Measure::knn_tail, neighbours->tail);
  }
  const divergence::Reference reference{atlas.bandwidth, atlas.reference_self};
  set_if(reading, Measure::mmd,
         divergence::mmd(divergence::sum(distances, reference.scale(), room), window.count(),
                         first(window.benign_kernel, window.count()), reference));
}

// The very first point of an account has no earlier one; its entry is negative and left out.
std::optional<double> normality(const std::vector<float>& ring, std::uint32_t count, Scratch& scratch) {
  scratch.nearest.clear();
  for (const float distance : first(ring, count)) {
    if (distance >= 0) scratch.nearest.push_back(round_chord(distance));
  }
  return mixture::normality(scratch.nearest, scratch.mixture);
}

}  // namespace

Reading take_reading(const atlas::Atlas& atlas, const window::State& window, Scratch& scratch) {
  Reading reading;
  const auto requests = static_cast<std::uint32_t>(std::min<std::uint64_t>(window.requests, window.options.length));
  std::uint32_t near = 0;
  for (const auto flag : first(window.near_duplicates, requests)) near += flag;
  set_if(reading, Measure::near_duplicates, repetition::near_duplicates(near, requests));
  const auto distances = window::distances(window, scratch.distances);
  std::vector<std::uint16_t> multiplicities;
  for (const auto multiplicity : first(window.multiplicities, window.count())) {
    multiplicities.push_back(static_cast<std::uint16_t>(std::min<std::uint32_t>(multiplicity, 65535)));
  }
  set_if(reading, Measure::effective_rank,
         repetition::effective_rank(repetition::sum(distances, multiplicities), multiplicities));
  if (window.count() < kPointsMin) return reading;

  read_coverage(window, reading);
  read_homology(distances, scratch, reading);
  read_geometry(atlas, window, distances, scratch, reading);
  read_divergence(atlas, window, distances, scratch, reading);
  set_if(reading, Measure::normality_atlas, normality(window.nearest_atlas, window.horizon_count(), scratch));
  set_if(reading, Measure::normality_raw, normality(window.nearest_raw, window.horizon_count(), scratch));
  return reading;
}

}  // namespace cms::pipeline
