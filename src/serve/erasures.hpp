// Erasures that wait for their bytes: one compaction serves all that wait when it begins.
//
// Who asked for an erasure is answered once its bytes are in no live file. That takes seconds with many accounts, and
// longer behind a snapshot that is copied; so it is waited for on a thread of its own, and no other request waits.
// Threads: all functions from any. Cost: a compaction for all that came while the one before it ran.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.hpp"

namespace cms::serve {

class Erasures {
 public:
  using Compact = std::function<Result<void>()>;
  using Done = std::function<void(const Result<void>&)>;

  // `compact` takes the bytes of all that was erased before its call out of the files (Store::compact_erased()).
  explicit Erasures(Compact compact);
  // Serves those who wait first.
  ~Erasures();
  Erasures(const Erasures&) = delete;
  Erasures& operator=(const Erasures&) = delete;

  // Calls `done`, on a thread of this object, with the result of a compaction that began after this call. It must be
  // quick.
  void wait(Done done);

 private:
  void serve();

  Compact compact_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Done> waiting_;
  bool ending_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace cms::serve
