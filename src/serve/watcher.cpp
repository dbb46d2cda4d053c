#include "serve/watcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>

#include "base/files.hpp"
#include "serve/decision.hpp"
#include "serve/event.hpp"

namespace cms::serve {
namespace {

constexpr double kShedEvery_s = 60;

}  // namespace

struct Watcher::State {
  const store::Store& store;
  const Overrides& overrides;
  std::string atlas;
  EventRing& ring;
  std::function<std::shared_ptr<const policy::Policy>()> policy;
  std::function<double()> clock;
  const Campaigns* campaigns = nullptr;
  EventOptions options;
  std::optional<EventLog> log;
  std::optional<Webhooks> webhooks;
  ActionWatch watch;
  // Identifiers of events by tenant, so that they tell nobody what others do; "" = of the whole daemon.
  struct Numbers {
    std::uint16_t series = 0;   // of this tenant alone
    std::uint64_t counter = 0;  // of its next event
  };
  std::uint64_t first = 0;  // counter of the first event
  std::map<std::string, Numbers> numbers;
  struct Shed {
    double told = -HUGE_VAL;  // seconds since 1970
    std::uint64_t untold = 0, all = 0;
  };
  std::map<std::string, Shed> shed;  // by tenant
  std::mutex mutex;  // of watch, numbers and shed

