// The gate: whether a request may pass now, for everything that stands before a model: the proxy and the gateways.
//
// The decision comes from memory and fails open: whoever is not known passes, and whoever cannot be read too, unless an
// operator says otherwise. Accounts at `limit` and `review` have an allowance of requests a minute (a token bucket
// that holds one minute's worth); what is beyond it has to wait. A rate of 0 lets nothing pass: blocking is something
// that an operator says, never the default.
// Invariants: failing open, an account at allow, observe or price always passes; in an hour at most 61 minutes' worth
// pass.
// Threads: any. Cost: a look-up and a decision; of limited accounts a hash and a short lock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/random.hpp"
#include "pipeline/engine.hpp"
#include "policy/policy.hpp"
#include "serve/campaigns.hpp"
#include "serve/overrides.hpp"

namespace cms::serve {

struct GateOptions {
  double limit_per_minute = 6;            // requests an account at `limit` may make
  double review_per_minute = 1;           // at `review`
  std::uint32_t accounts_max = 65'536;    // limited accounts that are remembered; full buckets go first
  bool fail_open = true;                  // an account that cannot be read passes; else it waits, shadow apart
  std::uint64_t seed = 0;                 // of the jitter of Retry-After
};

struct Verdict {
  policy::Decision decision;
  std::string_view status = "unknown";    // of the score: "computed", "not_computed", "unknown" or "unavailable"
  bool stale = false;                     // the store refuses: the decision may be older than the last requests
  bool pass = true;
  double retry_after_s = 0;               // where it may not pass: when the next may, with up to a quarter more
};

class Gate {
 public:
  // The engine, the overrides and the campaigns, where there are some, outlive it. `policy` gives the one in force,
  // `clock` seconds since 1970.
  Gate(pipeline::Engine& engine, const Overrides& overrides,
       std::function<std::shared_ptr<const policy::Policy>()> policy, std::function<double()> clock,
       const GateOptions& options, const Campaigns* campaigns = nullptr);

  // Asks for one request, and counts it against the allowance where the account is limited.
  Verdict ask(const store::AccountName& name);

 private:
  struct Bucket {
    double requests = 0;  // that may pass at `time`
    double time = 0;
  };
  double wait_s(const store::AccountName& name, const policy::Decision& decision, double now);
  void make_room(double now);

  pipeline::Engine& engine_;
  const Overrides& overrides_;
  std::function<std::shared_ptr<const policy::Policy>()> policy_;
  std::function<double()> clock_;
  GateOptions options_;
  const Campaigns* campaigns_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
  Random chance_;
};

}  // namespace cms::serve
