#include "serve/overview.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <map>
#include <mutex>
#include <unordered_map>

#include "serve/patient_list.hpp"

namespace cms::serve {
namespace {

constexpr std::size_t kSeconds = 64;  // of the ring of scored_per_s(): 60 and some to spare

std::size_t bin_of(double poh) {
  const auto edge = std::lower_bound(kPohEdges.begin() + 1, kPohEdges.end() - 1, poh);
  return static_cast<std::size_t>(edge - kPohEdges.begin()) - 1;
}

struct Seen {
  double poh = 1;
  bool computed = false;
  Action action = Action::allow;  // under the policy in force, its campaign counted
  Action told = Action::allow;    // the harshest that it fell to and has not recovered from
};

struct Tenant {
  std::unordered_map<std::string, Seen> accounts;
  std::uint64_t computed = 0;
  pipeline::ByAction actions{};
  std::array<std::uint64_t, kPohBins> poh{};
  std::deque<Overview::Minute> minutes;
  std::deque<Overview::Fell> fell;  // newest first
};

// Adds an account to its tenant's counts, or takes it away.
void count(Tenant& tenant, const Seen& seen, std::uint64_t by) {
  tenant.actions[static_cast<std::size_t>(seen.action)] += by;
  if (!seen.computed) return;
  tenant.computed += by;
  tenant.poh[bin_of(seen.poh)] += by;
}
constexpr std::uint64_t kMore = 1, kLess = ~std::uint64_t{0};

}  // namespace

struct Overview::State {
  Policies policy;
  const Campaigns* campaigns = nullptr;
  double since = 0;
  std::size_t accounts_max = 0;

  mutable std::mutex mutex;  // of what follows
  std::shared_ptr<const policy::Policy> held;  // the policy that `action` of every account is of
  std::map<std::string, Tenant, std::less<>> tenants;
  std::size_t accounts = 0;
  std::uint64_t erasures = 0;
  bool filled = false, capped = false;
  std::array<std::pair<std::int64_t, std::uint64_t>, kSeconds> seconds{};  // second, requests

