#include "serve/metrics.hpp"

#include <fmt/format.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace cms::serve {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// Builds families in the order in which they are printed.
class Families {
 public:
  // Begins a family; values follow.
  Families& counter(const char* name, const char* help) { return begin(name, help, MetricType::Counter); }
  Families& gauge(const char* name, const char* help) { return begin(name, help, MetricType::Gauge); }

  Families& value(double number, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    auto& family = families_.back();
    (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = number;
    family.metric.push_back(std::move(metric));
    return *this;
  }
  Families& value(std::uint64_t number, Labels labels = {}) {
    return value(static_cast<double>(number), std::move(labels));
  }

  void histogram(const char* name, const char* help, const prometheus::Histogram& kept) {
    begin(name, help, MetricType::Histogram);
    families_.back().metric.push_back(kept.Collect());
  }

  [[nodiscard]] const std::vector<MetricFamily>& all() const { return families_; }

 private:
  Families& begin(const char* name, const char* help, MetricType type) {
    families_.push_back({name, help, type, {}});
    return *this;
  }
  std::vector<MetricFamily> families_;
};

void add_program(Families& out, const MetricsSnapshot& now) {
  out.gauge("cms_build_info", "Version of CMS; always 1").value(1.0, {{"version", now.version}});
  out.gauge("cms_atlas_info", "Name of the atlas in force; always 1").value(1.0, {{"atlas", now.atlas}});
  out.gauge("cms_start_time_seconds", "When the daemon started, seconds since 1970").value(now.started);
  out.counter("cms_log_messages_total", "Warnings and errors of the daemon's log")
      .value(now.log.warnings, {{"level", "warning"}})
      .value(now.log.errors, {{"level", "error"}});
  out.counter("cms_log_left_out_total", "Messages left out of the log for being too many").value(now.log.left_out);
}

void add_pipeline(Families& out, const pipeline::Counters& engine) {
  out.counter("cms_pipeline_received_total", "Items received").value(engine.received);
  out.counter("cms_pipeline_items_total", "Items by what became of them; their sum is what was received")
      .value(engine.scored, {{"result", "scored"}})
      .value(engine.shed, {{"result", "shed"}})
      .value(engine.refused, {{"result", "refused"}});
  out.counter("cms_pipeline_refusals_total", "Items that were not scored, by reason");
  for (std::size_t r = 1; r < engine.by_refusal.size(); ++r) {
    out.value(engine.by_refusal[r], {{"reason", std::string(name(static_cast<pipeline::Refusal>(r)))}});
  }
  out.counter("cms_pipeline_batches_total", "Batches taken in").value(engine.batches);
  out.counter("cms_pipeline_duplicates_total", "Batches that were durable before").value(engine.duplicates);
  out.gauge("cms_pipeline_queue_items", "Items admitted and not yet committed").value(engine.queue_items);
  out.gauge("cms_pipeline_accounts", "Accounts in memory").value(engine.accounts);
  out.counter("cms_pipeline_loads_total", "Accounts loaded from the store").value(engine.loads);
  out.counter("cms_pipeline_evictions_total", "Accounts thrown out of memory").value(engine.evictions);
  out.counter("cms_pipeline_look_ups_failed_total", "Look-ups of accounts that could not be read, damaged or too late")
      .value(engine.look_ups_failed);
  out.gauge("cms_pipeline_rung", "Of the degradation ladder; 0 = everything is measured")
      .value(static_cast<double>(engine.rung));
  out.counter("cms_pipeline_scored_at_rung_total", "Items scored at each rung of the degradation ladder");
  for (std::size_t r = 0; r < engine.at_rung.size(); ++r) out.value(engine.at_rung[r], {{"rung", std::to_string(r)}});
}

void add_store(Families& out, const MetricsSnapshot& now) {
  out.counter("cms_store_commits_total", "Group commits by result")
      .value(now.engine.commits, {{"result", "done"}})
      .value(now.engine.commit_failures, {{"result", "failed"}});
  out.gauge("cms_store_durable", "1 while commits succeed, 0 from a failed one until the next that succeeds")
      .value(now.durable ? 1.0 : 0.0);
  out.gauge("cms_store_memory_bytes", "Memory of the store's caches and write buffers").value(now.store.memory_bytes);
  out.gauge("cms_store_disk_bytes", "Live bytes of the store on disk").value(now.store.disk_bytes);
  out.gauge("cms_store_rows", "Rows of the store, estimated").value(now.store.rows_estimate);
  out.counter("cms_store_file_errors_total", "File operations of the store that failed, also where it went on")
      .value(now.store.file_errors);
  out.counter("cms_store_overrides_unread_total", "Times that overrides could not be read and counted as none")
      .value(now.overrides_unread);
}

void add_http(Families& out, const HttpFigures& http) {
  out.gauge("cms_http_connections", "Open connections").value(http.connections);
  out.counter("cms_http_connections_total", "Connections by what became of them")
      .value(http.accepted, {{"result", "accepted"}})
      .value(http.turned_away, {{"result", "turned_away"}})
      .value(http.handshake_failures, {{"result", "handshake_failed"}})
      .value(http.timeouts, {{"result", "timed_out"}});
  out.counter("cms_http_answers_total", "Answers by class of status");
  for (std::size_t c = 0; c < std::size(http.answers); ++c) {
    out.value(http.answers[c], {{"status", fmt::format("{}xx", c + 1)}});
  }
  out.counter("cms_http_malformed_total", "Requests that were no HTTP").value(http.malformed);
  out.gauge("cms_http_event_readers", "Readers of the event stream").value(http.event_readers);
  out.counter("cms_http_event_readers_cut_off_total", "Readers of the event stream that were too slow")
      .value(http.event_readers_cut_off);
}

void add_proxy(Families& out, const ProxyCounters& proxy) {
  out.gauge("cms_proxy_connections", "Open client connections of the proxy").value(proxy.connections);
  out.counter("cms_proxy_connections_total", "Client connections of the proxy by what became of them")
      .value(proxy.accepted, {{"result", "accepted"}})
      .value(proxy.turned_away, {{"result", "turned_away"}});
  out.counter("cms_proxy_requests_total", "Requests whose head the proxy has read").value(proxy.requests);
  out.counter("cms_proxy_results_total", "Requests by what became of them")
      .value(proxy.answered, {{"result", "answered"}})
      .value(proxy.limited, {{"result", "limited"}})
      .value(proxy.malformed, {{"result", "malformed"}})
      .value(proxy.upstream_failures, {{"result", "upstream_failed"}})
      .value(proxy.hung_up, {{"result", "hung_up"}});
  out.counter("cms_proxy_oversized_total", "Requests that passed with a body too large to be read")
      .value(proxy.oversized);
}

void add_prompts(Families& out, const PromptReaderCounters& prompts) {
  out.counter("cms_tap_bodies_total", "Bodies of requests that passed, by what became of them at the tap")
      .value(prompts.read, {{"result", "read"}})
      .value(prompts.without_text, {{"result", "without_text"}})
      .value(prompts.dropped, {{"result", "dropped"}})
      .value(prompts.refused, {{"result", "refused"}});
}

void add_campaigns(Families& out, const CampaignCounters& fleet) {
  out.gauge("cms_campaigns_flagged", "Flagged campaigns").value(fleet.flagged);
  out.gauge("cms_campaign_accounts", "Accounts in flagged campaigns").value(fleet.members);
  out.gauge("cms_fleet_accounts", "Accounts that are seen together").value(fleet.accounts);
  out.gauge("cms_fleet_bytes", "Memory of the accounts that are seen together").value(fleet.bytes);
  out.gauge("cms_fleet_waiting_accounts", "Changed accounts that no update has taken in yet").value(fleet.waiting);
  out.gauge("cms_fleet_update_seconds", "Time that the last update took").value(fleet.update_s);
  out.counter("cms_fleet_updates_total", "Updates by result")
      .value(fleet.updates, {{"result", "done"}})
      .value(fleet.failures, {{"result", "failed"}});
  out.counter("cms_fleet_left_out_total", "Times that an account found no room").value(fleet.left_out);
  out.gauge("cms_fleet_capped", "Tenants with as many accounts as are seen together, or more").value(fleet.capped);
  out.gauge("cms_fleet_filled", "0 after a start until all accounts have been read").value(fleet.filled ? 1.0 : 0.0);
}

void add_event_log(Families& out, const EventLogCounters& log) {
  out.counter("cms_event_log_lines_total", "Lines of the log of events by what became of them")
      .value(log.written, {{"result", "written"}})
      .value(log.lost, {{"result", "lost"}});
  out.counter("cms_event_log_failures_total", "Attempts to write, sync or rotate that failed").value(log.failures);
  out.counter("cms_event_log_rotations_total", "Rotations of the log of events").value(log.rotations);
  out.gauge("cms_event_log_queue_lines", "Lines that wait for the disk").value(log.queued);
  out.gauge("cms_event_log_failing", "1 while the log of events cannot be written").value(log.failing ? 1.0 : 0.0);
}

void add_webhooks(Families& out, const std::vector<WebhookCounters>& webhooks) {
  // Two targets may be on one host: the number, from 1 in the order of the configuration, tells them apart.
  const auto each = [&](const auto& add) {
    for (std::size_t i = 0; i < webhooks.size(); ++i) {
      add(webhooks[i], Labels{{"webhook", std::to_string(i + 1)}, {"target", webhooks[i].target}});
    }
  };
  const auto with = [](Labels labels, const char* result) {
    labels.push_back({"result", result});
    return labels;
  };
  out.counter("cms_webhook_events_total", "Events by what became of them");
  each([&](const auto& webhook, const Labels& labels) {
    out.value(webhook.delivered, with(labels, "delivered"))
        .value(webhook.given_up, with(labels, "given_up"))
        .value(webhook.dropped, with(labels, "dropped"));
  });
  out.counter("cms_webhook_attempts_total", "Attempts to deliver by result");
  each([&](const auto& webhook, const Labels& labels) {
    out.value(webhook.attempts - webhook.failures, with(labels, "done"));
    out.value(webhook.failures, with(labels, "failed"));
  });
  out.gauge("cms_webhook_queue_events", "Events that wait");
  each([&](const auto& webhook, const Labels& labels) { out.value(webhook.queued, labels); });
  out.gauge("cms_webhook_failing", "1 while the last attempt failed, or the target has ended");
  each([&](const auto& webhook, const Labels& labels) {
    out.value(webhook.failing || webhook.ended ? 1.0 : 0.0, labels);
  });
}

// A disk that syncs in half a millisecond, and one that hangs.
const prometheus::Histogram::BucketBoundaries kCommitBounds = {.0005, .001, .002, .005, .01, .02, .05,
                                                               .1,    .2,   .5,   1,    2,   5,   10};
// The goal is 2 ms at the 99th percentile.
const prometheus::Histogram::BucketBoundaries kLookUpBounds = {.00001, .00002, .00005, .0001, .0002, .0005, .001,
                                                               .002,   .005,   .01,    .02,   .05,   .1,    1};

// The value below which `share` of the observations lie.
double quantile(const prometheus::ClientMetric::Histogram& histogram, double share) {
  const double wanted = share * static_cast<double>(histogram.sample_count);
  double edge = 0, below = 0;
  for (const auto& bucket : histogram.bucket) {
    const auto up_to = static_cast<double>(bucket.cumulative_count);
    if (!std::isfinite(bucket.upper_bound)) break;
    if (up_to >= wanted) return edge + (bucket.upper_bound - edge) * (wanted - below) / std::max(1.0, up_to - below);
    edge = bucket.upper_bound;
    below = up_to;
  }
  return edge;
}

std::optional<Metrics::Quantiles> quantiles(const prometheus::Histogram& kept) {
  const auto histogram = kept.Collect().histogram;
  if (histogram.sample_count == 0) return std::nullopt;
  return Metrics::Quantiles{quantile(histogram, .5), quantile(histogram, .99)};
}

void observe(prometheus::Histogram& histogram, double seconds) {
  if (std::isfinite(seconds) && seconds >= 0) histogram.Observe(seconds);
}

}  // namespace

