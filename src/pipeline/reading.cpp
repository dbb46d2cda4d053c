#include "pipeline/reading.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/directions.hpp"

namespace cms::pipeline {
namespace {

static_assert(window::kMultiplicityMax == repetition::kMultiplicityMax);

void set_if(Reading& reading, Measure measure, const std::optional<double>& value) {
  if (value) reading.set(measure, *value);
}

// One account's window with all that is needed to look at it.
struct View {
  const atlas::Atlas& atlas;
  const window::State& window;
  window::ConstParts parts;
  std::uint32_t count;
  Distances distances;
  divergence::Reference reference;

  View(const atlas::Atlas& from, const window::State& state, const window::Matrix& matrix)
      : atlas(from),
        window(state),
        parts(window::parts(state)),
        count(state.count()),
        distances(matrix.view()),
        reference{from.bandwidth, from.reference_self} {}
};

// What is kept, with one point replaced.
void change_kept(const View& view, const window::Change& change, Kept& kept, Scratch& scratch) {
  const RowChange& row = change.row;
  dispersion::update(kept.dispersion, row);
  divergence::update(kept.divergence, row, view.reference.scale(), scratch.divergence);
  coherence::update(kept.coherence, view.distances, row);
  auto& multiplicities = scratch.multiplicities;
  multiplicities.assign(view.parts.multiplicities.begin(), view.parts.multiplicities.begin() + view.count);
  if (!row.before.empty()) {
    multiplicities[row.slot] = change.multiplicity_before;
    repetition::remove(kept.repetition, row.before, row.slot, multiplicities);
    multiplicities[row.slot] = 1;
  }
  repetition::add(kept.repetition, row.after, row.slot, multiplicities);
}

// The same from nothing but the points.
void make_kept(const View& view, Kept& kept, Scratch& scratch) {
  kept.dispersion = dispersion::sum(view.distances);
  kept.divergence = divergence::sum(view.distances, view.reference.scale(), scratch.divergence);
  kept.coherence = coherence::sum(view.distances, scratch.path);
  kept.repetition = repetition::sum(view.distances, view.parts.multiplicities.first(view.count));
}

void read_repetition(const View& view, const Kept& kept, Reading& reading) {
  const auto requests = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(view.window.requests, view.window.options.length));
  set_if(reading, Measure::near_duplicates,
         repetition::near_duplicates(window::count_bits(view.parts.near_duplicates, requests), requests));
  set_if(reading, Measure::effective_rank,
         repetition::effective_rank(kept.repetition, view.parts.multiplicities.first(view.count)));
}

void read_coverage(const View& view, Scratch& scratch, Reading& reading) {
  const auto& counts = scratch.counts;
  coverage::count(scratch.charts, scratch.coverage, scratch.counts);
  reading.set(Measure::charts, counts.charts);
  set_if(reading, Measure::chao_shen_entropy, coverage::chao_shen_entropy(counts));
  set_if(reading, Measure::good_turing, coverage::sample_coverage(counts));
  set_if(reading, Measure::hill_1, coverage::hill_1(counts));
  set_if(reading, Measure::hill_2, coverage::hill_2(counts));
  set_if(reading, Measure::chao1, coverage::chao1(counts));
  reading.set(Measure::new_charts, 1.0 * window::count_bits(view.parts.new_charts, view.count) / view.count);
  const auto horizon = view.parts.horizon_charts.first(view.window.horizon_count());
  reading.set(Measure::charts_horizon, coverage::distinct(horizon, scratch.coverage));
}

constexpr std::array kH1 = {Measure::h1_total, Measure::h1_entropy, Measure::h1_bars, Measure::h1_max};

void hold(const Reading& last, Measure measure, Reading& reading) {
  if (!last.has(measure)) return;
  reading.set(measure, last[measure]);
  reading.held.set(static_cast<std::size_t>(measure));
}

void read_homology(const Diagrams& diagrams, const Reading& last, Effort effort, Reading& reading) {
  const auto h0 = homology::persistence(diagrams.h0);
  reading.set(Measure::h0_total, h0.total);
  reading.set(Measure::h0_entropy, h0.entropy);
  reading.set(Measure::h0_max, h0.max);
  if (diagrams.truncated) {  // bars of H1 are missing
    if (effort == Effort::without_h1) {
      for (const auto measure : kH1) hold(last, measure, reading);
    }
    return;
  }
  const auto h1 = homology::persistence(diagrams.h1);
  reading.set(Measure::h1_total, h1.total);
  reading.set(Measure::h1_entropy, h1.entropy);
  reading.set(Measure::h1_bars, h1.bars);
  reading.set(Measure::h1_max, h1.max);
}

// Mean over the points whose chart has a curvature; not measured where that is less than half of them.
void read_chart_curvature(const View& view, const Scratch& scratch, Reading& reading) {
  double sum = 0;
  std::uint32_t known = 0;
  for (const auto chart : scratch.charts) {
    const auto& curvature = view.atlas.charts[chart].scalar_curvature;
    if (!curvature) continue;
    sum += *curvature;
    ++known;
  }
  if (2 * known >= view.count) reading.set(Measure::chart_curvature, sum / known);
}

void read_geometry(const View& view, const Kept& kept, Scratch& scratch, Reading& reading) {
  homology::nearest(kept.homology, view.distances, dimension::kNeighbours, scratch.neighbours);
  const auto dimension = dimension::estimate(scratch.neighbours, scratch.dimension);
  set_if(reading, Measure::dimension, dimension.levina_bickel);
  set_if(reading, Measure::two_nn, dimension.two_nn);
  set_if(reading, Measure::forman_ricci, curvature::forman_ricci(scratch.neighbours, scratch.curvature));
  std::uint32_t residual = 0;
  for (const auto value : view.parts.tangent_residuals.first(view.count)) residual += value;
  reading.set(Measure::tangent_residual, residual / (65535.0 * view.count));
  read_chart_curvature(view, scratch, reading);
  set_if(reading, Measure::turning_angle, coherence::turning_angle(kept.coherence));
  if (const auto mean = dispersion::mean_cosine(kept.dispersion, view.count)) {
    reading.set(Measure::dispersion, *mean);
    set_if(reading, Measure::coherence, coherence::above_mean(kept.coherence, view.count, *mean));
  }
}

void read_divergence(const View& view, const Kept& kept, Scratch& scratch, Reading& reading) {
  auto& values = scratch.values;
  values.resize(view.count);
  for (std::uint32_t i = 0; i < view.count; ++i) values[i] = view.atlas.charts[scratch.charts[i]].log_density;
  set_if(reading, Measure::log_density, divergence::mean_log_density(values));
  for (std::uint32_t i = 0; i < view.count; ++i) values[i] = chord_of(view.parts.benign_knn[i]);
  if (const auto neighbours = divergence::neighbours(values, scratch.divergence)) {
    reading.set(Measure::knn_mean, neighbours->mean);
    reading.set(Measure::knn_tail, neighbours->tail);
  }
  for (std::uint32_t i = 0; i < view.count; ++i) {
    values[i] = static_cast<float>(view.parts.benign_kernels[i]) * 0x1p-32F;
  }
  set_if(reading, Measure::mmd, divergence::mmd(kept.divergence, view.count, values, view.reference));
}

void read_isolation(const View& view, Scratch& scratch, Reading& reading) {
  const auto& table = view.atlas.layouts.surprisals;
  auto& surprisals = scratch.values;
  surprisals.resize(view.count);
  for (std::uint32_t i = 0; i < view.count; ++i) {
    surprisals[i] = table[atlas::surprisal_place(view.parts.benign_knn[i])];
  }
  set_if(reading, Measure::isolation_covariance,
         mixture::isolation_covariance(view.distances, scratch.path, surprisals));
}

}  // namespace

