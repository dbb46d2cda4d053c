#include "serve/campaigns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_set>

#include "base/priority.hpp"

namespace cms::serve {
namespace {

using Steady = std::chrono::steady_clock;

constexpr const char* kDocument = "campaigns";
constexpr double kKeepEvery_s = 60;  // while members come and go
constexpr double kDay_s = 86'400;

double seconds_since(Steady::time_point began) {
  return std::chrono::duration<double>(Steady::now() - began).count();
}

// Does the work on a thread of idle priority, with nobody's help, and waits for it.
template <typename Work>
void beside_others(const Work& work) {
  std::thread([&work] {
    stand_back();
    fleet::use_one_thread();
    work();
  }).join();
}

// An account's number for ever: its pseudonym. Nothing where the store gives none.
std::optional<std::uint64_t> key_of(const store::Store& store, const store::AccountName& name) {
  const auto digits = store.pseudonym(name);
  std::uint64_t key = 0;
  if (!digits) return std::nullopt;
  const auto read = std::from_chars(digits->data(), digits->data() + digits->size(), key, 16);
  return read.ec == std::errc() ? std::optional(key) : std::nullopt;
}

std::string_view text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

struct Remembered {
  std::string account;
  pipeline::Engine::Trace trace;
};

// What has come in for a tenant since the last update.
struct Arrived {
  std::unordered_set<std::string> changed;
  std::vector<Remembered> remembered;
  std::set<std::string> forgotten;
};

struct Tenant {
  Tenant(const fleet::CampaignCalibration& calibration, const FleetOptions& options,
         std::vector<fleet::TrackedCampaign> recalled)
      : fleet(calibration, options, recalled), kept(fleet::encode(recalled)) {}
  TenantFleet fleet;
  Bytes kept;          // that the store has
  double kept_at = 0;  // seconds
};

// Who stands otherwise in `now` than in `before`.
std::vector<std::string> moved_between(const FleetPicture& before, const FleetPicture& now) {
  std::vector<std::string> accounts;
  for (const auto& [account, campaign] : now.members) {
    const auto was = before.members.find(account);
    if (was == before.members.end() || was->second->held_poh != campaign->held_poh) accounts.push_back(account);
  }
  for (const auto& [account, campaign] : before.members) {
    if (!now.members.contains(account)) accounts.push_back(account);
  }
  return accounts;
}

}  // namespace

struct Campaigns::State {
  State(Campaigns& whole, fleet::CampaignCalibration made, store::Store& kept, std::function<double()> now, Hooks told)
      : owner(whole), calibration(std::move(made)), store(kept), clock(std::move(now)), hooks(std::move(told)) {}

  Campaigns& owner;
  fleet::CampaignCalibration calibration;
  store::Store& store;
  std::function<double()> clock;
  Hooks hooks;
  // Of keep()'s thread. Events are told when what they are of can be looked up.
  std::map<std::string, Tenant> tenants;
  std::vector<std::pair<std::string, CampaignEvent>> untold;

  mutable std::mutex mutex;  // of what follows
  std::condition_variable_any wake;
  std::map<std::string, Arrived> arrived;
  std::size_t waiting = 0;
  bool filled = false, hurry = false;
  CampaignCounters counters;

