// The whole path of one request, from raw activation to Proof-of-Humanity, and its split by stage.
//
// Input: the activations in examples/, a real model's. The account under watch is full: 64 points in its window.
// One thread. Run: build/dev/bin/cms_step_bench --benchmark_repetitions=9 --benchmark_report_aggregates_only=true
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>

#include "base/directions.hpp"
#include "measure/coherence/coherence.hpp"
#include "measure/coverage/coverage.hpp"
#include "measure/curvature/curvature.hpp"
#include "measure/dimension/dimension.hpp"
#include "measure/dispersion/dispersion.hpp"
#include "measure/divergence/divergence.hpp"
#include "measure/homology/homology.hpp"
#include "measure/mixture/mixture.hpp"
#include "measure/repetition/repetition.hpp"
#include "pipeline/fit.hpp"
#include "pipeline/step.hpp"
#include "tap/activation_set.hpp"

namespace {

using namespace cms;

template <typename T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "step_bench: {}\n", result.error().message);
  std::abort();
}

const ActivationSet& examples() {
  static const ActivationSet set = must(tap::read_set(CMS_EXAMPLES));
  return set;
}

// Accounts of 96 consecutive rows stand in for calibration: what they score does not matter for how fast it goes.
const pipeline::Model& model() {
  static const pipeline::Model fitted = [] {
    ActivationSet accounts = examples();
    for (std::size_t i = 0; i < accounts.count(); ++i) {
      accounts.rows[i].account = fmt::format("a{}", i / 96);
      accounts.rows[i].time = static_cast<double>(i);
    }
    pipeline::FitOptions options;
    options.atlas.chart_count = 256;
    options.score.stride = 8;
    options.threads = 2;
    auto result = must(pipeline::fit({&examples(), 1}, {&examples(), 1}, {&accounts, 1}, options, {}));
    result.model.calibration.options.stride = 1;
    return std::move(result.model);
  }();
  return fitted;
}

// An account after 150 requests.
struct Full {
  pipeline::AccountState state = pipeline::make_account(model());
  pipeline::Scratch scratch;
  std::vector<float> values;
  Distances distances;
  std::vector<std::uint32_t> path;

  Full() {
    for (std::size_t i = 0; i < 150; ++i) {
      pipeline::advance(model(), state, atlas::project(model().atlas, examples().row(i * 7)), 0, scratch);
    }
    distances = window::distances(state.window, values);
    window::path(state.window, path);
  }
};

Full& full() {
  static Full account;
  return account;
}

void whole_step(benchmark::State& bench) {
  auto state = full().state;
  pipeline::Scratch scratch;
  std::size_t row = 0;
  for (auto _ : bench) {
    benchmark::DoNotOptimize(pipeline::step(model(), state, examples().row(row), 0, scratch));
    row = (row + 7) % examples().count();
  }
  bench.SetItemsProcessed(bench.iterations());
}
BENCHMARK(whole_step)->Unit(benchmark::kMicrosecond);

void stage_project(benchmark::State& bench) {
  std::size_t row = 0;
  for (auto _ : bench) {
    benchmark::DoNotOptimize(atlas::project(model().atlas, examples().row(row)));
    row = (row + 7) % examples().count();
  }
}
BENCHMARK(stage_project)->Unit(benchmark::kMicrosecond);

void stage_window_push(benchmark::State& bench) {
  auto window = full().state.window;
  std::vector<Projected> points;
  for (std::size_t i = 0; i < 512; ++i) points.push_back(atlas::project(model().atlas, examples().row(i * 11)));
  std::size_t next = 0;
  for (auto _ : bench) benchmark::DoNotOptimize(window::push(window, points[next++ % points.size()]));
}
BENCHMARK(stage_window_push)->Unit(benchmark::kMicrosecond);

void stage_window_distances(benchmark::State& bench) {
  std::vector<float> values;
  for (auto _ : bench) benchmark::DoNotOptimize(window::distances(full().state.window, values));
}
BENCHMARK(stage_window_distances)->Unit(benchmark::kMicrosecond);

