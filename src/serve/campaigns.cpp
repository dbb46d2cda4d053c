#include "serve/campaigns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <set>
#include <thread>

#include "base/priority.hpp"
#include "serve/campaign_names.hpp"
#include "serve/missing_accounts.hpp"
#include "serve/name_queue.hpp"

namespace cms::serve {
namespace {

using Steady = std::chrono::steady_clock;

constexpr const char* kDocument = "campaigns";
constexpr double kKeepEvery_s = 60;  // while members come and go
constexpr double kDay_s = 86'400;
constexpr std::size_t kForgottenAtOnce = 64;

double seconds_since(Steady::time_point began) {
  return std::chrono::duration<double>(Steady::now() - began).count();
}

// Does the work on a thread of idle priority, with nobody's help, and waits for it.
template <typename Work>
void beside_others(const Work& work) {
  std::thread([&work] {
    stand_back();
    fleet::use_threads(1);
    work();
  }).join();
}

std::string_view text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

struct Remembered {
  std::string account;
  pipeline::Engine::Trace trace;
};

// What has come in for a tenant since the last update.
struct Arrived {
  NameQueue changed;
  std::vector<Remembered> remembered;
  std::set<std::string> forgotten;
  // How many of the names that waited when the store had been read still do; nothing before that.
  std::optional<std::size_t> backlog;
};

// What an update takes of it.
struct News {
  std::vector<std::string> changed;
  std::vector<Remembered> remembered;
  std::set<std::string> forgotten;
  bool judge = false;  // everything of before the start is in it, or was in an earlier one
};

struct Tenant {
  TenantFleet fleet;
  Bytes kept;            // that the store has
  double kept_at = 0;    // seconds
  bool owed = false;     // is to be written at once
  bool failing = false;  // the last attempt failed
  bool held = false;     // the store's could not be read whole: it stays as it is until the next start
  bool judged = false;   // once, with everything of before the start taken in
  std::vector<CampaignEvent> untold = {};  // until what they are of can be looked up, and is written
  MissingAccounts missing = {};
};

}  // namespace

struct Campaigns::State {
  State(Campaigns& whole, fleet::CampaignCalibration made, store::Store& kept, std::function<double()> now, Hooks told)
      : owner(whole), calibration(std::move(made)), store(kept), clock(std::move(now)), hooks(std::move(told)) {}

  Campaigns& owner;
  fleet::CampaignCalibration calibration;
  store::Store& store;
  std::function<double()> clock;
  Hooks hooks;
  std::map<std::string, Tenant> tenants;  // of keep()'s thread

  mutable std::mutex mutex;  // of what follows
  std::condition_variable_any wake;
  std::map<std::string, Arrived> arrived;
  std::size_t waiting = 0, remembered = 0;
  bool hurry = false;
  CampaignCounters counters;

