// A policy that readers keep while another takes its place, and the jitter keys of policies that name none.
//
// Threads: get() and set() from any; the keys are set before anybody else is there. Cost: a mutex.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "policy/policy.hpp"
#include "store/keys.hpp"

namespace cms::serve {

// By which the thresholds of a tenant's accounts are jittered under policies that name no key. Another `use` would move
// every threshold.
inline policy::JitterKey jitter_key_of(const store::Key& key) {
  return store::derive(key, "cms policy 1 jitter").bytes;
}

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

  void set_tenants(const store::KeyRing& keys) {
    for (const auto& [tenant, key] : keys) own_keys_[tenant] = jitter_key_of(key);
  }
  // The policy as it was read, with the tenants' own keys.
  [[nodiscard]] policy::Policy keyed(policy::Policy read) const {
    read.own_jitter_keys = own_keys_;
    return read;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const policy::Policy> policy_;
  std::map<std::string, policy::JitterKey, std::less<>> own_keys_;
};

}  // namespace cms::serve
