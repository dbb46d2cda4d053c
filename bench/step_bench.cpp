// The whole path of one request, from raw activation to Proof-of-Humanity, and its split by stage.
//
// Input: the activations in examples/, a real model's. One thread.
// Run: build/release/bin/cms_step_bench --benchmark_repetitions=9 --benchmark_report_aggregates_only=true
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>

#include "base/directions.hpp"
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

// Accounts of consecutive rows stand in for calibration: what they score does not matter for how fast it goes.
pipeline::Model fitted(std::uint32_t length) {
  const std::size_t requests = length == 64 ? 96 : 256;
  ActivationSet accounts;
  accounts.manifest = examples().manifest;
  for (std::size_t i = 0; i < 100 * requests; ++i) {
    const auto row = examples().row((i / requests * 61 + i % requests) % examples().count());
    accounts.values.insert(accounts.values.end(), row.begin(), row.end());
    accounts.rows.push_back({fmt::format("a{}", i / requests), static_cast<double>(i), 0, 0, {}});
  }
    pipeline::FitOptions options;
    options.atlas.chart_count = 256;
    options.score.stride = 8;
    options.threads = 2;
    options.window_length = length;
    auto result = must(pipeline::fit({&examples(), 1}, {&examples(), 1}, {&accounts, 1}, options, {}));
    result.model.calibration.options.stride = 1;
    return std::move(result.model);
}

template <std::uint32_t kLength>
const pipeline::Model& fitted_once() {
  static const pipeline::Model model = fitted(kLength);
  return model;
}

const pipeline::Model& model(std::uint32_t length) { return length == 64 ? fitted_once<64>() : fitted_once<256>(); }

// Accounts after 200 requests each; what they hold is a real window.
std::vector<pipeline::AccountState> accounts(std::size_t count, std::uint32_t length) {
  pipeline::Scratch scratch;
  std::vector<pipeline::AccountState> states;
  for (std::size_t a = 0; a < count; ++a) {
    states.push_back(pipeline::make_account(model(length)));
    for (std::size_t i = 0; i < 2 * length + 72; ++i) {
      pipeline::step(model(length), states.back(), examples().row((a * 131 + i * 7) % examples().count()), 0, scratch);
    }
  }
  return states;
}

// Requests of many accounts in turn: each finds its account's distances gone and the caches full of others'.
void whole_step(benchmark::State& bench) {
  const auto length = static_cast<std::uint32_t>(bench.range(0));
  auto states = accounts(64, length);
  pipeline::Scratch scratch;
  std::size_t next = 0;
  for (auto _ : bench) {
    auto& state = states[next % states.size()];
    benchmark::DoNotOptimize(
        pipeline::step(model(length), state, examples().row(next * 11 % examples().count()), 0, scratch));
    ++next;
  }
  bench.SetItemsProcessed(bench.iterations());
}
BENCHMARK(whole_step)->Arg(64)->Arg(256)->Unit(benchmark::kMicrosecond);

// Batches of 64 requests, of as many accounts or all of one.
void batch(benchmark::State& bench) {
  const auto length = static_cast<std::uint32_t>(bench.range(0));
  const bool one_account = bench.range(1) == 1;
  auto states = accounts(one_account ? 1 : 64, length);
  pipeline::Scratch scratch;
  std::vector<pipeline::Event> events(64);
  std::vector<Score> scores(events.size());
  std::size_t next = 0;
  for (auto _ : bench) {
    for (auto& event : events) {
      event = {&states[next % states.size()], examples().row(next * 11 % examples().count()), 0};
      ++next;
    }
    pipeline::step(model(length), events, scratch, scores);
    benchmark::DoNotOptimize(scores.data());
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(events.size()));
}
BENCHMARK(batch)->Args({64, 0})->Args({64, 1})->Args({256, 0})->Unit(benchmark::kMicrosecond);

// The stages of one request, each in a loop over real windows.
struct Stages {
  pipeline::AccountState state = std::move(accounts(1, 64).front());
  pipeline::Scratch scratch;
  std::vector<Projected> points;

  Stages() {
    for (std::size_t i = 0; i < 512; ++i) {
      points.push_back(atlas::project(model(64).atlas, examples().row(i * 12 % examples().count())));
    }
    window::load(state.window, scratch.matrix);
  }
};

void stage_load(benchmark::State& bench) {
  Stages stages;
  for (auto _ : bench) window::load(stages.state.window, stages.scratch.matrix);
}
BENCHMARK(stage_load)->Unit(benchmark::kMicrosecond);

void stage_push(benchmark::State& bench) {
  Stages stages;
  std::size_t next = 0;
  for (auto _ : bench) {
    benchmark::DoNotOptimize(
        window::push(stages.state.window, stages.scratch.matrix, stages.points[next++ % stages.points.size()]));
  }
}
BENCHMARK(stage_push)->Unit(benchmark::kMicrosecond);

void stage_push_and_read(benchmark::State& bench) {
  Stages stages;
  std::size_t next = 0;
  for (auto _ : bench) {
    const auto change =
        window::push(stages.state.window, stages.scratch.matrix, stages.points[next++ % stages.points.size()]);
    pipeline::take_reading(model(64).atlas, stages.state.window, change, stages.state.kept, stages.scratch,
                           stages.state.reading);
  }
}
BENCHMARK(stage_push_and_read)->Unit(benchmark::kMicrosecond);

void stage_score(benchmark::State& bench) {
  Stages stages;
  score::State state;
  score::Observation observation{16, 16, stages.state.reading};
  for (auto _ : bench) {
    ++observation.requests;
    ++observation.distinct;
    score::update(model(64).calibration, state, observation, 0);
    benchmark::DoNotOptimize(score::score_at(model(64).calibration, state, observation.requests, 0));
  }
}
BENCHMARK(stage_score)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
