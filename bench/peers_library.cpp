// Charts and the whole step for bench/peers.
#include "peers_library.hpp"

#include <fmt/format.h>
#include <hwy/highway.h>

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
};

CmsCharts* cms_peers_charts_open(const float* centroids, std::uint32_t count, std::uint32_t rank) {
  auto* charts = new CmsCharts;
  charts->atlas.rank = rank;
  charts->atlas.centroids.assign(centroids, centroids + std::size_t{count} * rank);
  charts->atlas.charts.resize(count);
  return charts;
}

void cms_peers_charts_close(CmsCharts* charts) { delete charts; }

// Here the blocked product for batches belongs once there is one.
std::int64_t cms_peers_charts_nearest(CmsCharts* charts, const float* points, std::uint32_t count, std::uint16_t* out) {
  const std::size_t rank = charts->atlas.rank;
  return peers::nanoseconds([&] {
    for (std::uint32_t i = 0; i < count; ++i) out[i] = atlas::nearest_chart(charts->atlas, {points + i * rank, rank});
  });
}

// --- the whole step -------------------------------------------------------------------------------------------------

struct CmsSteps {
  pipeline::Model model;
  std::vector<pipeline::AccountState> accounts;
  std::vector<pipeline::Scratch> scratch;  // one a thread
  std::uint64_t requests = 0;              // taken in so far: the time of the next

  struct Batch {
    const float* rows;
    std::uint32_t count;
    double* poh;
    std::int64_t* each;
  };
  // The rows of the accounts of one thread.
  void push(std::size_t thread, const Batch& batch);
};

void CmsSteps::push(std::size_t thread, const Batch& batch) {
  const std::size_t dimension = model.atlas.manifest.dimension;
  for (std::uint32_t i = 0; i < batch.count; ++i) {
    const std::size_t account = (requests + i) % accounts.size();
    if (account % scratch.size() != thread) continue;
    const auto took = peers::nanoseconds([&] {
      batch.poh[i] = pipeline::step(model, accounts[account], {batch.rows + i * dimension, dimension},
                                    static_cast<double>(requests + i), scratch[thread])
                         .poh;
    });
    if (batch.each != nullptr) batch.each[i] = took;
  }
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
  for (std::uint32_t i = 0; i < accounts; ++i) steps->accounts.push_back(pipeline::make_account(steps->model));
  steps->scratch.resize(threads);
  return steps;
}

void cms_peers_steps_close(CmsSteps* steps) { delete steps; }

std::uint32_t cms_peers_steps_dimension(const CmsSteps* steps) { return steps->model.atlas.manifest.dimension; }
std::uint32_t cms_peers_steps_window(const CmsSteps* steps) { return steps->model.window_length; }

std::int64_t cms_peers_steps_push(CmsSteps* steps, const float* rows, std::uint32_t count, double* poh,
                                  std::int64_t* each) {
  const CmsSteps::Batch batch{rows, count, poh, each};
  const auto took = peers::nanoseconds([&] {
    if (steps->scratch.size() == 1) return steps->push(0, batch);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < steps->scratch.size(); ++t) {
      threads.emplace_back([&, t] { steps->push(t, batch); });
    }
    for (auto& thread : threads) thread.join();
  });
  steps->requests += count;
  return took;
}
