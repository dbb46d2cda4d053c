// Divergence, charts and the whole step for bench/peers.
#include "peers_library.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "atlas/atlas.hpp"
#include "base/directions.hpp"
#include "base/kernels.hpp"
#include "base/lanes.hpp"
#include "measure/divergence/divergence.hpp"
#include "peers_clock.hpp"
#include "pipeline/step.hpp"
#include "window/window.hpp"

using namespace cms;

extern const char* const kPeersHomologyForm;

namespace {

std::string error_text;

}  // namespace

const char* cms_peers_about() {
  static const std::string text = fmt::format("cms {}, {}, {}", CMS_VERSION, CMS_PEERS_COMPILER, kPeersHomologyForm);
  return text.c_str();
}

const char* cms_peers_error() { return error_text.c_str(); }

// --- divergence -----------------------------------------------------------------------------------------------------

struct CmsMmd {
  std::uint32_t rank = 0;
  float scale = 0;  // of the kernel exp(-scale d^2)
  std::vector<std::int8_t> lanes;
  std::vector<double> inverse_lengths;
  std::vector<float> weights;
  std::vector<std::int32_t> products;
  std::vector<float> chords;
  divergence::Reference reference;
  window::State window;
  Projected point;
  std::vector<float> distances;
};

namespace {

// The kernel mean of one point to the reference: integer products, chords, Gaussians, weighted sum.
float kernel_to_reference(CmsMmd& mmd, std::span<const std::int8_t> point) {
  products(mmd.lanes, point, mmd.products);
  const std::size_t rows = mmd.weights.size();
  chords(std::span<const std::int32_t>(mmd.products).first(rows), mmd.inverse_lengths,
         inverse_length(dot(point, point)), mmd.chords);
  gaussians(mmd.chords, mmd.scale, mmd.chords);
  return dot(std::span<const float>(mmd.chords), std::span<const float>(mmd.weights));
}

// Here the window's sum of kernels belongs once it is updated per event; today it is taken from all pairs anew.
double push_point(CmsMmd& mmd, std::span<const std::int8_t> point) {
  mmd.point.point.assign(point.begin(), point.end());
  mmd.point.benign_kernel = kernel_to_reference(mmd, point);
  window::push(mmd.window, mmd.point);
  const Distances distances = window::distances(mmd.window, mmd.distances);
  const auto kernels = std::span<const float>(mmd.window.benign_kernel).first(distances.count);
  return divergence::mmd(distances, kernels, mmd.reference).value_or(std::numeric_limits<double>::quiet_NaN());
}

}  // namespace

CmsMmd* cms_peers_mmd_open(const std::int8_t* reference, std::uint32_t rows, std::uint32_t rank, const float* weights,
                           double bandwidth, double self_kernel, std::uint32_t length) {
  const window::Options options{length, length, rank, 8, 1};
  auto window = window::make(options);
  if (!window || rows == 0) {
    error_text = window ? "no reference" : window.error().message;
    return nullptr;
  }
  auto* mmd = new CmsMmd;
  mmd->rank = rank;
  mmd->scale = static_cast<float>(1 / (2 * bandwidth * bandwidth));
  mmd->lanes.resize(lane_bytes(rows, rank));
  for (std::uint32_t i = 0; i < rows; ++i) {
    const std::span<const std::int8_t> row(reference + std::size_t{i} * rank, rank);
    put_row(mmd->lanes, i, row);
    mmd->inverse_lengths.push_back(inverse_length(dot(row, row)));
  }
  mmd->weights.assign(weights, weights + rows);
  mmd->products.resize((rows + kLanes - 1) / kLanes * kLanes);
  mmd->chords.resize(rows);
  mmd->reference = {bandwidth, self_kernel};
  mmd->window = std::move(*window);
  mmd->point.sketch.assign(8, 0);
  return mmd;
}

void cms_peers_mmd_close(CmsMmd* mmd) { delete mmd; }

std::int64_t cms_peers_mmd_push(CmsMmd* mmd, const std::int8_t* point, double* value) {
  return peers::nanoseconds([&] { *value = push_point(*mmd, {point, mmd->rank}); });
}

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
