// The daemon about itself: atlas, policy, events, metrics, health.
#include <fmt/format.h>

#include "serve/api_handlers.hpp"
#include "serve/openapi.hpp"
#include "serve/rfc3339.hpp"

namespace cms::serve {

Response get_atlas(const ApiContext& context, const Call& call) {
  const auto& model = *context.parts.model;
  const auto& calibration = model.calibration;
  std::size_t ranking = 0;
  for (const auto& [group, one] : calibration.rankings) ranking += one.greatest.size();
  Json body;
  body["name"] = model.name;
  body["signature_checked"] = model.signature_checked;
  body["manifest"] = to_json(model.atlas.manifest);
  body["charts"] = model.atlas.charts.size();
  body["window"] = model.window_length;
  body["horizon"] = calibration.horizon;
  body["groups"] = calibration.rankings.size();
  body["ranking_accounts"] = ranking;
  return tagged_response(call, body);
}

Response get_policy(const ApiContext& context, const Call& call) {
  const auto policy = context.parts.policy();
  Json allowances = Json::array();
  for (const auto& one : policy->allowances) {
    if (!call.caller.sees(one.tenant)) continue;
    allowances.push_back({{"tenant", one.tenant}, {"account", one.account}, {"until", one.until},
                          {"at_most", name(one.at_most)}, {"why", one.why}});
  }
  Json body;
  body["ladder"] = ladder_json(policy->ladder);
  body["shadow"] = policy->shadow;
  body["jitter"] = policy->jitter;
  body["campaign_at_most"] = name(policy->campaign_at_most);
  body["allowances"] = std::move(allowances);
  return tagged_response(call, body);
}

Response reload_policy(const ApiContext& context, const Call& call) {
  if (!context.parts.reload_policy) {
    return problem(Problem::bad_request, "The daemon was not configured by a file that could be read again.");
  }
  if (auto done = audit(context, call, "policy", Json::object()); !done) return problem(done.error());
  if (auto done = context.parts.reload_policy(call.caller.id); !done) {
    return problem(Problem::bad_request, "The policy was not changed: " + done.error().message + ".");
  }
  return get_policy(context, call);
}

// Named by the time, so that a script finds the latest.
Response snapshot_store(const ApiContext& context, const Call& call) {
  if (context.options.snapshots.empty()) {
    return problem(Problem::bad_request, "No folder for snapshots is configured (store.snapshots).");
  }
  const auto time = rfc3339(context.parts.clock());
  std::string name = time;
  std::erase_if(name, [](char c) { return c == '-' || c == ':'; });
  if (auto done = audit(context, call, "snapshot", {{"name", name}}); !done) return problem(done.error());
  const auto folder = context.options.snapshots / name;
  if (const auto made = context.parts.store->snapshot(folder); !made) {
    if (made.error().code != ErrorCode::usage) return problem(made.error());
    return problem(Problem::bad_request, "A snapshot of this moment is there already.");
  }
  // Whoever asks knows nothing of the folder that the daemon was started in.
  std::error_code error;
  const auto whole = std::filesystem::absolute(folder, error);
  return json_response({{"path", (error ? folder : whole).string()}, {"time", time}}, 201);
}

Response get_events(const ApiContext& context, const Call& call) {
  std::string tenant(call.target.value("tenant").value_or(""));
  if (!tenant.empty() && !call.caller.sees(tenant)) return not_found();
  if (tenant.empty() && call.caller.tenant != "*") tenant = call.caller.tenant;
  Response response;
  response.type = "text/event-stream";
  response.events = context.parts.events->subscribe(tenant, call.request.header("Last-Event-ID"));
  if (!response.events) return problem(Problem::overloaded, "As many read events as may; try again later.");
  return response;
}

Response get_metrics(const ApiContext& context, const Call&) {
  Response response;
  response.type = "text/plain; version=0.0.4; charset=utf-8";
  if (context.parts.metrics) response.body = context.parts.metrics();
  return response;
}

Response get_system(const ApiContext& context, const Call&) {
  const auto [now, commit_s, look_up_s] = context.parts.system();
  const double time = context.parts.clock();
  const auto latency = [](const std::optional<Metrics::Quantiles>& seconds) {
    return Json{{"p50", seconds ? Json(1e6 * seconds->p50) : Json(nullptr)},
                {"p99", seconds ? Json(1e6 * seconds->p99) : Json(nullptr)}};
  };
  const auto& engine = now.engine;
  Json body{{"version", CMS_VERSION}, {"atlas", context.parts.model->name}, {"time", time}, {"started", now.started}};
  body["durable"] = now.durable;
  body["rung"] = engine.rung;
  body["engine"] = {{"received", engine.received},     {"scored", engine.scored},   {"shed", engine.shed},
                    {"refused", engine.refused},       {"batches", engine.batches}, {"duplicates", engine.duplicates},
                    {"commits", engine.commits},       {"commit_failures", engine.commit_failures},
                    {"loads", engine.loads},           {"evictions", engine.evictions}};
  body["queue_items"] = engine.queue_items;
  body["accounts_in_memory"] = engine.accounts;
  body["store"] = {{"memory_bytes", now.store.memory_bytes}, {"disk_bytes", now.store.disk_bytes},
                   {"rows_estimate", now.store.rows_estimate}};
  body["latency_us"] = {{"commit", latency(commit_s)}, {"look_up", latency(look_up_s)}};
  body["scored_per_s"] = context.parts.overview->scored_per_s(time);
  return json_response(body);
}

Response get_health(const ApiContext&, const Call&) {
  return json_response({{"status", "ok"}});
}

Response get_ready(const ApiContext& context, const Call&) {
  if (!context.parts.engine->durable()) {
    return problem(Problem::not_ready, "The store refuses; decisions are answered from memory, and marked stale.");
  }
  return json_response({{"status", "ready"}});
}

Response get_openapi(const ApiContext&, const Call& call) {
  return tagged_response(call, openapi());
}

}  // namespace cms::serve
