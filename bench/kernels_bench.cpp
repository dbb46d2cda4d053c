// The kernels of base, one instruction set after the other, and the projection of one request.
//
// Input: noise. One thread. The argument `target` counts what this processor has, best first; the label names it.
// Run: build/release/bin/cms_kernels_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only=true
#include <benchmark/benchmark.h>
#include <hwy/highway.h>

#include <vector>

#include "base/directions.hpp"
#include "base/kernels.hpp"
#include "base/lanes.hpp"
#include "base/random.hpp"

namespace {

using namespace cms;

void choose_target(benchmark::State& bench, std::int64_t index) {
  hwy::SetSupportedTargetsForTest(0);
  const auto targets = hwy::SupportedAndGeneratedTargets();
  if (static_cast<std::size_t>(index) >= targets.size()) return bench.SkipWithError("no such instruction set");
  hwy::SetSupportedTargetsForTest(targets[static_cast<std::size_t>(index)]);
  bench.SetLabel(hwy::TargetName(targets[static_cast<std::size_t>(index)]));
}

std::vector<std::int8_t> noise(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::int8_t> values(count);
  for (auto& value : values) value = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
  return values;
}

struct Rows {
  std::vector<std::int8_t> lanes;
  std::vector<double> inverse_lengths;

  Rows(std::size_t rows, std::size_t width) : lanes(lane_bytes(rows, width)), inverse_lengths(rows) {
    for (std::size_t i = 0; i < rows; ++i) {
      const auto row = noise(width, i);
      put_row(lanes, i, row);
      inverse_lengths[i] = inverse_length(dot(std::span<const std::int8_t>(row), std::span<const std::int8_t>(row)));
    }
  }
};

void kernel_all_chords(benchmark::State& bench) {
  choose_target(bench, bench.range(0));
  const auto rows = static_cast<std::size_t>(bench.range(1));
  const Rows set(rows, 64);
  std::vector<float> out(rows * rows);
  std::vector<std::int16_t> scratch(set.lanes.size());
  for (auto _ : bench) {
    all_chords(set.lanes, 64, rows, set.inverse_lengths, out, rows, scratch);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(kernel_all_chords)->ArgNames({"target", "rows"})->ArgsProduct({{0, 1, 2, 3}, {64, 256}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