  void recall(const std::string& tenant);
  void name_recalled(const std::stop_token& stop);
  Arrived gather(const std::string& tenant, std::size_t most);
  std::size_t accounts() const;
  // Who has sent nothing since then has left the fleet; seconds.
  double rested() const {
    return owner.options_.idle_days > 0 ? clock() - owner.options_.idle_days * kDay_s : -HUGE_VAL;
  }
  void put(const std::string& tenant_name, Tenant& tenant, const std::string& account,
           const pipeline::Engine::Trace& trace);
  void take_in(const std::string& tenant_name, Tenant& tenant, const Arrived& news, pipeline::Engine& engine);
  void update(const std::string& tenant_name, Tenant& tenant, bool judge);
  void keep(const std::string& tenant_name, Tenant& tenant, bool now);
  void publish();
  void round(pipeline::Engine& engine);
};

Campaigns::Campaigns(const FleetOptions& options, fleet::CampaignCalibration calibration, store::Store& store,
                     std::span<const std::string> tenants, std::function<double()> clock, Hooks hooks)
    : options_(options), poh_min_(fleet::campaign_poh_min(calibration)),
      state_(std::make_unique<State>(*this, std::move(calibration), store, std::move(clock), std::move(hooks))) {
  for (const auto& tenant : tenants) {
    state_->arrived[tenant];
    state_->recall(tenant);
  }
  state_->publish();
}

Campaigns::~Campaigns() = default;

void Campaigns::State::recall(const std::string& tenant) {
  using Recalled = Result<std::vector<fleet::TrackedCampaign>>;
  auto recalled = store.tenant_document(tenant, kDocument).and_then([](const std::optional<Bytes>& document) {
    return document ? fleet::decode_campaigns(*document) : Recalled({});
  });
  if (!recalled) {
    hooks.warn(fmt::format("campaigns of tenant {} are found anew, under new names: {}", tenant,
                           recalled.error().message));
    recalled.emplace();
  }
  tenants.try_emplace(tenant, calibration, owner.options_, std::move(*recalled));
}

// Finds who the members of recalled campaigns are, so that decisions count them before their signatures are read.
void Campaigns::State::name_recalled(const std::stop_token& stop) {
  for (auto& [name, tenant] : tenants) {
    auto nameless = tenant.fleet.nameless();
    if (nameless.empty()) continue;
    std::string cursor;
    while (!nameless.empty() && !stop.stop_requested()) {
      const auto page = store.list(name, cursor, 1000);
      if (!page) break;
      for (const auto& listed : page->accounts) {
        const auto key = key_of(store, {name, listed.account});
        if (!key) continue;
        const auto found = std::ranges::lower_bound(nameless, *key);
        if (found == nameless.end() || *found != *key) continue;
        tenant.fleet.tell_name(*key, listed.account);
        nameless.erase(found);
      }
      cursor = page->cursor;
      if (cursor.empty()) break;
    }
    update(name, tenant, false);
    publish();
  }
}

void Campaigns::take(std::span<const pipeline::Change> changes) {
  const std::lock_guard lock(state_->mutex);
  for (const auto& change : changes) {
    const auto found = state_->arrived.find(change.name.tenant);
    if (found == state_->arrived.end()) continue;
    auto& changed = found->second.changed;
    if (state_->waiting >= kWaitingMax && !changed.contains(change.name.account)) {
      ++state_->counters.left_out;
    } else {
      state_->waiting += changed.insert(change.name.account).second ? 1 : 0;
    }
  }
}

bool Campaigns::remember(const store::AccountName& name, const pipeline::Engine::Trace& trace,
                         std::uint64_t erasures) {
  const std::lock_guard lock(state_->mutex);
  if (erasures != erasures_) return false;
  const auto found = state_->arrived.find(name.tenant);
  if (found != state_->arrived.end()) found->second.remembered.push_back({name.account, trace});
  return true;
}

void Campaigns::set_filled() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->filled = state_->hurry = true;
  }
  state_->wake.notify_all();
}

void Campaigns::forget(const store::AccountName& name) {
  {
    const std::lock_guard lock(state_->mutex);
    ++erasures_;
    const auto found = state_->arrived.find(name.tenant);
    if (found == state_->arrived.end()) return;
    auto& news = found->second;
    state_->waiting -= news.changed.erase(name.account);
    news.forgotten.insert(name.account);
    state_->hurry = true;
  }
  state_->wake.notify_all();
}

// At most `most` of the changed accounts; the others wait on.
Arrived Campaigns::State::gather(const std::string& tenant, std::size_t most) {
  const std::lock_guard lock(mutex);
  auto& all = arrived.at(tenant);
  Arrived news;
  if (all.changed.size() <= most) {
    std::swap(news, all);
  } else {
    std::swap(news.remembered, all.remembered);
    std::swap(news.forgotten, all.forgotten);
    while (news.changed.size() < most) news.changed.insert(all.changed.extract(all.changed.begin()));
    hurry = true;
  }
  waiting -= news.changed.size();
  return news;
}

std::size_t Campaigns::State::accounts() const {
  std::size_t sum = 0;
  for (const auto& [name, tenant] : tenants) sum += tenant.fleet.accounts();
  return sum;
}

void Campaigns::State::put(const std::string& tenant_name, Tenant& tenant, const std::string& account,
                           const pipeline::Engine::Trace& trace) {
  if (!tenant.fleet.holds(account)) {
    if (trace.signature.requests < fleet::kRequestsMin || trace.time < rested()) return;
    if (accounts() >= owner.options_.accounts_max) {
      const std::lock_guard lock(mutex);
      ++counters.left_out;
      return;
    }
  }
  if (const auto key = key_of(store, {tenant_name, account})) {
    tenant.fleet.put(account, *key, trace.signature, trace.time);
  }
}

// Reads the accounts that have changed. In the order of their names, so that chance has no part in it.
void Campaigns::State::take_in(const std::string& tenant_name, Tenant& tenant, const Arrived& news,
                               pipeline::Engine& engine) {
  tenant.fleet.remove_idle(rested());
  tenant.fleet.remove(news.forgotten);
  for (const auto& one : news.remembered) {
    if (!news.forgotten.contains(one.account)) put(tenant_name, tenant, one.account, one.trace);
  }
  std::vector<std::string> changed(news.changed.begin(), news.changed.end());
  std::ranges::sort(changed);
  std::set<std::string> gone;
  for (const auto& account : changed) {
    const auto trace = engine.trace({tenant_name, account});
    if (!trace) continue;  // who looks at it hears why
    if (*trace) {
      put(tenant_name, tenant, account, **trace);
    } else {
      gone.insert(account);
    }
  }
  {  // Who was erased while it was read.
    const std::lock_guard lock(mutex);
    const auto& forgotten = arrived.at(tenant_name).forgotten;
    gone.insert(forgotten.begin(), forgotten.end());
  }
  tenant.fleet.remove(gone);
}