  Result<void> recall(const std::string& tenant);
  void wait(Arrived& some, const std::string& account);
  News gather(const std::string& tenant);
  // Who has sent nothing since then has left the fleet; seconds.
  double rested() const {
    return owner.options_.idle_days > 0 ? clock() - owner.options_.idle_days * kDay_s : -HUGE_VAL;
  }
  void left_out() {
    const std::lock_guard lock(mutex);
    ++counters.left_out;
  }
  void put(const std::string& tenant_name, Tenant& tenant, const std::string& account,
           const pipeline::Engine::Trace& trace);
  bool take_in(const std::string& tenant_name, Tenant& tenant, const News& news, pipeline::Engine& engine,
               const fleet::Stop& stop);
  std::set<std::string> read(const std::string& tenant_name, Tenant& tenant, std::vector<std::string> changed,
                             pipeline::Engine& engine, const fleet::Stop& stop);
  void pass_over(const std::string& tenant_name, Tenant& tenant, const std::string& why);
  void update(const std::string& tenant_name, Tenant& tenant, bool judge, const fleet::Stop& stop);
  void keep(const std::string& tenant_name, Tenant& tenant, bool now);
  void show(std::shared_ptr<const Table> table);
  void publish();
  void round(pipeline::Engine& engine, const fleet::Stop& stop);
};

Campaigns::Campaigns(const FleetOptions& options, fleet::CampaignCalibration calibration, store::Store& store,
                     std::function<double()> clock, Hooks hooks)
    : options_(options), poh_min_(fleet::campaign_poh_min(calibration)),
      state_(std::make_unique<State>(*this, std::move(calibration), store, std::move(clock), std::move(hooks))) {}

Result<std::unique_ptr<Campaigns>> Campaigns::recall(const FleetOptions& options,
                                                     fleet::CampaignCalibration calibration, store::Store& store,
                                                     std::span<const std::string> tenants,
                                                     std::function<double()> clock, Hooks hooks) {
  std::unique_ptr<Campaigns> made(
      new Campaigns(options, std::move(calibration), store, std::move(clock), std::move(hooks)));
  for (const auto& tenant : tenants) {
    made->state_->arrived[tenant];
    CMS_CHECK(made->state_->recall(tenant));
  }
  made->state_->publish();
  return made;
}

Campaigns::~Campaigns() = default;

// Campaigns of before the start, with the names of their members: decisions count them before anything is served.
Result<void> Campaigns::State::recall(const std::string& tenant) {
  const auto document = store.tenant_document(tenant, kDocument);
  // What the disk does not give may be sound: begun anew without it, the next campaign would be written over it.
  if (!document && document.error().code != ErrorCode::bad_input) {
    return fail_in(fmt::format("campaigns of tenant {}", tenant), document.error());
  }
  auto kept = document.and_then([](const std::optional<Bytes>& bytes) {
    return bytes ? fleet::decode_campaigns(*bytes) : Result<fleet::KeptCampaigns>(fleet::KeptCampaigns());
  });
  Bytes there = document && *document ? **document : fleet::encode({});
  if (!kept) {
    there = fleet::encode({});  // what is there stays until there is something to write
    hooks.warn(fmt::format("campaigns of tenant {} are found anew, under new names: {}", tenant, kept.error().message));
    kept.emplace();
  }
  const bool whole = !kept->by_pseudonym || renumber(store, tenant, kept->campaigns, hooks.warn);
  auto names = name_members(store, tenant, kept->campaigns, hooks.warn);
  auto& made = tenants
                   .try_emplace(tenant, Tenant{TenantFleet(calibration, owner.options_, std::move(kept->campaigns),
                                                           std::move(names)),
                                               std::move(there)})
                   .first->second;
  made.held = !whole;
  update(tenant, made, false, {});
  return {};
}

// With the mutex.
void Campaigns::State::wait(Arrived& some, const std::string& account) {
  if (waiting >= kWaitingMax && !some.changed.contains(account)) {
    ++counters.left_out;
  } else {
    waiting += some.changed.push(account) ? 1 : 0;
  }
}

void Campaigns::take(std::span<const pipeline::Change> changes) {
  const std::lock_guard lock(state_->mutex);
  for (const auto& change : changes) {
    const auto found = state_->arrived.find(change.name.tenant);
    if (found != state_->arrived.end()) state_->wait(found->second, change.name.account);
  }
}

bool Campaigns::remember(const store::AccountName& name, const pipeline::Engine::Trace& trace,
                         std::uint64_t erasures) {
  const std::lock_guard lock(state_->mutex);
  if (erasures != erasures_) return false;
  const auto found = state_->arrived.find(name.tenant);
  if (found == state_->arrived.end()) return true;
  if (state_->remembered >= kRememberedMax) {
    state_->wait(found->second, name.account);  // it is read again
  } else {
    found->second.remembered.push_back({name.account, trace});
    ++state_->remembered;
  }
  return true;
}

void Campaigns::set_filled() {
  {
    const std::lock_guard lock(state_->mutex);
    for (auto& [name, some] : state_->arrived) some.backlog = some.changed.size();
    state_->hurry = true;
  }
  state_->wake.notify_all();
}

void Campaigns::again(const store::AccountName& name) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->arrived.find(name.tenant);
  if (found != state_->arrived.end()) state_->wait(found->second, name.account);
}

void Campaigns::forget(const store::AccountName& name) {
  {
    const std::lock_guard lock(state_->mutex);
    ++erasures_;
    const auto found = state_->arrived.find(name.tenant);
    if (found == state_->arrived.end()) return;
    auto& news = found->second;
    state_->waiting -= news.changed.erase(name.account) ? 1 : 0;
    news.forgotten.insert(name.account);
    state_->hurry = true;
    // Of many at once the update takes out the rest: each costs a copy of its tenant's table.
    if (news.forgotten.size() > kForgottenAtOnce) return;
    const auto table = table_.load();
    const auto& picture = table->at(name.tenant);
    if (auto left = without(picture, {name.account}); left != picture) {
      auto next = std::make_shared<Table>(*table);
      (*next)[name.tenant] = std::move(left);
      state_->show(std::move(next));
    }
  }
  state_->wake.notify_all();
}

