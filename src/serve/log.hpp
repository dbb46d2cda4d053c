// The daemon's own log: what happened to the program, for who operates it. Text or JSON, one line a message.
//
// Invariants
//  1. A message names a scope (a word of the design) and a kind (a word fixed in code). Of one kind in one scope at
//     most `burst` lines come in `window_s`; the next line after that says how many were left out.
//  2. One message is one line: control characters are escaped, whosever text they came in.
//  3. Accounts by pseudonym only, never a prompt, an activation or a secret: that is on the caller.
// Threads: write() from any thread. Cost: some microseconds a line; 100 ns for one that is left out. Docs: docs/log.md.
// Library: spdlog.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cms::serve {

// By name in the log.
enum class Level : std::uint8_t { debug, info, warning, error };
std::string_view name(Level level);

// The words of the design, docs/tour.md.
enum class Scope : std::uint8_t { tap, atlas, window, measure, score, policy, fleet, ledger, store, pipeline, serve };
std::string_view name(Scope scope);

struct LogOptions {
  std::string level = "info";  // milder messages are left out
  bool json = false;
  std::uint32_t burst = 10;    // lines of one kind in window_s; >= 1
  double window_s = 60;
};

struct LogCounters {
  std::uint64_t warnings = 0, errors = 0;  // messages, left out or not
  std::uint64_t left_out = 0;              // messages beyond the burst
};

class Log {
 public:
  using Clock = std::function<double()>;  // seconds since 1970

  // To `out`, which outlives the log, or to standard error. Errors: `bad_input` for a level that is none.
  static Result<Log> to(std::ostream& out, const LogOptions& options, Clock clock);
  static Result<Log> to_stderr(const LogOptions& options, Clock clock);

  Log(Log&&) noexcept;
  Log& operator=(Log&&) noexcept;
  ~Log();

  // `kind` is a word like commit_failed. `more`: an object of what machines read, its values plain.
  void write(Level level, Scope scope, std::string_view kind, std::string_view text,
             const nlohmann::ordered_json& more = nlohmann::ordered_json::object());

  [[nodiscard]] LogCounters counters() const;

 private:
  struct State;
  explicit Log(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cms::serve