void Campaigns::State::update(const std::string& tenant_name, Tenant& tenant, bool judge) {
  Result<std::vector<CampaignEvent>> events;
  const double now = clock();
  beside_others([&] { events = tenant.fleet.update(now, judge); });
  if (!events) {
    hooks.warn(fmt::format("campaigns of tenant {}: {}", tenant_name, events.error().message));
    const std::lock_guard lock(mutex);
    ++counters.failures;
    return;
  }
  keep(tenant_name, tenant, !events->empty());
  for (auto& event : *events) untold.emplace_back(tenant_name, std::move(event));
}

// Writes a tenant's campaigns to the store, when they are others than those that it has.
void Campaigns::State::keep(const std::string& tenant_name, Tenant& tenant, bool now) {
  if (!now && clock() - tenant.kept_at < kKeepEvery_s) return;
  auto bytes = fleet::encode(tenant.fleet.campaigns());
  if (bytes == tenant.kept) return;
  tenant.kept_at = clock();
  const bool none = tenant.fleet.campaigns().empty();
  const auto done = store.put_tenant_document(tenant_name, kDocument, none ? std::string_view() : text_of(bytes));
  if (done) {
    tenant.kept = std::move(bytes);
  } else {
    hooks.warn(fmt::format("campaigns of tenant {} cannot be kept: {}", tenant_name, done.error().message));
  }
}

void Campaigns::State::publish() {
  auto table = std::make_shared<Table>();
  auto flagged = std::make_shared<Table>();
  std::uint64_t campaigns = 0, members = 0, held = 0, bytes = 0;
  for (const auto& [name, tenant] : tenants) {
    const auto picture = tenant.fleet.picture();
    (*table)[name] = picture;
    if (!picture->flagged.empty()) (*flagged)[name] = picture;
    campaigns += picture->flagged.size();
    for (const auto& campaign : picture->flagged) members += campaign->accounts;
    held += tenant.fleet.accounts();
    bytes += tenant.fleet.bytes();
  }
  const auto before = owner.table_.exchange(table);
  owner.flagged_ = flagged->empty() ? nullptr : std::move(flagged);
  for (const auto& [name, picture] : *table) {
    const auto was = before ? before->at(name) : std::make_shared<FleetPicture>();
    if (was == picture) continue;
    if (const auto moved = moved_between(*was, *picture); !moved.empty()) hooks.moved(name, moved);
  }
  const std::lock_guard lock(mutex);
  counters.flagged = campaigns;
  counters.members = members;
  counters.accounts = held;
  counters.bytes = bytes;
  counters.capped = held >= owner.options_.accounts_max;
}

// One update of every tenant.
void Campaigns::State::round(pipeline::Engine& engine) {
  const auto began = Steady::now();
  bool judge = false;
  {
    const std::lock_guard lock(mutex);
    judge = filled;
    hurry = false;
  }
  for (auto& [name, tenant] : tenants) {
    take_in(name, tenant, gather(name, kReadsMax), engine);
    update(name, tenant, judge);
  }
  publish();
  for (const auto& [tenant, event] : std::exchange(untold, {})) hooks.tell(tenant, event);
  const std::lock_guard lock(mutex);
  ++counters.updates;
  counters.update_s = seconds_since(began);
  counters.filled = judge;
}

void Campaigns::keep(pipeline::Engine& engine, const std::stop_token& stop) {
  state_->name_recalled(stop);
  while (!stop.stop_requested()) {
    const auto began = Steady::now();
    state_->round(engine);
    std::unique_lock lock(state_->mutex);
    const auto rest = std::chrono::duration<double>(options_.update_s - seconds_since(began));
    state_->wake.wait_for(lock, stop, rest, [&] { return state_->hurry; });
  }
  for (auto& [name, tenant] : state_->tenants) state_->keep(name, tenant, true);
}

void Campaigns::update(pipeline::Engine& engine) { state_->round(engine); }

std::shared_ptr<const CampaignPicture> Campaigns::member(const store::AccountName& name) const {
  const auto table = flagged_.load();
  if (!table) return nullptr;
  const auto tenant = table->find(name.tenant);
  if (tenant == table->end()) return nullptr;
  const auto found = tenant->second->members.find(name.account);
  return found == tenant->second->members.end() ? nullptr : found->second;
}

std::shared_ptr<const FleetPicture> Campaigns::picture(std::string_view tenant) const {
  const auto table = table_.load();
  const auto found = table->find(tenant);
  return found == table->end() ? std::make_shared<FleetPicture>() : found->second;
}

CampaignCounters Campaigns::counters() const {
  const std::lock_guard lock(state_->mutex);
  auto counters = state_->counters;
  counters.waiting = state_->waiting;
  return counters;
}

}  // namespace cms::serve
