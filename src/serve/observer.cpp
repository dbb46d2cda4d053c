#include "serve/observer.hpp"

#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/hash.hpp"
#include "base/priority.hpp"
#include "tap/llama_tap.hpp"

namespace cms::serve {
namespace {

using pipeline::Outcome;
using pipeline::Refusal;

struct Job {
  pipeline::Batch batch;
  std::vector<std::string> texts;
  std::function<void(Outcome)> done;
};

// How the atlas' vectors were read.
Result<tap::TapOptions> tap_options(const Manifest& manifest, std::uint32_t threads) {
  if (manifest.segments_max > 1) {
    return fail(ErrorCode::refused, "observe mode reads one segment of a text; the atlas is of several");
  }
  tap::Readout readout;
  readout.pooling = manifest.pooling == "last" ? tap::Pooling::last : tap::Pooling::mean;
  if (manifest.layer != "final") {
    std::uint32_t block = 0;
    const auto* end = manifest.layer.data() + manifest.layer.size();
    if (manifest.layer.empty() || std::from_chars(manifest.layer.data() + 1, end, block).ptr != end) {
      return fail(ErrorCode::refused, fmt::format("observe mode cannot read layer '{}'", manifest.layer));
    }
    readout.block = block;
  }
  tap::TapOptions options;
  options.readouts = {readout};
  options.limits = {manifest.words_max, manifest.chars_max};
  options.chat_template = manifest.template_name == "chat";
  options.threads = threads;
  return options;
}

}  // namespace

struct Observer::State {
  State(tap::LlamaTap opened, pipeline::Engine& into, std::uint32_t texts_max)
      : tap(std::move(opened)), engine(into), queue_texts(texts_max) {}

  tap::LlamaTap tap;
  pipeline::Engine& engine;
  std::uint32_t queue_texts;
  std::mutex mutex;
  std::condition_variable_any ready;
  std::deque<Job> jobs;
  std::size_t waiting = 0;  // texts
  std::atomic<bool> closed{false};  // set under the mutex
  std::jthread reader;

  void read_all(const std::stop_token& stop);
  bool read(Job& job);
  void refuse(Job& job);
};

// As the engine refuses a batch as a whole: nothing of it is taken, and its position stays free to be sent again.
void Observer::State::refuse(Job& job) {
  engine.count_refused(job.batch.items.size(), Refusal::overload);
  job.done({Outcome::Status::refused, 0, {Refusal::overload}});
}

// The vectors of a job's texts into its items. A text that cannot be read is found by reading one at a time. False when
// it was closed before all were read.
bool Observer::State::read(Job& job) {
  const std::size_t dimension = tap.dimension();
  std::vector<std::size_t> places;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < job.texts.size(); ++i) {
    if (job.batch.items[i].refusal != Refusal::none) continue;
    places.push_back(i);
    texts.push_back(std::move(job.texts[i]));
  }
  bool together = true;
  for (std::size_t first = 0; first < texts.size();) {
    if (closed) return false;
    const auto left = std::span(texts).subspan(first);
    const auto batch = tap.read(together ? left : left.first(1));
    if (!batch && together) {
      together = false;
      continue;
    }
    const std::size_t count = batch ? batch->count : 1;
    for (std::size_t i = 0; i < count; ++i) {
      auto& item = job.batch.items[places[first + i]];
      if (!batch) {
        item.refusal = Refusal::text;
      } else {
        const auto* row = batch->values.front().data() + i * dimension;
        item.activation.assign(row, row + dimension);
      }
    }
    first += count;
    together = together || !batch;
  }
  return true;
}

void Observer::State::read_all(const std::stop_token& stop) {
  stand_back();  // beside the served model, never before it
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex);
      if (!ready.wait(lock, stop, [&] { return !jobs.empty(); }) || stop.stop_requested()) return;
      job = std::move(jobs.front());
      jobs.pop_front();
      waiting -= job.texts.size();
    }
    if (!read(job)) {
      refuse(job);
      continue;
    }
    engine.submit(std::move(job.batch), std::move(job.done));
  }
}

Result<Observer> Observer::start(const ObserverOptions& options, const pipeline::Model& model,
                                 pipeline::Engine& engine) {
  const auto& expected = model.atlas.manifest;
  CMS_TRY(tap_with, tap_options(expected, options.threads));
  tap_with.count_whole = false;  // nobody asks for it here, and who sends a text must not choose what it costs
  CMS_TRY(opened, tap::LlamaTap::open(options.model, tap_with));
  auto manifest = opened.manifests().front();
  CMS_TRY(hash, sha256_file(options.model));
  manifest.model_hash = hash;
  if (auto same = matches(expected, manifest); !same) {
    return fail_in(fmt::format("tap.model: {} is not the atlas' model", options.model.string()), same.error());
  }
  auto state = std::make_unique<State>(std::move(opened), engine, options.queue_texts);
  auto* self = state.get();
  state->reader = std::jthread([self](const std::stop_token& stop) { self->read_all(stop); });
  return Observer(std::move(state));
}

Observer::Observer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Observer::Observer(Observer&&) noexcept = default;

Observer::~Observer() {
  if (!state_) return;
  close();
  state_->reader.request_stop();
  state_->reader.join();
}

void Observer::close() {
  std::deque<Job> left;
  {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
    left.swap(state_->jobs);
    state_->waiting = 0;
  }
  for (auto& job : left) state_->refuse(job);
}

void Observer::observe(std::string tenant, pipeline::BatchPosition position, std::vector<Observation> texts,
                       std::function<void(Outcome)> done) {
  Job job{{std::move(tenant), std::move(position), {}}, {}, std::move(done)};
  for (auto& text : texts) {
    job.batch.items.push_back({std::move(text.account), text.time, {}, text.refusal});
    job.texts.push_back(std::move(text.text));
  }
  {
    const std::lock_guard lock(state_->mutex);
    const bool empty = state_->waiting == 0;
    if (!state_->closed && (empty || state_->waiting + job.texts.size() <= state_->queue_texts)) {
      state_->waiting += job.texts.size();
      state_->jobs.push_back(std::move(job));
      state_->ready.notify_one();
      return;
    }
  }
  state_->refuse(job);
}

}  // namespace cms::serve