// The longest waiting of the changed accounts, as many as an update reads, and all the rest.
News Campaigns::State::gather(const std::string& tenant) {
  const std::lock_guard lock(mutex);
  auto& all = arrived.at(tenant);
  News news;
  news.changed = all.changed.take(kReadsMax);
  std::swap(news.remembered, all.remembered);
  std::swap(news.forgotten, all.forgotten);
  waiting -= news.changed.size();
  remembered -= news.remembered.size();
  if (all.changed.size() > 0) hurry = true;
  if (all.backlog) {
    all.backlog = std::min(all.changed.size(), *all.backlog - std::min(*all.backlog, news.changed.size()));
    news.judge = all.backlog == 0;
  }
  return news;
}

void Campaigns::State::put(const std::string& tenant_name, Tenant& tenant, const std::string& account,
                           const pipeline::Engine::Trace& trace) {
  const bool fresh = !tenant.fleet.holds(account);
  if (fresh && (trace.signature.requests < fleet::kRequestsMin || trace.time < rested())) return;
  const auto number = store.number({tenant_name, account});
  if (number && !tenant.fleet.put(account, *number, trace)) left_out();
}

// Says of whom nobody waits for any more. Without half a minute's patience with a disk that is away campaigns would
// end with their accounts.
void Campaigns::State::pass_over(const std::string& tenant_name, Tenant& tenant, const std::string& why) {
  const auto passed = tenant.missing.pass_over();
  if (passed.empty()) return;
  hooks.warn(fmt::format("{} accounts of tenant {} ({} is one) cannot be read, and are passed over until they can: {}",
                         passed.size(), tenant_name,
                         store.pseudonym({tenant_name, passed.front()}).value_or(""), why));
}

// Reads accounts, in the order of their names, so that chance has no part in it. Returns who is there no more.
std::set<std::string> Campaigns::State::read(const std::string& tenant_name, Tenant& tenant,
                                             std::vector<std::string> changed, pipeline::Engine& engine,
                                             const fleet::Stop& stop) {
  std::ranges::sort(changed);
  std::set<std::string> gone;
  std::string why;
  for (const auto& account : changed) {
    if (fleet::stopped(stop)) return gone;
    const auto trace = engine.trace({tenant_name, account});
    if (!trace && trace.error().code != ErrorCode::bad_input) {
      why = trace.error().message;
      if (!tenant.missing.miss(account, clock())) left_out();
      continue;
    }
    tenant.missing.found(account);
    if (!trace) continue;  // who looks at one that is damaged hears why
    if (*trace) {
      put(tenant_name, tenant, account, **trace);
    } else {
      gone.insert(account);
    }
  }
  pass_over(tenant_name, tenant, why);
  return gone;
}

// Takes in what has come. False where somebody is waited for whom the disk has not given, or it was stopped.
bool Campaigns::State::take_in(const std::string& tenant_name, Tenant& tenant, const News& news,
                               pipeline::Engine& engine, const fleet::Stop& stop) {
  tenant.fleet.remove(news.forgotten);
  if (!news.forgotten.empty()) keep(tenant_name, tenant, true);
  tenant.fleet.remove_idle(rested());
  const auto declared = hooks.declared ? hooks.declared(tenant_name) : std::set<std::string>();
  tenant.fleet.leave_out(declared);
  for (const auto& one : news.remembered) {
    // Whom the fleet holds it has read since, as it was then or later.
    if (news.forgotten.contains(one.account) || tenant.fleet.holds(one.account)) continue;
    if (declared.contains(one.account)) continue;
    put(tenant_name, tenant, one.account, one.trace);
  }
  tenant.missing.forget([&](const auto& one) { return news.forgotten.contains(one) || declared.contains(one); });
  auto changed = news.changed;
  std::erase_if(changed, [&](const auto& account) { return declared.contains(account); });
  auto gone = read(tenant_name, tenant, std::move(changed), engine, stop);
  if (fleet::stopped(stop)) return false;
  {  // Who was erased while it was read.
    const std::lock_guard lock(mutex);
    auto& some = arrived.at(tenant_name);
    gone.insert(some.forgotten.begin(), some.forgotten.end());
    for (const auto& account : tenant.missing.due(clock())) {
      if (!some.forgotten.contains(account)) wait(some, account);
    }
  }
  tenant.fleet.remove(gone);
  return !tenant.missing.waits();
}

// Who is told to stop leaves what there is: the next start goes on from it.
void Campaigns::State::update(const std::string& tenant_name, Tenant& tenant, bool judge, const fleet::Stop& stop) {
  if (fleet::stopped(stop)) return;
  Result<std::vector<CampaignEvent>> events;
  const double now = clock();
  beside_others([&] { events = tenant.fleet.update(now, judge, stop); });
  if (!events) {
    if (fleet::stopped(stop)) return;
    hooks.warn(fmt::format("campaigns of tenant {}: {}", tenant_name, events.error().message));
    const std::lock_guard lock(mutex);
    ++counters.failures;
    return;
  }
  keep(tenant_name, tenant, !events->empty());
  std::ranges::move(*events, std::back_inserter(tenant.untold));
}

