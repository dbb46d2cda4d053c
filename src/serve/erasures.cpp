#include "serve/erasures.hpp"

#include <utility>

namespace cms::serve {

Erasures::Erasures(Compact compact) : compact_(std::move(compact)), thread_([this] { serve(); }) {}

Erasures::~Erasures() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  changed_.notify_all();
}

void Erasures::wait(Done done) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(done));
  changed_.notify_all();
}

void Erasures::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const auto served = std::exchange(waiting_, {});
    lock.unlock();
    const auto compacted = compact_();
    for (const auto& done : served) done(compacted);
    lock.lock();
  }
}

}  // namespace cms::serve
