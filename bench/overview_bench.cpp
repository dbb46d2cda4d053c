// What the overview costs the committer for each durable change, and what looking at it costs (docs/performance.md).
#include <benchmark/benchmark.h>

#include <vector>

#include "base/random.hpp"
#include "serve/overview.hpp"

namespace {

using cms::serve::Overview;

constexpr double kNow = 1'800'000'000;
constexpr std::size_t kTogether = 64;  // changes of one commit

// Changes of accounts drawn at random; a tenth of them at a PoH where the policy acts.
std::vector<cms::pipeline::Change> changes(std::uint64_t accounts, std::size_t count) {
  cms::Random random(1);
  std::vector<cms::pipeline::Change> made(count);
  for (auto& change : made) {
    change.name = {"main", "account-" + std::to_string(random.below(accounts))};
    change.time = kNow;
    change.score.computed = true;
    change.score.poh = random.uniform();
  }
  return made;
}

struct World {
  explicit World(std::uint64_t accounts, double jitter) : overview(tenants, [this] { return policy; }, kNow) {
    auto made = std::make_shared<cms::policy::Policy>();
    made->jitter = jitter;
    made->jitter_key.emplace().fill(1);
    policy = made;
    traffic = changes(accounts, 4 * accounts);
    overview.take(traffic, kNow);
  }
  std::vector<std::string> tenants{"main"};
  std::shared_ptr<const cms::policy::Policy> policy = std::make_shared<cms::policy::Policy>();
  Overview overview;
  std::vector<cms::pipeline::Change> traffic;
};

// Arguments: accounts, jitter in percent.
void take(benchmark::State& state) {
  World world(static_cast<std::uint64_t>(state.range(0)), static_cast<double>(state.range(1)) / 100);
  std::size_t at = 0;
  for ([[maybe_unused]] auto _ : state) {
    world.overview.take(std::span(world.traffic).subspan(at, kTogether), kNow);
    at = (at + kTogether) % (world.traffic.size() - kTogether);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kTogether));
}
BENCHMARK(take)->Args({1'000, 0})->Args({100'000, 0})->Args({100'000, 10})->Args({1'000'000, 0});

void view(benchmark::State& state) {
  World world(static_cast<std::uint64_t>(state.range(0)), 0);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(world.overview.view("main", kNow));
}
BENCHMARK(view)->Arg(100'000);

// What the queue asks for: the 2,000 lowest at price or worse.
void lowest(benchmark::State& state) {
  World world(static_cast<std::uint64_t>(state.range(0)), 0);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(world.overview.lowest("main", .05, 2000));
}
BENCHMARK(lowest)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