// Writes a tenant's campaigns to the store, when they are others than those that it has. What the disk refuses is tried
// again with every update.
void Campaigns::State::keep(const std::string& tenant_name, Tenant& tenant, bool now) {
  if (tenant.held) return;
  tenant.owed = tenant.owed || now;
  if (!tenant.owed && clock() - tenant.kept_at < kKeepEvery_s) return;
  auto bytes = fleet::encode(tenant.fleet.campaigns());
  if (bytes != tenant.kept) {
    const bool none = tenant.fleet.campaigns().empty();
    const auto done = store.put_tenant_document(tenant_name, kDocument, none ? std::string_view() : text_of(bytes));
    if (!done) {
      if (!std::exchange(tenant.failing, true)) {
        hooks.warn(fmt::format("campaigns of tenant {} cannot be kept: {}", tenant_name, done.error().message));
      }
      return;
    }
    tenant.kept = std::move(bytes);
    tenant.kept_at = clock();
  }
  tenant.owed = tenant.failing = false;
}

// With the mutex, so that no older table comes after a newer one.
void Campaigns::State::show(std::shared_ptr<const Table> table) {
  auto flagged = std::make_shared<Table>();
  for (const auto& [name, picture] : *table) {
    if (!picture->flagged.empty()) (*flagged)[name] = picture;
  }
  owner.flagged_ = flagged->empty() ? nullptr : std::move(flagged);
  owner.table_ = std::move(table);
}

void Campaigns::State::publish() {
  auto table = std::make_shared<Table>();
  CampaignCounters now;
  for (const auto& [name, tenant] : tenants) {
    const auto picture = tenant.fleet.picture();
    (*table)[name] = picture;
    now.flagged += picture->flagged.size();
    for (const auto& campaign : picture->flagged) now.members += campaign->accounts;
    now.accounts += tenant.fleet.accounts();
    now.bytes += tenant.fleet.bytes();
    now.capped += picture->capped ? 1 : 0;
  }
  std::shared_ptr<const Table> before;
  {
    const std::lock_guard lock(mutex);
    for (auto& [name, picture] : *table) picture = without(picture, arrived.at(name).forgotten);
    before = owner.table_.load();
    show(table);
    counters.flagged = now.flagged;
    counters.members = now.members;
    counters.accounts = now.accounts;
    counters.bytes = now.bytes;
    counters.capped = now.capped;
  }
  for (const auto& [name, picture] : *table) {
    const auto was = before ? before->at(name) : std::make_shared<FleetPicture>();
    if (const auto moved = moved_between(*was, *picture); !moved.empty()) hooks.moved(name, moved);
  }
}

// One update of every tenant. What one has found is told when another was stopped, too.
void Campaigns::State::round(pipeline::Engine& engine, const fleet::Stop& stop) {
  const auto began = Steady::now();
  {
    const std::lock_guard lock(mutex);
    hurry = false;
  }
  bool filled = true;
  for (auto& [name, tenant] : tenants) {
    if (fleet::stopped(stop)) break;
    const auto news = gather(name);
    const bool read = take_in(name, tenant, news, engine, stop);
    tenant.judged = tenant.judged || (news.judge && read);
    update(name, tenant, tenant.judged, stop);
    filled = filled && tenant.judged;
  }
  publish();
  for (auto& [name, tenant] : tenants) {
    if (tenant.owed) continue;
    for (const auto& event : std::exchange(tenant.untold, {})) hooks.tell(name, event);
  }
  const std::lock_guard lock(mutex);
  ++counters.updates;
  counters.update_s = seconds_since(began);
  counters.filled = filled;
}

void Campaigns::keep(pipeline::Engine& engine, const std::stop_token& stop) {
  const fleet::Stop stopping = [&] { return stop.stop_requested(); };
  while (!stop.stop_requested()) {
    const auto began = Steady::now();
    state_->round(engine, stopping);
    std::unique_lock lock(state_->mutex);
    const auto rest = std::chrono::duration<double>(options_.update_s - seconds_since(began));
    state_->wake.wait_for(lock, stop, rest, [&] { return state_->hurry; });
  }
}

void Campaigns::finish() {
  for (auto& [name, tenant] : state_->tenants) {
    const auto news = state_->gather(name);
    tenant.fleet.remove(news.forgotten);
    state_->keep(name, tenant, true);
  }
}

void Campaigns::update(pipeline::Engine& engine) { state_->round(engine, {}); }

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
