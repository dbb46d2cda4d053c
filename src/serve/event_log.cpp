#include "serve/event_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "base/files.hpp"
#include "tap/json_lines.hpp"

namespace cms::serve {
namespace {

namespace fs = std::filesystem;

// What is written at once: small, so that a disk with little room left still takes what fits.
constexpr std::size_t kChunkBytes = 64 << 10;

fs::path old_file(const fs::path& path, std::uint32_t number) {
  return number == 0 ? path : fs::path(fmt::format("{}.{}", path.string(), number));
}

// Bytes up to and with the last newline; 0 for a file that is not there.
Result<std::uint64_t> whole_bytes(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return 0;
  const auto unreadable = [&] { return fail(ErrorCode::failed, fmt::format("cannot read {}", path.string())); };
  std::ifstream file(path, std::ios::binary);
  if (!fs::is_regular_file(path, error) || !file) return unreadable();
  std::uint64_t end = fs::file_size(path, error);
  std::string block;
  while (end > 0) {
    const auto first = end > kChunkBytes ? end - kChunkBytes : 0;
    block.resize(end - first);
    file.seekg(static_cast<std::streamoff>(first));
    if (!file.read(block.data(), static_cast<std::streamsize>(block.size()))) return unreadable();
    const auto newline = block.rfind('\n');
    if (newline != std::string::npos) return first + newline + 1;
    end = first;
  }
  return 0;
}

}  // namespace

struct EventLog::State {
  EventLogOptions options;
  Report report;

  mutable std::mutex mutex;
  std::condition_variable_any changed;
  std::deque<std::string> queue;  // under the mutex, with what follows
  EventLogCounters counters;
  std::uint64_t lost_before = 0;  // when the failure began
  bool syncing = false;           // what was taken from the queue is not synced yet

  // Of the log's thread alone.
  std::optional<AppendFile> file;
  std::uint64_t file_bytes = 0;  // whole lines

  std::jthread thread;  // last: it uses all of the above

  Result<void> reopen() {
    file.reset();
    // Somebody may have moved or cut the file: it must not be filled up with zeros.
    std::error_code error;
    const auto size = fs::file_size(options.path, error);
    file_bytes = error ? 0 : std::min<std::uint64_t>(file_bytes, size);
    CMS_TRY(opened, AppendFile::open(options.path, file_bytes));
    file = std::move(opened);
    return {};
  }

  Result<void> rotate() {
    std::error_code error;
    if (options.files_max == 0) {
      file_bytes = 0;
      return reopen();
    }
    for (std::uint32_t number = options.files_max; number-- > 0;) {
      const auto from = old_file(options.path, number);
      if (number > 0 && !fs::exists(from, error)) continue;
      fs::rename(from, old_file(options.path, number + 1), error);
      if (error) {
        return fail(ErrorCode::failed, fmt::format("cannot rename {}: {}", from.string(), error.message()));
      }
    }
    file_bytes = 0;
    {
      const std::lock_guard lock(mutex);
      ++counters.rotations;
    }
    return reopen();
  }

  // As many lines as one write takes and the file has room for, from the front of the queue: at least one.
  std::pair<std::string, std::size_t> next_chunk() const {
    const std::lock_guard lock(mutex);
    std::string chunk = queue.front();
    std::size_t lines = 1;
    std::uint64_t room = kChunkBytes;
    if (options.bytes_max > 0) room = std::min(room, options.bytes_max - std::min(options.bytes_max, file_bytes));
    while (lines < queue.size() && chunk.size() + queue[lines].size() <= room) {
      chunk += queue[lines++];
    }
    return {std::move(chunk), lines};
  }

  Result<void> write_one_chunk() {
    if (!file) CMS_CHECK(reopen());
    auto [chunk, lines] = next_chunk();
    if (options.bytes_max > 0 && file_bytes > 0 && file_bytes + chunk.size() > options.bytes_max) {
      CMS_CHECK(file->sync());
      CMS_CHECK(rotate());
      std::tie(chunk, lines) = next_chunk();
    }
    CMS_CHECK(file->append(chunk));
    file_bytes += chunk.size();
    const std::lock_guard lock(mutex);
    queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(lines));
    counters.written += lines;
    return {};
  }

