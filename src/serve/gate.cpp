#include "serve/gate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "serve/decision.hpp"

namespace cms::serve {
namespace {

constexpr double kNever_s = 3600;    // what a caller is told who may not pass at all
constexpr double kUnreadable_s = 5;  // and one whose account cannot be read, where the gate fails closed

}  // namespace

Gate::Gate(pipeline::Engine& engine, const Overrides& overrides,
           std::function<std::shared_ptr<const policy::Policy>()> policy, std::function<double()> clock,
           const GateOptions& options, const Campaigns* campaigns)
    : engine_(engine), overrides_(overrides), policy_(std::move(policy)), clock_(std::move(clock)), options_(options),
      campaigns_(campaigns), chance_(options.seed) {}

Verdict Gate::ask(const store::AccountName& name) {
  const double now = clock_();
  Verdict verdict;
  const auto policy = policy_();
  auto said = answer_about(engine_, *policy, overrides_, campaigns_, name, now);
  verdict.status = said.status;
  verdict.stale = said.stale;
  verdict.decision = std::move(said.decision);
  // Neither in shadow nor against what an analyst or an allowance says.
  const bool closed = !options_.fail_open && verdict.status == "unavailable" && !policy->shadow &&
                      verdict.decision.why != "override" &&
                      !policy::declared(*policy, name.tenant, now).contains(name.account);
  const double wait = closed ? kUnreadable_s : wait_s(name, verdict.decision, now);
  if (wait <= 0) return verdict;
  verdict.pass = false;
  const std::lock_guard lock(mutex_);
  verdict.retry_after_s = wait * (1 + .25 * chance_.uniform());  // who is turned away together should not come together
  return verdict;
}

// 0 when the request may pass, and is counted then.
double Gate::wait_s(const store::AccountName& name, const policy::Decision& decision, double now) {
  const auto action = decision.action;
  if (action != Action::limit && action != Action::review) return 0;
  const double per_minute = action == Action::limit ? options_.limit_per_minute : options_.review_per_minute;
  if (per_minute <= 0) return kNever_s;
  const double most = std::max(per_minute, 1.0);
  const std::lock_guard lock(mutex_);
  const auto key = fmt::format("{}/{}", name.tenant, name.account);
  if (buckets_.size() >= options_.accounts_max && !buckets_.contains(key)) make_room(now);
  auto& bucket = buckets_.try_emplace(key, Bucket{most, now}).first->second;
  bucket.requests = std::min(most, bucket.requests + std::max(0.0, now - bucket.time) * per_minute / 60);
  bucket.time = now;
  if (bucket.requests >= 1) {
    bucket.requests -= 1;
    return 0;
  }
  return (1 - bucket.requests) * 60 / per_minute;
}

// Buckets that are full again say nothing. Where none is, the one that was asked for longest ago goes.
void Gate::make_room(double now) {
  const double slowest = std::min(options_.limit_per_minute, options_.review_per_minute);
  std::erase_if(buckets_, [&](const auto& one) {
    return one.second.requests + (now - one.second.time) * slowest / 60 >=
           std::max({options_.limit_per_minute, options_.review_per_minute, 1.0});
  });
  if (buckets_.size() < options_.accounts_max) return;
  buckets_.erase(std::ranges::min_element(buckets_, {}, [](const auto& one) { return one.second.time; }));
}

}  // namespace cms::serve
