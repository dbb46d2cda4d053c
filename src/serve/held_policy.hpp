// A policy that readers keep while another takes its place, and the jitter key of policies that name none.
//
// Threads: get() and set() from any; the key is set before anybody else is there. Cost: a mutex.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "policy/policy.hpp"

namespace cms::serve {

class HeldPolicy {
 public:
  // Shared, because who reads one must not lose it under way. Null before the first set().
  [[nodiscard]] std::shared_ptr<const policy::Policy> get() const {
    const std::lock_guard lock(mutex_);
    return policy_;
  }
  void set(policy::Policy next) {
    auto made = std::make_shared<const policy::Policy>(std::move(next));
    const std::lock_guard lock(mutex_);
    policy_.swap(made);
  }

  void set_own_key(const std::array<std::uint8_t, 32>& key) { own_key_ = key; }
  // The policy as it was read, with the own key where it has none.
  [[nodiscard]] policy::Policy keyed(policy::Policy read) const {
    if (!read.jitter_key) read.jitter_key = own_key_;
    return read;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const policy::Policy> policy_;
  std::array<std::uint8_t, 32> own_key_{};
};

}  // namespace cms::serve