void stage_homology(benchmark::State& bench) {
  homology::Scratch scratch;
  Diagrams diagrams;
  for (auto _ : bench) {
    homology::diagrams(full().distances, {}, scratch, diagrams);
    benchmark::DoNotOptimize(homology::summarise(diagrams));
  }
}
BENCHMARK(stage_homology)->Unit(benchmark::kMicrosecond);

void stage_coverage(benchmark::State& bench) {
  coverage::Scratch scratch;
  coverage::Counts counts;
  for (auto _ : bench) {
    coverage::count(full().state.window.charts, scratch, counts);
    benchmark::DoNotOptimize(coverage::chao_shen_entropy(counts));
    benchmark::DoNotOptimize(coverage::sample_coverage(counts));
    benchmark::DoNotOptimize(coverage::distinct(full().state.window.horizon_charts, scratch));
  }
}
BENCHMARK(stage_coverage)->Unit(benchmark::kMicrosecond);

void stage_curvature(benchmark::State& bench) {
  for (auto _ : bench) benchmark::DoNotOptimize(curvature::forman_ricci(full().distances));
}
BENCHMARK(stage_curvature)->Unit(benchmark::kMicrosecond);

void stage_dimension(benchmark::State& bench) {
  for (auto _ : bench) benchmark::DoNotOptimize(dimension::estimate(full().distances));
}
BENCHMARK(stage_dimension)->Unit(benchmark::kMicrosecond);

void stage_dispersion_coherence(benchmark::State& bench) {
  for (auto _ : bench) {
    const auto mean = dispersion::mean_cosine(full().distances);
    const auto state = coherence::sum(full().distances, full().path);
    benchmark::DoNotOptimize(coherence::above_mean(state, full().distances.count, *mean));
    benchmark::DoNotOptimize(coherence::turning_angle(state));
  }
}
BENCHMARK(stage_dispersion_coherence)->Unit(benchmark::kMicrosecond);

void stage_divergence(benchmark::State& bench) {
  const auto& window = full().state.window;
  const divergence::Reference reference{model().atlas.bandwidth, model().atlas.reference_self};
  divergence::Scratch scratch;
  for (auto _ : bench) {
    benchmark::DoNotOptimize(divergence::neighbours(window.benign_knn, scratch));
    const auto state = divergence::sum(full().distances, reference.scale(), scratch);
    benchmark::DoNotOptimize(divergence::mmd(state, full().distances.count, window.benign_kernel, reference));
  }
}
BENCHMARK(stage_divergence)->Unit(benchmark::kMicrosecond);

void stage_mixture(benchmark::State& bench) {
  mixture::Workspace workspace;
  std::vector<std::uint16_t> chords;
  for (const float chord : full().state.window.nearest_atlas) chords.push_back(round_chord(chord));
  for (auto _ : bench) {
    benchmark::DoNotOptimize(mixture::normality(chords, workspace));
    benchmark::DoNotOptimize(mixture::normality(chords, workspace));
  }
}
BENCHMARK(stage_mixture)->Unit(benchmark::kMicrosecond);

void stage_repetition(benchmark::State& bench) {
  const auto& counted = full().state.window.multiplicities;
  const std::vector<std::uint16_t> multiplicities(counted.begin(), counted.end());
  for (auto _ : bench) {
    const auto state = repetition::sum(full().distances, multiplicities);
    benchmark::DoNotOptimize(repetition::effective_rank(state, multiplicities));
  }
}
BENCHMARK(stage_repetition)->Unit(benchmark::kMicrosecond);

void stage_score(benchmark::State& bench) {
  score::State state;
  score::Observation observation{16, 16, full().state.reading};
  for (auto _ : bench) {
    ++observation.requests;
    ++observation.distinct;
    score::update(model().calibration, state, observation, 0);
    benchmark::DoNotOptimize(score::score_at(model().calibration, state, observation.requests, 0));
  }
}
BENCHMARK(stage_score)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
