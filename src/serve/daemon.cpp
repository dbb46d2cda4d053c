#include "serve/daemon.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>

#include "pipeline/engine.hpp"
#include "pipeline/model.hpp"
#include "pipeline/shard.hpp"
#include "pipeline/signatures.hpp"
#include "serve/api.hpp"
#include "serve/authority.hpp"
#include "serve/gate.hpp"
#include "serve/grpc_server.hpp"
#include "serve/held_policy.hpp"
#include "serve/http_server.hpp"
#include "serve/log.hpp"
#include "serve/metrics.hpp"
#include "serve/observer.hpp"
#include "serve/overview.hpp"
#include "serve/patient_list.hpp"
#include "serve/prompt_reader.hpp"
#include "serve/proxy.hpp"
#include "serve/policy_record.hpp"
#include "serve/retention.hpp"
#include "serve/watcher.hpp"

namespace cms::serve {
namespace {

constexpr int kRetentionEvery_s = 3600, kShedEvery_s = 10;
constexpr std::size_t kHeadsMax = std::size_t{1} << 18;  // so many are freed at once now and then, while a commit waits
constexpr double kStreams_s = 2;  // for taps' streams to end: they send again what was not acknowledged

Result<store::KeyRing> read_keys(const std::vector<TenantConfig>& tenants) {
  store::KeyRing keys;
  for (const auto& tenant : tenants) {
    if (!tenant.key_file.empty()) {
      CMS_TRY(key, store::read_key(tenant.key_file));
      keys[tenant.name] = key;
      continue;
    }
    const char* digits = std::getenv(tenant.key_environment.c_str());
    if (digits == nullptr) {
      return fail(ErrorCode::bad_input, fmt::format("tenant {}: the environment has no {}", tenant.name,
                                                    tenant.key_environment));
    }
    auto key = store::parse_key(digits);
    if (!key) return fail_in(fmt::format("{} of the environment", tenant.key_environment), std::move(key).error());
    keys[tenant.name] = *key;
  }
  return keys;
}

}  // namespace

// In the order in which they are made; they go in the opposite one.
struct Daemon::State {
  State(const Config& chosen, std::filesystem::path read_from, Clock now)
      : config(chosen), file(std::move(read_from)), clock(std::move(now)) {}

  Config config;
  std::filesystem::path file;
  Clock clock;
  HeldPolicy policy;
  std::mutex reloading;  // of the policy: by signal or over the API
  pipeline::Model model;
  pipeline::ChartMap charts;
  std::optional<Log> log;
  Metrics figures;
  double started = 0;
  std::optional<store::Store> store;
  std::optional<Authority> authority;
  std::optional<EventRing> events;
  std::optional<Overrides> overrides;
  std::unique_ptr<Campaigns> campaigns;
  std::optional<Watcher> watcher;
  std::optional<Overview> overview;
  std::optional<pipeline::Engine> engine;
  std::optional<Gate> gate;
  std::optional<Observer> observer;
  std::optional<PromptReader> prompts;
  std::optional<Api> api;
  std::optional<HttpServer> http;
  // A request for metrics may come before start() has returned.
  std::atomic<const HttpServer*> http_counted{nullptr};
  std::atomic<const Proxy*> proxy_counted{nullptr};
  std::optional<GrpcServer> grpc;
  std::optional<Proxy> proxy;
  std::jthread housekeeping;
  std::jthread remembering;
  std::jthread seeing;  // accounts together