void follow(const window::State& window, const window::Change& change, const window::Matrix& matrix, Kept& kept,
            Scratch& scratch) {
  if (!change.repeat || kept.distinct != window.distinct) return;
  const auto now = window::parts(window).multiplicities.first(matrix.count);
  auto& multiplicities = scratch.multiplicities;
  multiplicities.assign(now.begin(), now.end());
  repetition::add(kept.repetition, matrix.row(change.slot), change.slot, multiplicities);
  multiplicities[change.slot] = change.multiplicity_before;
  repetition::remove(kept.repetition, matrix.row(change.slot), change.slot, multiplicities);
}

void take_reading(const atlas::Atlas& atlas, const window::State& window, const window::Change& change, Kept& kept,
                  Scratch& scratch, Reading& reading, Effort effort) {
  const View view(atlas, window, scratch.matrix);
  if (change.repeat && kept.distinct == window.distinct) {
    follow(window, change, scratch.matrix, kept, scratch);
    return read_repetition(view, kept, reading);
  }
  const Reading last = std::exchange(reading, {});
  if (view.count < kPointsMin) {
    kept.distinct = 0;
    kept.repetition = repetition::sum(view.distances, view.parts.multiplicities.first(view.count));
    return read_repetition(view, kept, reading);
  }
  // What depends on which charts and distances come gets room for all of them, not for those that came so far.
  scratch.coverage.reserve(atlas.chart_count());
  mixture::reserve(window.options.horizon, scratch.mixture);
  window::path(window, scratch.path);
  const homology::Options options{homology::work_budget(window.options.length), effort == Effort::full ? 1U : 0U};
  if (!change.repeat && kept.distinct != 0 && kept.distinct + 1 == window.distinct) {
    change_kept(view, change, kept, scratch);
    homology::replace(view.distances, change.row, options, kept.homology, scratch.homology, scratch.diagrams);
  } else {
    make_kept(view, kept, scratch);
    homology::start(view.distances, window.options.length, options, kept.homology, scratch.homology, scratch.diagrams);
  }
  kept.distinct = window.distinct;
  window::charts(window, scratch.charts);
  read_repetition(view, kept, reading);
  read_coverage(view, scratch, reading);
  read_homology(scratch.diagrams, last, effort, reading);
  read_geometry(view, kept, scratch, reading);
  read_divergence(view, kept, scratch, reading);
  read_isolation(view, scratch, reading);
  const std::uint32_t horizon = window.horizon_count();
  for (const auto& [measure, ring] : {std::pair(Measure::normality_atlas, view.parts.nearest_atlas),
                                      std::pair(Measure::normality_raw, view.parts.nearest_raw)}) {
    set_if(reading, measure, mixture::normality(ring.first(horizon), scratch.mixture));
  }
}

}  // namespace cms::pipeline
