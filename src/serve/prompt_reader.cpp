#include "serve/prompt_reader.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/priority.hpp"
#include "serve/asked.hpp"

namespace cms::serve {
namespace {

struct Job {
  store::AccountName account;
  double time = 0;
  std::string body;
};

// Shared with what the tap calls back, which may come after the reader's end.
struct Counted {
  std::atomic<std::uint64_t> taken{0}, read{0}, without_text{0}, dropped{0}, refused{0};
  std::atomic<std::uint64_t> bytes{0};  // of bodies whose prompts the engine has not yet
};

}  // namespace

struct PromptReader::State {
  State(PromptReaderOptions chosen, Observe tap, std::function<double()> now)
      : options(std::move(chosen)), observe(std::move(tap)), clock(std::move(now)), sent(options.accounts_max) {}

  void read_all(const std::stop_token& stop);
  void read(Job job);

  PromptReaderOptions options;
  Observe observe;
  std::function<double()> clock;
  SentTexts sent;  // of the thread
  std::shared_ptr<Counted> counted = std::make_shared<Counted>();
  std::mutex mutex;
  std::condition_variable_any ready;
  std::deque<Job> jobs;
  std::jthread thread;
};

void PromptReader::State::read(Job job) {
  const auto whose = job.account.tenant + "/" + job.account.account;
  std::vector<Observation> texts;
  for (const auto& prompt : asked(job.body)) {
    texts.push_back({job.account.account, job.time, sent.take(whose, prompt)});
  }
  const auto bytes = job.body.size();
  if (texts.empty()) {
    counted->bytes -= bytes;
    ++counted->without_text;
    return;
  }
  // The tap's own queue counts texts, however long they are: their bytes stay held until it is done with them.
  observe(job.account.tenant, {}, std::move(texts), [counted = counted, bytes](const pipeline::Outcome& outcome) {
    counted->bytes -= bytes;
    ++(outcome.status == pipeline::Outcome::Status::done ? counted->read : counted->refused);
  });
}

void PromptReader::State::read_all(const std::stop_token& stop) {
  stand_back();
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex);
      if (!ready.wait(lock, stop, [&] { return !jobs.empty(); }) || stop.stop_requested()) return;
      job = std::move(jobs.front());
      jobs.pop_front();
    }
    read(std::move(job));
  }
}

PromptReader::PromptReader(PromptReaderOptions options, Observe observe, std::function<double()> clock)
    : state_(std::make_unique<State>(std::move(options), std::move(observe), std::move(clock))) {
  state_->thread = std::jthread([state = state_.get()](const std::stop_token& stop) { state->read_all(stop); });
}
PromptReader::PromptReader(PromptReader&&) noexcept = default;

PromptReader::~PromptReader() {
  if (!state_) return;
  state_->thread.request_stop();
  state_->thread.join();
}

void PromptReader::take(store::AccountName account, std::string body) {
  auto& state = *state_;
  ++state.counted->taken;
  const double now = state.clock();
  const std::lock_guard lock(state.mutex);
  if (body.size() > state.options.body_bytes_max || state.jobs.size() >= state.options.bodies_max ||
      state.counted->bytes + body.size() > state.options.bytes_max) {
    ++state.counted->dropped;
    return;
  }
  state.counted->bytes += body.size();
  state.jobs.push_back({std::move(account), now, std::move(body)});
  state.ready.notify_one();
}

PromptReaderCounters PromptReader::counters() const {
  const auto& counted = *state_->counted;
  return {counted.taken, counted.read, counted.without_text, counted.dropped, counted.refused};
}

}  // namespace cms::serve