  Result<void> open();
  Result<void> make_campaigns();
  [[nodiscard]] Campaigns* fleet() { return campaigns.get(); }
  ApiParts api_parts();
  Result<void> serve();
  Result<void> start_proxy();
  [[nodiscard]] Observe observe();
  void tell_durable(bool now, const std::string& why);
  void tell_damaged(const store::AccountName& name, const Error& error);
  void tell_unread(const store::AccountName& name, const std::string& why);
  void forget(const store::AccountName& name, bool erased);
  void retain_tenant(const TenantConfig& tenant, const std::stop_token& stop);
  Result<void> reload_policy(const std::string& by);
  void keep_house(const std::stop_token& stop);
  void end_threads();
  [[nodiscard]] MetricsSnapshot snapshot() const;
  [[nodiscard]] std::vector<std::string> tenants() const;
};

std::vector<std::string> Daemon::State::tenants() const {
  std::vector<std::string> names;
  for (const auto& tenant : config.tenants) names.push_back(tenant.name);
  return names;
}

Result<void> Daemon::State::open() {
  CMS_TRY(logged, Log::to_stderr({.level = config.log_level, .json = config.log_json}, clock));
  log = std::move(logged);
  started = clock();
  CMS_TRY(read, pipeline::read_model(config.atlas, config.trust));
  model = std::move(read);
  charts = pipeline::chart_map(model.atlas);
  CMS_TRY(keys, read_keys(config.tenants));
  policy.set_tenants(keys);
  policy.set(policy.keyed(config.policy));
  config.store.file_failed = [this](const auto& what) { log->write(Level::error, Scope::store, "file_failed", what); };
  config.store.heads_max = std::clamp<std::size_t>(config.engine.memory_bytes / pipeline::account_bytes(model),
                                                   config.store.heads_max, kHeadsMax);
  CMS_TRY(opened, store::Store::open(config.store, std::move(keys)));
  store = std::move(opened);
  CMS_TRY(known, Authority::open(config.tokens_file));
  authority = std::move(known);
  events.emplace(EventRing::Options{.run = static_cast<std::uint64_t>(clock())});
  overrides.emplace(*store, [this](const auto& name, const auto& why) { tell_unread(name, why); });
  CMS_CHECK(make_campaigns());
  CMS_TRY(watching, Watcher::start(config, *store, *overrides, model.name, *events, *log,
                                   [this] { return policy.get(); }, clock, fleet()));
  watcher = std::move(watching);
  watcher->tell(EventKind::atlas_loaded, {}, "the daemon started with this atlas");
  CMS_TRY(another, record_policy(*store, *policy.get(), config, "start", clock()));
  if (another) watcher->tell(EventKind::policy_changed, {}, "the daemon started with another policy");
  overview.emplace(tenants(), [this] { return policy.get(); }, clock(), Overview::kAccountsMax, fleet());
  CMS_TRY(running, pipeline::Engine::start(model, *store, config.engine, clock,
                                           [this](std::span<const pipeline::Change> changes) {
                                             watcher->take(changes);
                                             overview->take(changes, clock());
                                             if (campaigns) campaigns->take(changes);
                                           },
                                           {[this](double s) { figures.observe_commit(s); },
                                            [this](double s) { figures.observe_look_up(s); },
                                            [this](bool now, const std::string& why) { tell_durable(now, why); },
                                            [this](const store::AccountName& name, const Error& error) {
                                              tell_damaged(name, error);
                                            },
                                            [this](const store::AccountName& name, bool erased) {
                                              forget(name, erased);
                                            },
                                            [this](const std::string& tenant, std::uint64_t requests) {
                                              watcher->shed(tenant, requests);
                                            }}));
  engine.emplace(std::move(running));
  auto gating = config.gate;
  gating.seed = static_cast<std::uint64_t>(clock());
  gate.emplace(*engine, *overrides, [this] { return policy.get(); }, clock, gating, fleet());
  if (!config.tap_model.empty()) {
    CMS_TRY(observing, Observer::start({config.tap_model, config.tap_threads}, model, *engine));
    observer.emplace(std::move(observing));
    prompts.emplace(PromptReaderOptions{.body_bytes_max = config.proxy.prompt_bytes_max}, observe(), clock);
  }
  return {};
}

Result<void> Daemon::State::make_campaigns() {
  if (config.fleet.calibration.empty()) return {};
  CMS_TRY(read, pipeline::read_calibration(config.fleet.calibration, model));
  auto options = config.fleet;
  if (const auto most = fleet::accounts_max(read); most < options.accounts_max) {
    options.accounts_max = static_cast<std::uint32_t>(most);
    log->write(Level::warning, Scope::serve, "fleet",
               fmt::format("at most {} accounts are seen together, for fleets of {} calibrate", most, read.accounts));
  }
  Campaigns::Hooks hooks;
  hooks.tell = [this](const std::string& tenant, const CampaignEvent& event) { watcher->campaign(tenant, event); };
  hooks.moved = [this](const std::string& tenant, std::span<const std::string> accounts) {
    if (overview) overview->judge_anew(tenant, accounts, clock());
  };
  hooks.warn = [this](const std::string& what) { log->write(Level::warning, Scope::serve, "fleet", what); };
  hooks.declared = [this](const std::string& tenant) { return policy::declared(*policy.get(), tenant, clock()); };
  CMS_TRY(recalled, Campaigns::recall(options, std::move(read.calibration), *store, tenants(), clock,
                                      std::move(hooks)));
  campaigns = std::move(recalled);
  return {};
}

// From the committer.
void Daemon::State::tell_durable(bool now, const std::string& why) {
  watcher->durable(now);
  if (now) {
    log->write(Level::info, Scope::store, "recovered", "commits succeed again");
  } else {
    log->write(Level::error, Scope::store, "commit_failed",
               "nothing is acknowledged until a commit succeeds; this one failed: " + why);
  }
}

// From a shard, or a look-up.
void Daemon::State::tell_damaged(const store::AccountName& name, const Error& error) {
  log->write(Level::error, Scope::store, "account_unreadable", error.message,
             {{"tenant", name.tenant}, {"account", store->pseudonym(name).value_or("")}});
}

// From whoever reads an override; of a whole tenant from who reads all of them.
void Daemon::State::tell_unread(const store::AccountName& name, const std::string& why) {
  if (name.account.empty()) {
    return log->write(Level::error, Scope::store, "accounts_unread", why, {{"tenant", name.tenant}});
  }
  log->write(Level::error, Scope::store, "override_unread", "it counts as none; set it again, or take it away: " + why,
             {{"tenant", name.tenant}, {"account", store->pseudonym(name).value_or("")}});
}

ApiParts Daemon::State::api_parts() {
  ApiParts parts;
  parts.model = &model;
  parts.store = &*store;
  parts.engine = &*engine;
  parts.gate = &*gate;
  parts.authority = &*authority;
  parts.events = &*events;
  parts.overview = &*overview;
  parts.overrides = &*overrides;
  parts.campaigns = fleet();
  parts.charts = &charts;
  parts.dashboard = dashboard_files();
  parts.clock = clock;
  parts.policy = [this] { return policy.get(); };
  if (!file.empty()) {
    parts.reload_policy = [this](const std::string& by) {
      auto done = reload_policy(by);
      if (!done) {  // as `cms serve` says it of SIGHUP
        log->write(Level::error, Scope::serve, "reload_failed", "the policy stays as it was: " + done.error().message);
      }
      return done;
    };
  }
  if (observer) {
    parts.observe = observe();
    parts.read = [this](store::AccountName name, std::string body) { prompts->take(std::move(name), std::move(body)); };
  }
  parts.reviewed = [this](EventKind kind, const store::AccountName& name, const std::string& why) {
    watcher->tell(kind, name, why);
  };
  parts.metrics = [this] { return figures.text(snapshot()); };
  parts.system = [this] { return SystemFigures{snapshot(), figures.commit_s(), figures.look_up_s()}; };
  return parts;
}

Result<void> Daemon::State::serve() {
  // Before HTTP: who is told there that the daemon is ready may call the proxy.
  if (!config.proxy.upstream.empty()) CMS_CHECK(start_proxy());
  if (!config.http_listen.empty()) {
    api.emplace(api_parts(), ApiOptions{.tenants = tenants(),
                                        .body_bytes_max = config.body_bytes_max,
                                        .items_max = config.engine.queue_items,
                                        .metrics_open = config.metrics_open,
                                        .litellm_account = config.litellm_account,
                                        .snapshots = config.snapshots});
    HttpOptions options;
    options.listen = config.http_listen;
    options.tls_certificate = config.tls_certificate;
    options.tls_key = config.tls_key;
    options.tls_client_ca = config.tls_client_ca;
    options.connections_max = config.connections_max;
    options.bodies_bytes_max = std::max(config.bodies_bytes_max, config.body_bytes_max);
    options.threads = config.http_threads;
    CMS_TRY(running, HttpServer::start(options, api->service()));
    http.emplace(std::move(running));
    http_counted = &*http;
  }
  if (!config.grpc_listen.empty()) {
    GrpcOptions options;
    options.listen = config.grpc_listen;
    options.tls_certificate = config.tls_certificate;
    options.tls_key = config.tls_key;
    options.tls_client_ca = config.tls_client_ca;
    options.tenants = tenants();
    options.items_max = config.engine.queue_items;
    options.message_bytes_max = config.message_bytes_max;
    options.streams_max = config.streams_max;
    GrpcParts of{&model, &*store, &*engine, &*authority, clock, [this] { return policy.get(); },
                 &*gate, fleet(), &*overrides};
    CMS_TRY(running, GrpcServer::start(options, std::move(of)));
    grpc.emplace(std::move(running));
  }
  housekeeping = std::jthread([this](const std::stop_token& stop) { keep_house(stop); });
  remembering = std::jthread([this](const std::stop_token& stop) {
    overrides->fill(tenants(), stop);
    remember_all(*overview, fleet(), *store, model, *engine, tenants(), clock,
                 [this](const auto& what) { log->write(Level::error, Scope::store, "accounts_unread", what); }, stop);
  });
  if (campaigns) seeing = std::jthread([this](const std::stop_token& stop) { campaigns->keep(*engine, stop); });
  return {};
}

Observe Daemon::State::observe() {
  return [this](std::string tenant, pipeline::BatchPosition position, std::vector<Observation> texts,
                std::function<void(pipeline::Outcome)> done) {
    observer->observe(std::move(tenant), std::move(position), std::move(texts), std::move(done));
  };
}

Result<void> Daemon::State::start_proxy() {
  ProxyParts parts;
  parts.gate = &*gate;
  parts.store = &*store;
  if (observer) {
    parts.read = [this](std::string account, std::string body) {
      prompts->take({config.proxy.tenant, std::move(account)}, std::move(body));
    };
  }
  parts.upstream_failed = [this](const std::string& why) {
    log->write(Level::warning, Scope::serve, "upstream_failed", "the inference server behind the proxy: " + why);
  };
  CMS_TRY(proxying, Proxy::start(config.proxy, std::move(parts)));
  proxy.emplace(std::move(proxying));
  proxy_counted = &*proxy;
  return {};
}

MetricsSnapshot Daemon::State::snapshot() const {
  MetricsSnapshot seen;
  seen.version = CMS_VERSION;
  seen.atlas = model.name;
  seen.started = started;
  seen.engine = engine->counters();
  seen.durable = engine->durable();
  seen.store = store->sizes();
  seen.overrides_unread = overrides->unread();
  if (const auto* server = http_counted.load()) {
    const auto counted = server->counters();
    seen.http.connections = counted.connections;
    seen.http.accepted = counted.accepted;
    seen.http.turned_away = counted.turned_away;
    seen.http.handshake_failures = counted.handshake_failures;
    seen.http.timeouts = counted.timeouts;
    seen.http.malformed = counted.malformed;
    std::ranges::copy(counted.by_class, seen.http.answers);
  }
  const auto readers = events->counters();
  seen.http.event_readers = readers.subscribers;
  seen.http.event_readers_cut_off = readers.cut_off;
  seen.log = log->counters();
  seen.event_log = watcher->event_log();
  seen.webhooks = watcher->webhooks();
  if (const auto* passing = proxy_counted.load()) {
    seen.proxy = passing->counters();
  }
  if (prompts) seen.prompts = prompts->counters();
  if (campaigns) seen.campaigns = campaigns->counters();
  return seen;
}

Result<void> Daemon::State::reload_policy(const std::string& by) {
  const std::lock_guard one(reloading);
  const bool own_file = !config.policy_file.empty();
  CMS_TRY(read, read_policy(own_file ? config.policy_file : file, own_file));
  const auto next = policy.keyed(std::move(read));
  CMS_CHECK(check_allowances(next, config.tenants));
  const bool changed = *policy.get() != next;
  CMS_CHECK(record_policy(*store, next, config, by, clock()));
  policy.set(next);
  log->write(Level::info, Scope::policy, "reloaded", "policy read again");
  if (changed) watcher->tell(EventKind::policy_changed, {}, "read again, by " + by);
  return {};
}

// An account was erased, or could not be and may be gone in part.
void Daemon::State::forget(const store::AccountName& name, bool erased) {
  watcher->forget(name, erased);
  overrides->forget(name, erased);
  overview->forget(name);
  if (!campaigns) return;
  if (erased) {
    campaigns->forget(name);
  } else {
    campaigns->again(name);
  }
}

void Daemon::State::retain_tenant(const TenantConfig& tenant, const std::stop_token& stop) {
  const auto done = erase_idle({.store = *store, .engine = *engine, .now = clock(), .stop = stop}, tenant);
  if (!done) {
    log->write(Level::error, Scope::store, "retention_failed", done.error().message, {{"tenant", tenant.name}});
    return;
  }
  if (done->erased > 0) {
    log->write(Level::info, Scope::store, "retention", fmt::format("{} idle accounts erased", done->erased),
               {{"tenant", tenant.name}});
  }
  if (done->damaged > 0 || done->passed_over > 0) {
    log->write(Level::error, Scope::store, "retention_damaged",
               fmt::format("{} accounts{} and who lies in {} stretches of rows cannot be read, so they are not erased",
                           done->damaged, done->damaged > 0 ? fmt::format(" ({} is one)", done->first_damaged) : "",
                           done->passed_over),
               {{"tenant", tenant.name}});
  }
}

// Tells what was shed when that has ended, and erases accounts that were idle for longer than their tenant keeps them.
void Daemon::State::keep_house(const std::stop_token& stop) {
  auto next = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    watcher->tell_shed();
    if (std::chrono::steady_clock::now() >= next) {
      for (const auto& tenant : config.tenants) {
        if (tenant.retention_days > 0 && !stop.stop_requested()) retain_tenant(tenant, stop);
      }
      next = std::chrono::steady_clock::now() + std::chrono::seconds(kRetentionEvery_s);
    }
    rest(stop, std::chrono::seconds(kShedEvery_s));
  }
}