  Action judge(const std::string& tenant, const std::string& account, double poh, double now) const;
  Action action_of(const std::string& tenant, const std::string& account, const Seen& seen, double now) const;
  void follow_policy(double now);
  Seen* find_or_add(Tenant& tenant, const std::string& account);
  void enter(const std::string& tenant_name, Tenant& tenant, const std::string& account, Seen& seen, const Score& score,
             double now);
  void take(const pipeline::Change& change, double now);
  Minute& minute_at(Tenant& tenant, double now) const;
};

// What the policy says of a score. Jitter and allowances only make it milder, so most need no look at either.
Action Overview::State::judge(const std::string& tenant, const std::string& account, double poh, double now) const {
  if (poh > held->ladder.observe) return Action::allow;
  Score score;
  score.computed = true;
  score.poh = poh;
  return policy::decide(*held, tenant, account, score, now).would_be;
}

// The same with the campaign that the account is a member of.
Action Overview::State::action_of(const std::string& tenant, const std::string& account, const Seen& seen,
                                  double now) const {
  const auto campaign = campaigns != nullptr ? campaigns->member({tenant, account}) : nullptr;
  if (!campaign) return seen.computed ? judge(tenant, account, seen.poh, now) : Action::allow;
  const auto membership = Campaigns::membership(*campaign);
  Score score;
  score.computed = seen.computed;
  score.poh = seen.poh;
  return policy::decide(*held, tenant, account, score, now, nullptr, &membership).would_be;
}

// Judges everybody anew where another policy is in force. Nobody falls by that.
void Overview::State::follow_policy(double now) {
  auto next = policy();
  if (next == held) return;
  held = std::move(next);
  for (auto& [name, tenant] : tenants) {
    tenant.actions = {};
    for (auto& [account, seen] : tenant.accounts) {
      seen.action = action_of(name, account, seen, now);
      seen.told = seen.computed ? judge(name, account, seen.poh, now) : Action::allow;
      ++tenant.actions[static_cast<std::size_t>(seen.action)];
    }
  }
}

// Null where there are as many accounts as may be.
Seen* Overview::State::find_or_add(Tenant& tenant, const std::string& account) {
  const auto found = tenant.accounts.find(account);
  if (found != tenant.accounts.end()) return &found->second;
  if (accounts >= accounts_max) {
    capped = true;
    return nullptr;
  }
  ++accounts;
  auto& seen = tenant.accounts.emplace(account, Seen()).first->second;
  count(tenant, seen, kMore);
  return &seen;
}

// What is known of an account becomes this score.
void Overview::State::enter(const std::string& tenant_name, Tenant& tenant, const std::string& account, Seen& seen,
                            const Score& score, double now) {
  count(tenant, seen, kLess);
  seen.computed = score.computed;
  seen.poh = score.poh;
  seen.action = action_of(tenant_name, account, seen, now);
  count(tenant, seen, kMore);
}

Overview::Minute& Overview::State::minute_at(Tenant& tenant, double now) const {
  const double begin = std::floor(now / 60) * 60;
  // A clock that is set back goes on in the minute that is under way.
  if (tenant.minutes.empty() || tenant.minutes.back().time < begin) tenant.minutes.push_back({begin, 0, {}});
  if (tenant.minutes.size() > kMinutes) tenant.minutes.pop_front();
  return tenant.minutes.back();
}

void Overview::State::take(const pipeline::Change& change, double now) {
  const auto found = tenants.find(change.name.tenant);
  if (found == tenants.end()) return;
  auto& tenant = found->second;
  const auto& account = change.name.account;
  const auto& score = change.score;
  auto& minute = minute_at(tenant, now);
  ++minute.requests;
  if (score.computed) ++minute.poh[bin_of(score.poh)];
  auto* seen = find_or_add(tenant, account);
  if (seen == nullptr) return;
  enter(found->first, tenant, account, *seen, score, now);
  const auto own = score.computed ? judge(found->first, account, score.poh, now) : Action::allow;
  if (own > seen->told) {
    seen->told = own;
    tenant.fell.push_front({account, change.time, score.poh, own});
    if (tenant.fell.size() > kFells) tenant.fell.pop_back();
  } else if (own < seen->told) {
    seen->told = std::min(seen->told, judge(found->first, account, score.poh / kRelease, now));
  }
}

Overview::Overview(std::span<const std::string> tenants, Policies policy, double now, std::size_t accounts_max,
                   const Campaigns* campaigns)
    : state_(std::make_unique<State>()) {
  state_->policy = std::move(policy);
  state_->campaigns = campaigns;
  state_->held = state_->policy();
  state_->since = now;
  state_->accounts_max = accounts_max;
  for (const auto& tenant : tenants) state_->tenants[tenant];
}

Overview::~Overview() = default;

void Overview::take(std::span<const pipeline::Change> changes, double now) {
  const std::lock_guard lock(state_->mutex);
  state_->follow_policy(now);
  const auto second = static_cast<std::int64_t>(std::floor(now));
  auto& counted = state_->seconds[static_cast<std::size_t>(second) % kSeconds];
  if (counted.first != second) counted = {second, 0};
  counted.second += changes.size();
  for (const auto& change : changes) state_->take(change, now);
}

bool Overview::remember(const store::AccountName& name, const Score& score, double now, std::uint64_t erasures) {
  const std::lock_guard lock(state_->mutex);
  if (erasures != state_->erasures) return false;
  const auto tenant = state_->tenants.find(name.tenant);
  if (tenant == state_->tenants.end() || tenant->second.accounts.contains(name.account)) return true;
  state_->follow_policy(now);
  auto* seen = state_->find_or_add(tenant->second, name.account);
  if (seen == nullptr) return true;
  state_->enter(name.tenant, tenant->second, name.account, *seen, score, now);
  seen->told = score.computed ? state_->judge(name.tenant, name.account, score.poh, now) : Action::allow;
  return true;
}

bool Overview::knows(const store::AccountName& name) const {
  const std::lock_guard lock(state_->mutex);
  const auto tenant = state_->tenants.find(name.tenant);
  return tenant != state_->tenants.end() && tenant->second.accounts.contains(name.account);
}

std::uint64_t Overview::erasures() const {
  const std::lock_guard lock(state_->mutex);
  return state_->erasures;
}

void Overview::judge_anew(const std::string& tenant_name, std::span<const std::string> accounts, double now) {
  const std::lock_guard lock(state_->mutex);
  const auto tenant = state_->tenants.find(tenant_name);
  if (tenant == state_->tenants.end()) return;
  state_->follow_policy(now);
  for (const auto& account : accounts) {
    const auto found = tenant->second.accounts.find(account);
    if (found == tenant->second.accounts.end()) continue;
    auto& seen = found->second;
    count(tenant->second, seen, kLess);
    seen.action = state_->action_of(tenant_name, account, seen, now);
    count(tenant->second, seen, kMore);
  }
}

void Overview::set_filled() {
  const std::lock_guard lock(state_->mutex);
  state_->filled = true;
}

void Overview::forget(const store::AccountName& name) {
  const std::lock_guard lock(state_->mutex);
  ++state_->erasures;
  const auto found = state_->tenants.find(name.tenant);
  if (found == state_->tenants.end()) return;
  auto& tenant = found->second;
  std::erase_if(tenant.fell, [&](const Fell& one) { return one.account == name.account; });
  const auto account = tenant.accounts.find(name.account);
  if (account == tenant.accounts.end()) return;
  count(tenant, account->second, kLess);
  tenant.accounts.erase(account);
  --state_->accounts;
}

Overview::View Overview::view(std::string_view tenant_name, double now) {
  const std::lock_guard lock(state_->mutex);
  state_->follow_policy(now);
  View view;
  view.since = state_->since;
  view.filled = state_->filled;
  view.capped = state_->capped;
  view.shadow = state_->held->shadow;
  const auto found = state_->tenants.find(tenant_name);
  if (found == state_->tenants.end()) return view;
  const auto& tenant = found->second;
  view.accounts = tenant.accounts.size();
  view.computed = tenant.computed;
  view.actions = tenant.actions;
  view.poh = tenant.poh;
  view.fell.assign(tenant.fell.begin(), tenant.fell.end());
  const double last = std::floor(now / 60) * 60;
  const double first = std::max(std::floor(state_->since / 60) * 60, last - 60 * (kMinutes - 1.0));
  auto kept = tenant.minutes.begin();
  for (double time = first; time <= last; time += 60) {
    while (kept != tenant.minutes.end() && kept->time < time) ++kept;
    const bool there = kept != tenant.minutes.end() && kept->time == time;
    view.minutes.push_back(there ? *kept : Minute{time, 0, {}});
  }
  return view;
}

Overview::Lowest Overview::lowest(std::string_view tenant_name, double poh, std::size_t most) const {
  Lowest lowest;
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->tenants.find(tenant_name);
    if (found == state_->tenants.end()) return lowest;
    for (const auto& [account, seen] : found->second.accounts) {
      if (seen.computed && seen.poh <= poh) lowest.accounts.push_back({account, seen.poh});
    }
  }
  lowest.total = lowest.accounts.size();
  std::ranges::sort(lowest.accounts, [](const Low& a, const Low& b) {
    return a.poh != b.poh ? a.poh < b.poh : a.account < b.account;
  });
  if (lowest.accounts.size() > most) lowest.accounts.resize(most);
  return lowest;
}

