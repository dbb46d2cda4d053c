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
#include "pipeline/parallel.hpp"
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
  std::vector<pipeline::Event> events;
  std::vector<std::uint32_t> rows;  // of the events
  std::vector<Score> scores = std::vector<Score>(kBatch);
};

// Accounts that one thread takes at a time, and the PoH of their rows: put together when all threads are done.
struct alignas(kApart) Group {
  std::vector<pipeline::AccountState> accounts;
  std::vector<std::uint32_t> rows;
  std::vector<double> poh;
};

}  // namespace

struct CmsSteps {
  pipeline::Model model;
  std::uint32_t accounts = 0;
  std::vector<Group> groups;  // account a is number a % size of group a / size
  std::vector<Worker> workers;
  std::uint64_t requests = 0;  // taken in so far: the time of the next

  // The rows of one group, one by one where each is timed, else in batches.
  void push(std::size_t group, Worker& worker, const Rows& rows);
  void push_one(Group& group, Worker& worker, const Rows& rows, const pipeline::Event& event, std::uint32_t row);
  void push_batch(Group& group, Worker& worker);
};

void CmsSteps::push_one(Group& group, Worker& worker, const Rows& rows, const pipeline::Event& event,
                        std::uint32_t row) {
  rows.each[row] = peers::nanoseconds([&] {
    group.poh.push_back(pipeline::step(model, *event.account, event.activation, event.time, worker.scratch).poh);
  });
}

void CmsSteps::push_batch(Group& group, Worker& worker) {
  const auto scores = std::span(worker.scores).first(worker.events.size());
  pipeline::step(model, worker.events, worker.scratch, scores);
  for (const Score& score : scores) group.poh.push_back(score.poh);
  worker.events.clear();
}

void CmsSteps::push(std::size_t number, Worker& worker, const Rows& rows) {
  Group& group = groups[number];
  const std::size_t size = groups.front().accounts.size(), dimension = model.atlas.manifest.dimension;
  group.rows.clear();
  group.poh.clear();
  for (std::uint32_t i = 0; i < rows.count; ++i) {
    const std::size_t account = (requests + i) % accounts;
    if (account / size != number) continue;
    group.rows.push_back(i);
    const pipeline::Event event{&group.accounts[account % size], {rows.values + i * dimension, dimension},
                                static_cast<double>(requests + i)};
    if (rows.each != nullptr) {
      push_one(group, worker, rows, event, i);
      continue;
    }
    worker.events.push_back(event);
    if (worker.events.size() == kBatch) push_batch(group, worker);
  }
  if (!worker.events.empty()) push_batch(group, worker);
}

CmsSteps* cms_peers_steps_open(const char* model, std::uint32_t accounts, std::uint32_t threads,
                               std::uint32_t together) {
  auto read = pipeline::read_model(model);
  if (!read || accounts == 0 || threads == 0 || together == 0) {
    error_text = read ? "accounts, threads and accounts together must be positive" : read.error().message;
    return nullptr;
  }
  auto* steps = new CmsSteps;
  steps->model = std::move(*read);
  steps->model.calibration.options.stride = 1;
  steps->accounts = accounts;
  steps->workers = std::vector<Worker>(threads);
  steps->groups = std::vector<Group>((accounts + together - 1) / together);
  for (std::uint32_t i = 0; i < accounts; ++i) {
    steps->groups[i / together].accounts.push_back(pipeline::make_account(steps->model));
  }
  return steps;
}

void cms_peers_steps_close(CmsSteps* steps) { delete steps; }

std::uint32_t cms_peers_steps_dimension(const CmsSteps* steps) { return steps->model.atlas.manifest.dimension; }
std::uint32_t cms_peers_steps_window(const CmsSteps* steps) { return steps->model.window_length; }

std::int64_t cms_peers_steps_push(CmsSteps* steps, const float* rows, std::uint32_t count, double* poh,
                                  std::int64_t* each) {
  const Rows batch{rows, count, poh, each};
  const auto push = [&] {
    const auto threads = static_cast<unsigned>(steps->workers.size());
    pipeline::parallel_for(steps->groups.size(), threads, [&](unsigned worker, std::size_t group) {
      steps->push(group, steps->workers[worker], batch);
    });
  };
  const auto took = steps->workers.size() == 1 ? peers::nanoseconds(push) : peers::wall_nanoseconds(push);
  for (const Group& group : steps->groups) {
    for (std::size_t i = 0; i < group.rows.size(); ++i) poh[group.rows[i]] = group.poh[i];
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
