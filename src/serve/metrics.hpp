// What the daemon counts, as Prometheus reads it.
//
// Counters live where things are counted; this makes text of a snapshot of them, and keeps two histograms. No label is
// an account, a tenant or anything else that grows with use. Names, units and meaning: docs/metrics.md; rules for
// alerts: packaging/prometheus-alerts.yml. A test holds both against what is really given.
// Threads: every function from any thread. Cost: an observation 100 ns; text() some 100 us.
// Library: prometheus-cpp core. Reference: prometheus.io/docs/instrumenting/exposition_formats, practices/naming.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/engine.hpp"
#include "serve/campaigns.hpp"
#include "serve/event_log.hpp"
#include "serve/log.hpp"
#include "serve/prompt_reader.hpp"
#include "serve/proxy.hpp"
#include "serve/webhook.hpp"
#include "store/store.hpp"

namespace cms::serve {

// What the HTTP server counts.
struct HttpFigures {
  std::uint64_t connections = 0;  // open now
  std::uint64_t accepted = 0, turned_away = 0, handshake_failures = 0, timeouts = 0, malformed = 0;
  std::uint64_t answers[5] = {};  // 1xx to 5xx
  std::uint64_t event_readers = 0;          // of the event stream, now
  std::uint64_t event_readers_cut_off = 0;  // for being too slow
};

struct MetricsSnapshot {
  std::string version;      // of CMS
  std::string atlas;        // its name
  double started = 0;       // seconds since 1970
  pipeline::Counters engine;
  bool durable = true;      // Engine::durable()
  store::Store::Sizes store;
  std::uint64_t overrides_unread = 0;  // Overrides::unread()
  HttpFigures http;
  LogCounters log;
  std::optional<EventLogCounters> event_log;
  std::vector<WebhookCounters> webhooks;
  std::optional<ProxyCounters> proxy;
  std::optional<PromptReaderCounters> prompts;
  std::optional<CampaignCounters> campaigns;
};

class Metrics {
 public:
  Metrics();
  Metrics(Metrics&&) noexcept;
  Metrics& operator=(Metrics&&) noexcept;
  ~Metrics();

  // Seconds that a commit took, that a look-up of a decision took; what is no number >= 0 is passed over.
  void observe_commit(double seconds);
  void observe_look_up(double seconds);

  // Quantiles of what was observed, in seconds: linear inside a bucket, the last edge beyond the last bucket. Nothing
  // before the first observation.
  struct Quantiles {
    double p50 = 0;
    double p99 = 0;
  };
  [[nodiscard]] std::optional<Quantiles> commit_s() const;
  [[nodiscard]] std::optional<Quantiles> look_up_s() const;

  // The body of GET /metrics; its type is kMetricsContentType.
  [[nodiscard]] std::string text(const MetricsSnapshot& snapshot) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace cms::serve