// Waits for the threads that were told to stop, and says what came too late for readers of the event stream: who comes
// back to it is told that events are lost.
void Daemon::State::end_threads() {
  for (auto* thread : {&housekeeping, &remembering, &seeing}) {
    if (thread->joinable()) thread->join();
  }
  if (campaigns) campaigns->finish();
  const auto late = events ? events->counters().late : 0;
  if (late == 0) return;
  log->write(Level::info, Scope::serve, "events_late",
             fmt::format("{} events came after their stream had ended: the log of events and webhooks have them, where "
                         "there are some", late));
}

Result<Daemon> Daemon::start(const Config& config, const std::filesystem::path& file, Clock clock) {
  auto state = std::make_unique<State>(config, file, std::move(clock));
  CMS_CHECK(state->open());
  CMS_CHECK(state->serve());
  return Daemon(std::move(state));
}

Daemon::Daemon(std::unique_ptr<State> state) : state_(std::move(state)) {}
Daemon::Daemon(Daemon&&) noexcept = default;
Daemon::~Daemon() {
  if (!state_) return;
  drain(1);
  state_->end_threads();
}

Result<void> Daemon::reload() {
  // First, as for what people do through the API: nothing is changed without its entry.
  CMS_CHECK(state_->store->append_audit({.number = 0, .time = state_->clock(), .tenant = "*", .actor = "cms",
                                         .action = "reload", .detail = R"({"by":"SIGHUP"})", .hash = ""}));
  std::string wrong;
  for (const auto& done : {state_->reload_policy("SIGHUP"), state_->authority->reload(),
                           state_->http ? state_->http->reload_certificates() : Result<void>(),
                           state_->grpc ? state_->grpc->reload_certificates() : Result<void>(),
                           state_->proxy ? state_->proxy->reload_certificates() : Result<void>()}) {
    if (!done) wrong += (wrong.empty() ? "" : "; ") + done.error().message;
  }
  return wrong.empty() ? Result<void>() : fail(ErrorCode::bad_input, wrong);
}

void Daemon::drain(double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  const auto left = [end] {
    return std::max(0.0, std::chrono::duration<double>(end - std::chrono::steady_clock::now()).count());
  };
  for (auto* thread : {&state_->housekeeping, &state_->remembering, &state_->seeing}) thread->request_stop();
  if (state_->events) state_->events->close();
  if (state_->proxy) state_->proxy->drain(left());
  if (state_->observer) state_->observer->close();
  if (state_->grpc) state_->grpc->drain(std::min(left(), kStreams_s));
  if (state_->http) state_->http->drain(left());
}

Log& Daemon::log() { return *state_->log; }

std::uint16_t Daemon::http_port() const { return state_->http ? state_->http->port() : std::uint16_t{0}; }
std::uint16_t Daemon::proxy_port() const { return state_->proxy ? state_->proxy->port() : std::uint16_t{0}; }
std::uint16_t Daemon::grpc_port() const { return state_->grpc ? state_->grpc->port() : std::uint16_t{0}; }

}  // namespace cms::serve
