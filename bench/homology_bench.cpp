// Exact H0 and H1 of a window in which one point is replaced: kept order against from scratch, ordinary and hostile
// windows. Distances are given, as peers get them.
// Run: build/release/bin/cms_homology_bench --benchmark_repetitions=9 --benchmark_report_aggregates_only=true
#include <benchmark/benchmark.h>

#include "measure/homology/homology.hpp"
#include "measure/homology/test_windows.hpp"

namespace {

using namespace cms;
using namespace cms::homology;

constexpr std::uint32_t kPool = 256;

// A window that slides over a pool of points: slot by slot, oldest first.
struct Sliding {
  Matrix pool;
  std::uint32_t length;
  std::vector<std::uint32_t> members;
  Matrix matrix;
  std::vector<float> before;
  Random random{3};
  std::uint32_t slot = 0;

  Sliding(Matrix from, std::uint32_t points) : pool(std::move(from)), length(points), matrix(points), before(points) {
    for (std::uint32_t x = 0; x < length; ++x) members.push_back(x);
    for (std::uint32_t x = 0; x < length; ++x) {
      for (std::uint32_t y = 0; y < x; ++y) matrix.set(x, y, pool.at(x, y));
    }
  }
  RowChange next() {
    slot = (slot + 1) % length;
    for (std::uint32_t x = 0; x < length; ++x) before[x] = matrix.at(slot, x);
    members[slot] = static_cast<std::uint32_t>(random.below(pool.count));
    for (std::uint32_t x = 0; x < length; ++x) matrix.set(slot, x, x == slot ? 0 : pool.at(members[slot], members[x]));
    return {slot, length, before, {matrix.values.data() + std::size_t{slot} * length, length}};
  }
};

Sliding sliding(std::string_view family, std::uint32_t length) {
  Random random(7);
  return {make_window(family, kPool, random), length};
}

void replace_point(benchmark::State& bench, std::string_view family, std::uint32_t length, const Options& options) {
  Sliding window = sliding(family, length);
  State state;
  Scratch scratch;
  Diagrams out;
  start(window.matrix.view(), length, options, state, scratch, out);
  std::uint64_t units = 0;
  for (auto _ : bench) {
    bench.PauseTiming();
    const auto change = window.next();
    bench.ResumeTiming();
    units = std::max(units, replace(window.matrix.view(), change, options, state, scratch, out).units);
  }
  bench.counters["units_max"] = static_cast<double>(units);
}

void from_scratch(benchmark::State& bench, std::string_view family, std::uint32_t length) {
  Sliding window = sliding(family, length);
  Scratch scratch;
  Diagrams out;
  for (auto _ : bench) {
    bench.PauseTiming();
    window.next();
    bench.ResumeTiming();
    diagrams(window.matrix.view(), {}, scratch, out);
  }
}

BENCHMARK_CAPTURE(replace_point, sphere_10_64, "sphere_10", 64, Options{});
BENCHMARK_CAPTURE(replace_point, sphere_64_64, "sphere_64", 64, Options{});
BENCHMARK_CAPTURE(replace_point, sphere_10_64_h0, "sphere_10", 64, Options{.dimension_max = 0});
BENCHMARK_CAPTURE(replace_point, sphere_64_64_h0, "sphere_64", 64, Options{.dimension_max = 0});
BENCHMARK_CAPTURE(replace_point, sphere_10_128, "sphere_10", 128, Options{});
BENCHMARK_CAPTURE(replace_point, sphere_10_256, "sphere_10", 256, Options{})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(replace_point, sphere_64_256, "sphere_64", 256, Options{})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(replace_point, crossed_64_capped, "crossed_clusters", 64, Options{work_budget(64)});
BENCHMARK_CAPTURE(replace_point, random_64_capped, "random_metric", 64, Options{work_budget(64)});
BENCHMARK_CAPTURE(replace_point, simplices_64_capped, "orthogonal_simplices", 64, Options{work_budget(64)});
BENCHMARK_CAPTURE(replace_point, crossed_256_capped, "crossed_clusters", 256, Options{work_budget(256)})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(replace_point, random_256_capped, "random_metric", 256, Options{work_budget(256)})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(replace_point, simplices_256_capped, "orthogonal_simplices", 256, Options{work_budget(256)})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(from_scratch, sphere_10_64, "sphere_10", 64);
BENCHMARK_CAPTURE(from_scratch, sphere_64_64, "sphere_64", 64);
BENCHMARK_CAPTURE(from_scratch, sphere_10_256, "sphere_10", 256)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