struct Metrics::State {
  prometheus::Histogram commit{kCommitBounds};
  prometheus::Histogram look_up{kLookUpBounds};
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::Metrics(Metrics&&) noexcept = default;
Metrics& Metrics::operator=(Metrics&&) noexcept = default;
Metrics::~Metrics() = default;

void Metrics::observe_commit(double seconds) { observe(state_->commit, seconds); }
void Metrics::observe_look_up(double seconds) { observe(state_->look_up, seconds); }

std::optional<Metrics::Quantiles> Metrics::commit_s() const { return quantiles(state_->commit); }
std::optional<Metrics::Quantiles> Metrics::look_up_s() const { return quantiles(state_->look_up); }

std::string Metrics::text(const MetricsSnapshot& snapshot) const {
  Families out;
  add_program(out, snapshot);
  add_pipeline(out, snapshot.engine);
  add_store(out, snapshot);
  out.histogram("cms_store_commit_seconds", "Time that a group commit takes, sync included", state_->commit);
  add_http(out, snapshot.http);
  out.histogram("cms_look_up_seconds", "Time that a look-up of a decision takes", state_->look_up);
  if (snapshot.proxy) add_proxy(out, *snapshot.proxy);
  if (snapshot.prompts) add_prompts(out, *snapshot.prompts);
  if (snapshot.campaigns) add_campaigns(out, *snapshot.campaigns);
  if (snapshot.event_log) add_event_log(out, *snapshot.event_log);
  if (!snapshot.webhooks.empty()) add_webhooks(out, snapshot.webhooks);
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, out.all());
  return text.str();
}

}  // namespace cms::serve
