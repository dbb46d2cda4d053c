// Which policy was last in force: a change enters the audit log, also one that came with a restart. What was in force
// is what that log says last, so that no tenant that comes or goes makes a difference.
//
// Threads: as the store. Cost: that of Store::last_audit(), and at most a write.
#pragma once

#include <string>

#include "base/result.hpp"
#include "policy/policy.hpp"
#include "serve/config.hpp"
#include "store/store.hpp"

namespace cms::serve {

// SHA-256 of all that decides what follows from a score, as 64 hex digits: all that a policy says, the key that it
// names too; of the configuration what the gate lets pass, and the level of the fleet, where there is one.
std::string policy_digest(const policy::Policy& policy, const Config& config);

// Where this policy is not the last one in the audit log, which is so at the first start too, it is entered as
// `policy`, with who or what brought it and the digest; also where the log is too damaged to say. True where another
// was there before. Errors: `failed`, when the disk says no.
Result<bool> record_policy(store::Store& store, const policy::Policy& policy, const Config& config,
                           const std::string& by, double time);

}  // namespace cms::serve
