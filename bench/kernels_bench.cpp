// The kernels of base, one instruction set after the other, and the projection of one request.
//
// Input: noise. One thread. The argument `target` counts what this processor has, best first; the label names it.
// Run: build/release/bin/cms_kernels_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only=true
#include <benchmark/benchmark.h>
#include <hwy/highway.h>

#include <vector>

#include "atlas/atlas_example.hpp"
#include "base/columns.hpp"
#include "base/directions.hpp"
#include "base/kernels.hpp"
#include "base/lanes.hpp"
#include "base/quads.hpp"
#include "base/random.hpp"
#include "base/select.hpp"

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
BENCHMARK(kernel_all_chords)->ArgNames({"target", "rows"})->ArgsProduct({{0, 1, 2, 3}, {64, 256}});

// One window of 64 rows of 64, and the benign reference of 2,048.
void kernel_lane_products(benchmark::State& bench) {
  choose_target(bench, bench.range(0));
  const auto rows = static_cast<std::size_t>(bench.range(1)), queries = static_cast<std::size_t>(bench.range(2));
  const Rows set(rows, 64);
  const auto query = noise(64 * queries, 99);
  std::vector<std::int32_t> out(rows * queries);
  for (auto _ : bench) {
    products(set.lanes, 64, query, out);
    benchmark::DoNotOptimize(out.data());
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(2));
}
BENCHMARK(kernel_lane_products)->ArgNames({"target", "rows", "queries"})
    ->ArgsProduct({{0, 1, 2, 3}, {64, 2048}, {1, 32}});

void kernel_quad_products(benchmark::State& bench) {
  choose_target(bench, bench.range(0));
  const auto rows = static_cast<std::size_t>(bench.range(1)), queries = static_cast<std::size_t>(bench.range(2));
  const auto quads = make_quads(noise(64 * rows, 1), 64);
  const auto query = noise(64 * queries, 99);
  std::vector<std::int32_t> out(rows * queries);
  for (auto _ : bench) {
    products(quads, query, out);
    benchmark::DoNotOptimize(out.data());
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(2));
}
BENCHMARK(kernel_quad_products)->ArgNames({"target", "rows", "queries"})
    ->ArgsProduct({{0, 1, 2, 3}, {1024, 2048}, {1, 32}});

void kernel_inverse_lengths(benchmark::State& bench) {
  choose_target(bench, bench.range(0));
  Rows set(64, 64);
  for (auto _ : bench) {
    inverse_lengths(set.lanes, 64, 64, set.inverse_lengths);
    benchmark::DoNotOptimize(set.inverse_lengths.data());
  }
}
BENCHMARK(kernel_inverse_lengths)->ArgName("target")->DenseRange(0, 3);

// Of 2,048 products: chords (0), squared chords (1), their weighted kernel (2), the fifth smallest (3).
void kernel_chords(benchmark::State& bench) {
  choose_target(bench, bench.range(0));
  const Rows set(2048, 64);
  const auto query = noise(64, 99);
  std::vector<std::int32_t> in(2048);
  products(set.lanes, query, in);
  std::vector<float> out(2048), weights(2048, 1.0F / 2048);
  const auto which = bench.range(1);
  squared_chords(in, set.inverse_lengths, 0.003, out);
  for (auto _ : bench) {
    if (which == 0) chords(in, set.inverse_lengths, 0.003, out);
    if (which == 1) squared_chords(in, set.inverse_lengths, 0.003, out);
    if (which == 3) benchmark::DoNotOptimize(kth_smallest(out, 5));
    if (which == 2) benchmark::DoNotOptimize(weighted_gaussian_sum(out, weights, 1.0F));
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(kernel_chords)->ArgNames({"target", "kind"})->ArgsProduct({{0, 1, 2, 3}, {0, 1, 2, 3}});

// 128 outputs of 576, as 2 x 64: projection and sketch.
void kernel_columns(benchmark::State& bench) {
  choose_target(bench, bench.range(0));
  const auto count = static_cast<std::size_t>(bench.range(1));
  Random random(1);
  std::vector<float> matrix(64 * 576), vectors(576 * count), out(64 * count);
  for (float& value : matrix) value = static_cast<float>(random.normal());
  for (float& value : vectors) value = static_cast<float>(random.normal());
  const auto a = make_columns(matrix, 576), b = make_columns(matrix, 576);
  for (auto _ : bench) {
    multiply(a, vectors, out);
    benchmark::DoNotOptimize(out.data());
    multiply(b, vectors, out);
    benchmark::DoNotOptimize(out.data());
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(1));
}
BENCHMARK(kernel_columns)->ArgNames({"target", "vectors"})->ArgsProduct({{0, 1, 2, 3}, {1, 4, 32}});

// Random unit centroids and points of 64; a row of noise has no clear nearest, so this is the hard case.
void nearest(benchmark::State& bench) {
  choose_target(bench, bench.range(0));
  const auto atlas = atlas::example_atlas({.charts = static_cast<std::uint32_t>(bench.range(1)), .reference = 16}, 1);
  const auto batch = static_cast<std::size_t>(bench.range(2));
  Random random(2);
  auto points = atlas::normal_values(random, 64 * 1024);
  atlas::to_unit_rows(points, 64);
  atlas::NearestScratch scratch;
  std::vector<std::uint16_t> charts(batch);
  std::size_t first = 0;
  for (auto _ : bench) {
    atlas::nearest_charts(atlas, std::span(points).subspan(first * 64, batch * 64), scratch, charts);
    benchmark::DoNotOptimize(charts.data());
    first = (first + batch) % 1024;
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(2));
}
BENCHMARK(nearest)->ArgNames({"target", "charts", "batch"})->ArgsProduct({{0, 1, 2, 3}, {256, 1024}, {1, 32}});

// d = 576, rank 64, sketch 64, 256 charts, 2,048 reference points.
void project(benchmark::State& bench) {
  choose_target(bench, bench.range(0));
  const auto atlas = atlas::example_atlas({}, 1);
  const auto batch = static_cast<std::size_t>(bench.range(1));
  Random random(2);
  const auto raws = atlas::normal_values(random, 576 * 64);
  atlas::ProjectScratch scratch;
  std::vector<Projected> out(batch);
  std::size_t first = 0;
  for (auto _ : bench) {
    atlas::project(atlas, std::span(raws).subspan(first * 576, batch * 576), scratch, out);
    benchmark::DoNotOptimize(out.data());
    first = (first + batch) % 64;
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(1));
}
BENCHMARK(project)->ArgNames({"target", "batch"})->ArgsProduct({{0, 1, 2, 3}, {1, 32}});

}  // namespace

BENCHMARK_MAIN();
