// The log of events: a file of JSON objects, one a line, rotated by size.
//
// Invariants
//  1. append() never waits for the disk: lines go through a bounded queue to one thread.
//  2. A line is in the file whole or not at all. After a failed write (disk full) the file is cut back to its last
//     whole line, and what was to be written is tried again every retry_s; a part of a line that a kill left is cut off
//     at the next start.
//  3. Lines are lost only when the queue is full, the newest first, or when the log closes while the disk says no.
//     Each is counted; a failure and the number lost are reported once each time it begins and ends.
// Written lines are synced whenever the queue has run empty. The log of events is for watching; what must be proven is
// in the store's audit log. Names: FILE, then FILE.1 (the newest of the old ones) to FILE.N. Format of a line:
// docs/formats/event.md. Threads: every function from any thread. Cost: append makes the line, about 10 us.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "serve/event.hpp"

namespace cms::serve {

struct EventLogOptions {
  std::filesystem::path path;
  std::uint64_t bytes_max = 64ULL << 20;  // of one file; a longer line has a file of its own. 0 = never rotated
  std::uint32_t files_max = 5;            // old files that are kept; 0 = what is full is deleted
  std::size_t queue_lines = 8192;         // lines that wait for the disk; >= 1
  double retry_s = 1;                     // between attempts while the disk says no; > 0
};

struct EventLogCounters {
  std::uint64_t written = 0;   // lines
  std::uint64_t lost = 0;      // lines
  std::uint64_t failures = 0;  // of writing, syncing or rotating
  std::uint64_t rotations = 0;
  std::uint64_t queued = 0;    // lines, now
  bool failing = false;        // since the last attempt
};

class EventLog {
 public:
  // Told in words, from the log's thread, when writing begins to fail and when it goes on.
  using Report = std::function<void(const std::string&)>;

  // Opens or makes the file and goes on after its last whole line. Errors: `failed`, naming the path.
  static Result<EventLog> open(const EventLogOptions& options, Report report = {});

  EventLog(EventLog&&) noexcept;
  EventLog& operator=(EventLog&&) noexcept;
  // Writes what is queued, unless the disk says no.
  ~EventLog();

  // Takes the event's line; false when the queue is full and the line is lost.
  bool append(const Event& event);
  // Waits until all that was appended is written and synced: true; or the disk has said no: false.
  bool flush();

  [[nodiscard]] EventLogCounters counters() const;

 private:
  struct State;
  explicit EventLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Calls `take` for each event of a file. Errors: `bad_input`, naming file and line; those of `take`.
Result<void> for_each_event(const std::filesystem::path& path, const std::function<Result<void>(Event&&)>& take);

// Recalls (serve/event.hpp) what the log at `path` and its older files say, oldest first; a file that is not there is
// passed over. Errors: `bad_input`.
Result<void> recall(ActionWatch& watch, const EventOptions& options, const std::filesystem::path& path);

}  // namespace cms::serve