  // What was shed and not told, with the lock.
  void tell_shed(const std::string& tenant, Shed& shed, double now);
  // The event of now that is made of these, with the lock.
  void tell_now(EventKind kind, const store::AccountName& name, const std::string& why);
  void take(const pipeline::Change& change, const policy::Policy& now);
  void tell(const Event& event);
  Event begin(EventKind kind, const std::string& tenant = {});
  Numbers& numbers_of(const std::string& tenant);
  [[nodiscard]] std::uint16_t free_series(const std::string& tenant) const;
};

namespace {

Result<Webhooks> start_webhooks(const Config& config, const std::function<double()>& clock, Log& log) {
  std::vector<WebhookTarget> targets;
  for (const auto& target : config.webhooks) {
    CMS_TRY(secret, secret_of(target));
    targets.push_back({target.url, secret, target.tenant, target.actions, target.authorities});
  }
  WebhookOptions options;
  options.seed = static_cast<std::uint64_t>(clock());
  return Webhooks::start(targets, options, clock, [&log](const std::string& what) {
    log.write(Level::warning, Scope::serve, "webhooks", what);
  });
}

}  // namespace

Result<std::string> secret_of(const WebhookConfig& target) {
  if (!target.secret_environment.empty()) {
    const char* secret = std::getenv(target.secret_environment.c_str());
    if (secret != nullptr) return secret;
    return fail(ErrorCode::bad_input, fmt::format("webhooks: the environment has no {}", target.secret_environment));
  }
  if (target.secret_file.empty()) return "";
  CMS_TRY(text, read_text_file(target.secret_file));
  return text.substr(0, text.find_last_not_of("\r\n ") + 1);
}

Result<Watcher> Watcher::start(const Config& config, const store::Store& store, const Overrides& overrides,
                               std::string atlas, EventRing& ring, Log& log,
                               std::function<std::shared_ptr<const policy::Policy>()> policy,
                               std::function<double()> clock, const Campaigns* campaigns) {
  auto state = std::unique_ptr<State>(
      new State{store, overrides, std::move(atlas), ring, std::move(policy), std::move(clock), campaigns, {}, {}, {},
                {}, 0, {}, {}, {}});
  state->first = first_counter(state->clock());
  state->numbers_of("");
  for (const auto& tenant : config.tenants) state->numbers_of(tenant.name);
  state->options.names = config.event_names;
  state->options.scores = config.event_scores;
  if (!config.event_log.empty()) {
    EventLogOptions options;
    options.path = config.event_log;
    options.bytes_max = config.event_log_bytes_max;
    options.files_max = config.event_log_files_max;
    CMS_TRY(opened, EventLog::open(options, [&log](const std::string& what) {
                log.write(Level::error, Scope::serve, "event_log", what);
              }));
    state->log = std::move(opened);
    // What was announced before is not announced again.
    CMS_CHECK(recall(state->watch, state->options, config.event_log));
  }
  if (!config.webhooks.empty()) {
    CMS_TRY(started, start_webhooks(config, state->clock, log));
    state->webhooks.emplace(std::move(started));
  }
  return Watcher(std::move(state));
}

Watcher::Watcher(std::unique_ptr<State> state) : state_(std::move(state)) {}
Watcher::Watcher(Watcher&&) noexcept = default;
Watcher& Watcher::operator=(Watcher&&) noexcept = default;
Watcher::~Watcher() {
  if (!state_) return;
  const std::lock_guard lock(state_->mutex);
  for (auto& [tenant, shed] : state_->shed) state_->tell_shed(tenant, shed, state_->clock());
}

std::optional<EventLogCounters> Watcher::event_log() const {
  return state_->log ? std::optional(state_->log->counters()) : std::nullopt;
}

std::vector<WebhookCounters> Watcher::webhooks() const {
  return state_->webhooks ? state_->webhooks->counters() : std::vector<WebhookCounters>();
}

void Watcher::State::tell(const Event& event) {
  if (log) log->append(event);
  if (webhooks && event.kind != EventKind::score) webhooks->send(event);
  auto line = event_line(event);
  line.pop_back();  // the stream ends its lines itself
  ring.publish(event.tenant, name(event.kind), line);
}

void Watcher::State::take(const pipeline::Change& change, const policy::Policy& now) {
  const auto campaign = campaigns != nullptr ? campaigns->member(change.name) : nullptr;
  const bool may_act = campaign || (change.score.computed && change.score.poh <= now.ladder.observe);
  if (!may_act && watch.accounts.empty() && !options.scores) return;
  const auto pseudonym = store.pseudonym(change.name);
  if (!pseudonym) return;
  const auto decided = [&](const Score& score) {
    return decide(now, overrides, campaigns, change.name, score, change.time).action;
  };
  auto& own = numbers_of(change.name.tenant);
  auto event = serve::take(watch, options, change, *pseudonym, atlas, decided, own.counter, own.series);
  if (!event) return;
  ++own.counter;
  if (campaign && decide(now, overrides, campaigns, change.name, change.score, change.time).why == "campaign") {
    event->why = fmt::format("a member of campaign {}", campaign->id);
  }
  tell(*event);
}

// Out of the tenant's key, so that it does not tell how many tenants there are; the next one where another has it.
std::uint16_t Watcher::State::free_series(const std::string& tenant) const {
  if (tenant.empty()) return 0;
  auto series = static_cast<std::uint16_t>(store.number({tenant, "events"}).value_or(1));
  const auto taken = [&](const auto& one) { return one.second.series == series; };
  while (numbers.size() <= UINT16_MAX && std::ranges::any_of(numbers, taken)) ++series;
  return series;
}

// With the mutex, but at the start.
Watcher::State::Numbers& Watcher::State::numbers_of(const std::string& tenant) {
  const auto found = numbers.find(tenant);
  if (found != numbers.end()) return found->second;
  return numbers.emplace(tenant, Numbers{free_series(tenant), first}).first->second;
}

// With the mutex.
Event Watcher::State::begin(EventKind kind, const std::string& tenant) {
  Event event;
  event.time = clock();
  auto& own = numbers_of(tenant);
  event.id = event_id(event.time, own.counter++, own.series);
  event.kind = kind;
  event.tenant = tenant;
  event.atlas = atlas;
  return event;
}

void Watcher::State::tell_now(EventKind kind, const store::AccountName& name, const std::string& why) {
  auto event = begin(kind, name.tenant);
  if (!name.account.empty()) event.account = store.pseudonym(name).value_or("");
  if (options.names && kind != EventKind::erased) event.name = name.account;
  event.why = why;
  tell(event);
}

void Watcher::tell(EventKind kind, const store::AccountName& name, const std::string& why) {
  const std::lock_guard lock(state_->mutex);
  state_->tell_now(kind, name, why);
}

void Watcher::durable(bool now) {
  tell(now ? EventKind::store_recovered : EventKind::store_failed, {},
       now ? "commits succeed again" : "a commit failed: nothing is acknowledged until one succeeds");
}

void Watcher::forget(const store::AccountName& name, bool erased) {
  const auto pseudonym = state_->store.pseudonym(name);
  if (!pseudonym) return;
  const std::lock_guard lock(state_->mutex);
  serve::forget(state_->watch, name.tenant, *pseudonym);
  if (erased) state_->tell_now(EventKind::erased, name, "");
}

void Watcher::State::tell_shed(const std::string& tenant, Shed& some, double now) {
  if (some.untold == 0) return;
  tell_now(EventKind::shed, {tenant, ""},
           fmt::format("{} requests of clean accounts were not scored under load since the last of these events, {} "
                       "since the start", some.untold, some.all));
  some.told = now;
  some.untold = 0;
}

void Watcher::shed(const std::string& tenant, std::uint64_t requests) {
  const double now = state_->clock();
  const std::lock_guard lock(state_->mutex);
  auto& shed = state_->shed[tenant];
  shed.untold += requests;
  shed.all += requests;
  if (now - shed.told >= kShedEvery_s) state_->tell_shed(tenant, shed, now);
}

void Watcher::tell_shed() {
  const double now = state_->clock();
  const std::lock_guard lock(state_->mutex);
  for (auto& [tenant, shed] : state_->shed) {
    if (now - shed.told >= kShedEvery_s) state_->tell_shed(tenant, shed, now);
  }
}

// What follows for the members is what the policy says of the campaign, to all thresholds as they are written.
void Watcher::campaign(const std::string& tenant, const CampaignEvent& event) {
  const auto& campaign = *event.campaign;
  const auto action = decide(*state_->policy(), tenant, campaign, event.time).action;
  const bool over = event.change == fleet::CampaignChange::released;
  const std::lock_guard lock(state_->mutex);
  auto made = state_->begin(EventKind::campaign, tenant);
  made.poh = campaign.poh;
  if (!over) made.before = event.change == fleet::CampaignChange::flagged ? Action::allow : action;
  made.action = over ? Action::allow : action;
  made.requests = campaign.reading.requests;
  made.campaign = Event::Campaign{campaign.id, event.change, campaign.accounts};
  made.why = campaign.words;
  state_->tell(made);
}

void Watcher::take(std::span<const pipeline::Change> changes) {
  const auto now = state_->policy();
  const std::lock_guard lock(state_->mutex);
  for (const auto& change : changes) state_->take(change, *now);
}

}  // namespace cms::serve
