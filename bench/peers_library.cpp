// Charts and the whole step for bench/peers.
#include "peers_library.hpp"

#include <fmt/format.h>
#include <hwy/highway.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "atlas/atlas.hpp"
#include "peers_clock.hpp"
#include "pipeline/step.hpp"

using namespace cms;

namespace {

std::string error_text;

}  // namespace

const char* cms_peers_about() {
  static const std::string text = fmt::format("cms {}, {}, {} kernels", CMS_VERSION, CMS_PEERS_COMPILER,
                                              hwy::TargetName(hwy::SupportedAndGeneratedTargets().front()));
  return text.c_str();
}

const char* cms_peers_error() { return error_text.c_str(); }

// --- charts ---------------------------------------------------------------------------------------------------------

struct CmsCharts {
  atlas::Atlas atlas;
  atlas::NearestScratch scratch;
};

CmsCharts* cms_peers_charts_open(const float* centroids, std::uint32_t count, std::uint32_t rank) {
  auto* charts = new CmsCharts;
  charts->atlas.rank = rank;
  // The smallest atlas that derive() takes: only its charts are asked for.
  charts->atlas.manifest.dimension = 1;
  charts->atlas.mean.resize(1);
  charts->atlas.projection.resize(rank);
  charts->atlas.sketch_dimension = 1;
  charts->atlas.sketch.resize(1);
  charts->atlas.reference.resize(rank);
  charts->atlas.reference_weights.resize(1);
  charts->atlas.centroids.assign(centroids, centroids + std::size_t{count} * rank);
  charts->atlas.charts.resize(count);
  derive(charts->atlas);
  return charts;
}

void cms_peers_charts_close(CmsCharts* charts) { delete charts; }

std::int64_t cms_peers_charts_nearest(CmsCharts* charts, const float* points, std::uint32_t count, std::uint16_t* out) {
  const std::size_t values = std::size_t{count} * charts->atlas.rank;
  return peers::nanoseconds([&] {
    atlas::nearest_charts(charts->atlas, {points, values}, charts->scratch, {out, count});
  });
}

// --- the whole step -------------------------------------------------------------------------------------------------

namespace {

constexpr std::uint32_t kBatch = 32;  // requests that the batch form is given at once

struct Rows {
  const float* values;
  std::uint32_t count;
  double* poh;
  std::int64_t* each;
};

// Where a thread's own data begin: two cache lines, since processors fetch them in pairs.
constexpr std::size_t kApart = 128;

// What one thread works with: no line of it is shared with another.
struct alignas(kApart) Worker {
  pipeline::Scratch scratch;
  std::vector<pipeline::AccountState> accounts;
  std::vector<pipeline::Event> events;
  std::vector<std::uint32_t> rows;  // that it has taken in this push, those of the events last
  std::vector<double> poh;          // of the rows; they are put together when all threads are done
  std::vector<Score> scores = std::vector<Score>(kBatch);
};

}  // namespace

struct CmsSteps {
  pipeline::Model model;
  std::uint32_t accounts = 0;  // account a is number a / workers.size() of worker a mod workers.size()
  std::vector<Worker> workers;
  std::uint64_t requests = 0;  // taken in so far: the time of the next

  // The rows of the accounts of one worker, one by one where each is timed, else in batches.
  void push(std::size_t number, const Rows& rows);
  void push_one(Worker& worker, const Rows& rows, const pipeline::Event& event, std::uint32_t row);
  void push_batch(Worker& worker);
};

void CmsSteps::push_one(Worker& worker, const Rows& rows, const pipeline::Event& event, std::uint32_t row) {
  rows.each[row] = peers::nanoseconds([&] {
    worker.poh.push_back(pipeline::step(model, *event.account, event.activation, event.time, worker.scratch).poh);
  });
}

void CmsSteps::push_batch(Worker& worker) {
  const auto scores = std::span(worker.scores).first(worker.events.size());
  pipeline::step(model, worker.events, worker.scratch, scores);
  for (const Score& score : scores) worker.poh.push_back(score.poh);
  worker.events.clear();
}

void CmsSteps::push(std::size_t number, const Rows& rows) {
  Worker& worker = workers[number];
  const std::size_t dimension = model.atlas.manifest.dimension;
  worker.rows.clear();
  worker.poh.clear();
  for (std::uint32_t i = 0; i < rows.count; ++i) {
    const std::size_t account = (requests + i) % accounts;
    if (account % workers.size() != number) continue;
    worker.rows.push_back(i);
    const pipeline::Event event{&worker.accounts[account / workers.size()], {rows.values + i * dimension, dimension},
                                static_cast<double>(requests + i)};
    if (rows.each != nullptr) {
      push_one(worker, rows, event, i);
      continue;
    }
    worker.events.push_back(event);
    if (worker.events.size() == kBatch) push_batch(worker);
  }
  if (!worker.events.empty()) push_batch(worker);
}

CmsSteps* cms_peers_steps_open(const char* model, std::uint32_t accounts, std::uint32_t threads) {
  auto read = pipeline::read_model(model);
  if (!read || accounts == 0 || threads == 0) {
    error_text = read ? "accounts and threads must be positive" : read.error().message;
    return nullptr;
  }
  auto* steps = new CmsSteps;
  steps->model = std::move(*read);
  steps->model.calibration.options.stride = 1;
  steps->accounts = accounts;
  steps->workers = std::vector<Worker>(threads);
  for (std::uint32_t i = 0; i < accounts; ++i) {
    steps->workers[i % threads].accounts.push_back(pipeline::make_account(steps->model));
  }
  return steps;
}

void cms_peers_steps_close(CmsSteps* steps) { delete steps; }

std::uint32_t cms_peers_steps_dimension(const CmsSteps* steps) { return steps->model.atlas.manifest.dimension; }
std::uint32_t cms_peers_steps_window(const CmsSteps* steps) { return steps->model.window_length; }

std::int64_t cms_peers_steps_push(CmsSteps* steps, const float* rows, std::uint32_t count, double* poh,
                                  std::int64_t* each) {
  const Rows batch{rows, count, poh, each};
  const auto alone = [&] { steps->push(0, batch); };
  const auto split = [&] {
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < steps->workers.size(); ++t) {
      threads.emplace_back([&, t] { steps->push(t, batch); });
    }
    for (auto& thread : threads) thread.join();
  };
  const auto took = steps->workers.size() == 1 ? peers::nanoseconds(alone) : peers::wall_nanoseconds(split);
  for (const Worker& worker : steps->workers) {
    for (std::size_t i = 0; i < worker.rows.size(); ++i) poh[worker.rows[i]] = worker.poh[i];
  }
  steps->requests += count;
  return took;
}

// --- what the machine gives -----------------------------------------------------------------------------------------

namespace {

// A chain in one register that no compiler can shorten; gives its end.
std::uint64_t spin(std::uint64_t rounds) {
  std::uint64_t value = rounds | 1;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    value ^= value << 13U;
    value ^= value >> 7U;
    value ^= value << 17U;
  }
  return value;
}

}  // namespace

std::int64_t cms_peers_spin(std::uint32_t threads, std::uint64_t rounds) {
  if (threads == 0) return -1;
  std::atomic<std::uint64_t> ends{0};
  return peers::wall_nanoseconds([&] {
    std::vector<std::thread> others;
    for (std::uint32_t t = 1; t < threads; ++t) others.emplace_back([&] { ends += spin(rounds); });
    ends += spin(rounds);
    for (auto& other : others) other.join();
  });
}
