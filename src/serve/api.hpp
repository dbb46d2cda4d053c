// The HTTP API: requests to answers, out of engine, store, policy and authority. docs/api.md is its page.
//
// Every endpoint is one line of the route table (routes.hpp), which says who may call it; what is not in it does not
// exist, and a role that is not named may not. Another tenant's things are answered like things that are not there.
// Answers about scores are for the operator's own systems: no endpoint is meant for the account itself.
// Threads: Service's functions from any; what may touch the disk runs on the Api's own threads. Cost: docs/api.md.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pipeline/chart_map.hpp"
#include "pipeline/engine.hpp"
#include "policy/policy.hpp"
#include "serve/authority.hpp"
#include "serve/campaigns.hpp"
#include "serve/event.hpp"
#include "serve/event_ring.hpp"
#include "serve/gate.hpp"
#include "serve/http_message.hpp"
#include "serve/observer.hpp"
#include "serve/metrics.hpp"
#include "serve/overrides.hpp"
#include "serve/overview.hpp"
#include "serve/static_files.hpp"
#include "store/store.hpp"

namespace cms::serve {

struct ApiOptions {
  std::vector<std::string> tenants = {};           // that exist
  std::uint64_t body_bytes_max = 64ULL << 20;      // of an ingest body
  std::size_t items_max = 8192;                    // of a batch
  std::uint32_t threads = 2;                       // for what may touch the disk
  bool metrics_open = false;                       // /metrics without a token
  std::string litellm_account = "key";             // what of LiteLLM's is an account (setting gate.litellm_account)
  std::filesystem::path snapshots = {};            // folder for snapshots of the store; empty: none are made
};

// What the daemon knows of itself.
struct SystemFigures {
  MetricsSnapshot now;
  std::optional<Metrics::Quantiles> commit_s, look_up_s;
};

// What the API answers from. Everything outlives it; functions may be called from any thread.
struct ApiParts {
  const pipeline::Model* model = nullptr;
  store::Store* store = nullptr;
  pipeline::Engine* engine = nullptr;
  Gate* gate = nullptr;
  Authority* authority = nullptr;
  EventRing* events = nullptr;
  Overview* overview = nullptr;
  Overrides* overrides = nullptr;
  const Campaigns* campaigns = nullptr;                           // null = there is no fleet
  const pipeline::ChartMap* charts = nullptr;
  std::span<const StaticFile> dashboard;                          // empty = there is none in this program
  std::function<double()> clock;                                  // seconds since 1970
  std::function<std::shared_ptr<const policy::Policy>()> policy;  // shared: a reload must not take it from a reader
  // By whom, for those who are told. Empty = there is no file to read again.
  std::function<Result<void>(const std::string&)> reload_policy;
  std::function<std::string()> metrics;                           // Prometheus' text format; empty = none
  std::function<SystemFigures()> system;
  Observe observe;                                                // empty = observe mode is off
  // Whose request, and its whole body, for the tap; never waits. Empty = observe mode is off.
  std::function<void(store::AccountName, std::string)> read;
  // Told after a person labelled or overrode an account, in words that name nobody but who did it. May be empty.
  std::function<void(EventKind, const store::AccountName&, const std::string&)> reviewed;
};

class Api {
 public:
  Api(ApiParts parts, ApiOptions options);
  // Waits for what is under way; the server must be gone.
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // For the server. Refers to this Api.
  Service service();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cms::serve