double Overview::scored_per_s(double now) const {
  const std::lock_guard lock(state_->mutex);
  const auto last = static_cast<std::int64_t>(std::floor(now));
  std::uint64_t requests = 0;
  for (const auto& [second, counted] : state_->seconds) {
    if (second > last - 60 && second <= last) requests += counted;
  }
  return static_cast<double>(requests) / 60;
}

namespace {

// Reads one account and takes it in; again where one was erased meanwhile.
void remember_one(Overview& overview, Campaigns* campaigns, const pipeline::Model& model, pipeline::Engine& engine,
                  const store::AccountName& name, double now) {
  for (bool again = true; again;) {
    const auto erasures = overview.erasures(), gone = campaigns != nullptr ? campaigns->erasures() : 0;
    const auto account = engine.account(name);
    if (!account && account.error().code != ErrorCode::bad_input && campaigns != nullptr) campaigns->again(name);
    if (!account || !*account) return;
    const auto& state = (*account)->state;
    const auto score = pipeline::score_at(model, state, state.time);
    const pipeline::Engine::Trace trace{state.signature, state.time, static_cast<float>(score.poh)};
    again = !overview.remember(name, score, now, erasures) ||
            (campaigns != nullptr && !campaigns->remember(name, trace, gone));
  }
}

}  // namespace

void remember_all(Overview& overview, Campaigns* campaigns, const store::Store& store, const pipeline::Model& model,
                  pipeline::Engine& engine, std::span<const std::string> tenants,
                  const std::function<double()>& clock, const std::function<void(const std::string&)>& warn,
                  const std::stop_token& stop) {
  for (const auto& tenant : tenants) {
    std::string cursor;
    do {
      const auto page = list_patiently(store, tenant, cursor, 1000, stop);
      if (stop.stop_requested()) return;
      if (!page) {
        warn(fmt::format("not all accounts of tenant {} were read, and who is missing counts from the next request: {}",
                         tenant, page.error().message));
        break;
      }
      for (const auto& listed : page->accounts) {
        const store::AccountName name{tenant, listed.account};
        if (overview.knows(name)) continue;
        const auto began = std::chrono::steady_clock::now();
        remember_one(overview, campaigns, model, engine, name, clock());
        if (!rest(stop, std::chrono::steady_clock::now() - began)) return;
      }
      cursor = page->cursor;
    } while (!cursor.empty());
  }
  overview.set_filled();
  if (campaigns != nullptr) campaigns->set_filled();
}

}  // namespace cms::serve
