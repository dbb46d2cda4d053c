// Which policy was last in force, kept in the store: a change enters the audit log, also one that came with a restart.
//
// Threads: as the store. Cost: a read and at most a write for each tenant.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "policy/policy.hpp"
#include "store/store.hpp"

namespace cms::serve {

// SHA-256 of all that a policy says, the key that it names too, as 64 hex digits.
std::string policy_digest(const policy::Policy& policy);

// Where no tenant has had this policy last, which is so at the first start too, it enters the audit log as `policy`,
// with who or what brought it and the digest, before it is remembered. True where one had another. Errors: those of the
// store.
Result<bool> record_policy(store::Store& store, const std::vector<std::string>& tenants, const policy::Policy& policy,
                           const std::string& by, double time);

}  // namespace cms::serve