  Result<void> write_all() {
    while (true) {
      {
        const std::lock_guard lock(mutex);
        if (queue.empty()) break;
      }
      CMS_CHECK(write_one_chunk());
    }
    return file->sync();
  }

  // Reports before it lets flush() go: who has waited for the attempt has heard of it.
  void told(const Result<void>& result) {
    std::string words;
    {
      const std::lock_guard lock(mutex);
      if (!result && !counters.failing) {
        lost_before = counters.lost;
        words = "the log of events cannot be written, lines wait: " + result.error().message;
      }
      if (result && counters.failing) {
        words = fmt::format("the log of events is written again; {} lines were lost", counters.lost - lost_before);
      }
    }
    if (!words.empty() && report) report(words);
    {
      const std::lock_guard lock(mutex);
      if (!result) ++counters.failures;
      counters.failing = !result;
      syncing = false;
    }
    changed.notify_all();
  }

  void run(const std::stop_token& stop) {
    bool last = false;
    while (!last) {
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, stop, [&] { return !queue.empty(); });
        last = stop.stop_requested();
        if (queue.empty()) continue;
        syncing = true;
      }
      const auto result = write_all();
      // Opening again cuts off what lies behind the last whole line; where it fails it is tried with the next write.
      if (!result) static_cast<void>(reopen());
      told(result);
      if (!result && !last) {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, stop, std::chrono::duration<double>(options.retry_s), [] { return false; });
      }
    }
    const std::lock_guard lock(mutex);
    counters.lost += queue.size();
    if (!queue.empty() && report) report(fmt::format("{} lines of the log of events were lost", queue.size()));
  }
};

EventLog::EventLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
EventLog::EventLog(EventLog&&) noexcept = default;
EventLog& EventLog::operator=(EventLog&&) noexcept = default;
EventLog::~EventLog() = default;

Result<EventLog> EventLog::open(const EventLogOptions& options, Report report) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->report = std::move(report);
  CMS_TRY(bytes, whole_bytes(options.path));
  state->file_bytes = bytes;
  CMS_CHECK(state->reopen());
  state->thread = std::jthread([s = state.get()](const std::stop_token& stop) { s->run(stop); });
  return EventLog(std::move(state));
}

bool EventLog::append(const Event& event) {
  auto line = event_line(event);
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->queue.size() >= state_->options.queue_lines) {
      ++state_->counters.lost;
      return false;
    }
    state_->queue.push_back(std::move(line));
  }
  state_->changed.notify_all();
  return true;
}

bool EventLog::flush() {
  std::unique_lock lock(state_->mutex);
  const auto attempts = state_->counters.failures;
  state_->changed.wait(lock, [&] {
    return (state_->queue.empty() && !state_->syncing) || state_->counters.failures > attempts;
  });
  return state_->queue.empty();
}

EventLogCounters EventLog::counters() const {
  const std::lock_guard lock(state_->mutex);
  auto counters = state_->counters;
  counters.queued = state_->queue.size();
  return counters;
}

Result<void> for_each_event(const fs::path& path, const std::function<Result<void>(Event&&)>& take) {
  return tap::for_each_object(path, [&](nlohmann::json&& object, std::size_t) -> Result<void> {
    CMS_TRY(event, parse_event(object));
    return take(std::move(event));
  });
}

Result<void> recall(ActionWatch& watch, const EventOptions& options, const fs::path& path) {
  std::uint32_t oldest = 0;
  std::error_code error;
  while (fs::exists(old_file(path, oldest + 1), error)) ++oldest;
  for (std::uint32_t number = oldest + 1; number-- > 0;) {
    const auto file = old_file(path, number);
    if (!fs::exists(file, error)) continue;
    CMS_CHECK(for_each_event(file, [&](Event&& event) -> Result<void> {
      recall(watch, event, options);
      return {};
    }));
  }
  return {};
}

}  // namespace cms::serve
