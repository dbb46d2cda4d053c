// Reads what passed the proxy or a gateway: bodies of requests to prompts, and these to the daemon's own tap.
//
// One thread of idle priority, beside the requests and never before them: take() hands a copy over and returns. What
// does not fit is not read, and counted: bodies are bounded while they wait for this thread, their bytes until the tap
// has read the prompts and the engine has them. A body lives in memory until it has been read, and nowhere else.
// Invariant: taken = read + without_text + dropped + refused + waiting.
// Threads: all functions from any thread. Cost: of take() a short lock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "serve/observer.hpp"

namespace cms::serve {

struct PromptReaderOptions {
  std::size_t bodies_max = 1024;                 // waiting for the reader
  std::uint64_t body_bytes_max = 64ULL << 20;    // of one body; a larger one does not fit
  std::uint64_t bytes_max = 64ULL << 20;         // of all bodies whose prompts the engine has not yet
  std::size_t accounts_max = 65'536;             // whose sent texts are remembered (asked.hpp)
};

struct PromptReaderCounters {
  std::uint64_t taken = 0;         // bodies
  std::uint64_t read = 0;          // whose prompts the engine has
  std::uint64_t without_text = 0;  // that ask nothing in words
  std::uint64_t dropped = 0;       // did not fit
  std::uint64_t refused = 0;       // by the tap or the engine: overload
};

class PromptReader {
 public:
  // `observe` is the tap's; what it refers to outlives the reader. `clock` in seconds since 1970.
  PromptReader(PromptReaderOptions options, Observe observe, std::function<double()> clock);
  PromptReader(PromptReader&&) noexcept;
  // What waits is not read.
  ~PromptReader();

  void take(store::AccountName account, std::string body);

  [[nodiscard]] PromptReaderCounters counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cms::serve
