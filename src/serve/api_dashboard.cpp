// The dashboard: its files, who its user is, and the pictures of a whole tenant and of the atlas.
#include <fmt/format.h>

#include <algorithm>

#include "serve/api_handlers.hpp"

namespace cms::serve {
namespace {

constexpr std::string_view kNoDashboard = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>CMS</title></head><body>
<h1>This program has no dashboard</h1>
<p>It was built without one. With Node.js 18 or later run <code>npm ci</code> and <code>npm run build</code> in the
folder <code>dashboard/</code> of the source, then configure and build again.</p>
<p>The API is here all the same: <a href="/openapi.json">/openapi.json</a>.</p>
</body></html>
)html";

// Scripts and styles come from here and from nowhere else, and nobody puts the page into a frame.
void put_security(Response& response) {
  response.headers.emplace_back("Content-Security-Policy",
                                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                                "font-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
                                "form-action 'none'");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
}

// The file in the coding that the caller reads. The two codings have tags of their own (RFC 9110, 8.8.3.3).
Response file_response(const Call& call, const StaticFile& file, std::string_view caching) {
  const bool packed = !file.gzip.empty() && accepts_coding(call.request.header("Accept-Encoding"), "gzip");
  Response response;
  response.type = file.type;
  response.body = packed ? file.gzip : file.plain;
  response.headers.emplace_back("Cache-Control", caching);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (packed) response.headers.emplace_back("Content-Encoding", "gzip");
  put_security(response);
  put_tag(call, fmt::format("\"{}{}\"", file.tag, packed ? "-gzip" : ""), response);
  return response;
}

const StaticFile* find_file(const ApiContext& context, std::string_view path) {
  const auto found = std::ranges::find(context.parts.dashboard, path, &StaticFile::path);
  return found == context.parts.dashboard.end() ? nullptr : &*found;
}

Json minute_json(const Overview::Minute& minute) {
  return {{"time", minute.time}, {"requests", minute.requests}, {"poh", minute.poh}};
}

Json fell_json(const Overview::Fell& fell) {
  return {{"account", fell.account}, {"time", fell.time}, {"poh", fell.poh}, {"action", name(fell.action)}};
}

}  // namespace

Json by_action_json(const pipeline::ByAction& counts) {
  Json object;
  for (std::size_t a = 0; a < counts.size(); ++a) object[std::string(name(static_cast<Action>(a)))] = counts[a];
  return object;
}

Response get_root(const ApiContext&, const Call&) {
  Response response;
  response.status = 302;
  response.type = "text/plain";
  response.headers.emplace_back("Location", "/dashboard/");
  put_security(response);
  return response;
}

Response get_dashboard(const ApiContext& context, const Call& call) {
  if (const auto* index = find_file(context, "index.html")) return file_response(call, *index, "no-cache");
  Response response;
  response.type = "text/html; charset=utf-8";
  response.body = kNoDashboard;
  response.headers.emplace_back("Cache-Control", "no-store");
  put_security(response);
  return response;
}

Response get_dashboard_asset(const ApiContext& context, const Call& call) {
  if (const auto* file = find_file(context, "assets/" + call.file)) {
    return file_response(call, *file, "public, max-age=31536000, immutable");
  }
  auto response = not_found();
  put_security(response);
  return response;
}

Response get_me(const ApiContext& context, const Call& call) {
  Json tenants = Json::array();
  for (const auto& tenant : context.options.tenants) {
    if (call.caller.sees(tenant)) tenants.push_back(tenant);
  }
  return json_response({{"id", call.caller.id},
                        {"role", name(call.caller.role)},
                        {"tenants", std::move(tenants)},
                        {"all_tenants", call.caller.tenant == "*"},
                        {"version", CMS_VERSION},
                        {"atlas", context.parts.model->name}});
}

Response get_overview(const ApiContext& context, const Call& call) {
  const double now = context.parts.clock();
  const auto view = context.parts.overview->view(call.tenant, now);
  Json minutes = Json::array(), fell = Json::array();
  for (const auto& minute : view.minutes) minutes.push_back(minute_json(minute));
  for (const auto& one : view.fell) fell.push_back(fell_json(one));
  Json body{{"time", now},           {"since", view.since},   {"filled", view.filled},
            {"capped", view.capped}, {"shadow", view.shadow}, {"accounts", view.accounts},
            {"computed", view.computed}};
  body["actions"] = by_action_json(view.actions);
  body["poh_edges"] = kPohEdges;
  body["poh"] = view.poh;
  body["minutes"] = std::move(minutes);
  body["fell"] = std::move(fell);
  return json_response(body);
}

Response get_atlas_map(const ApiContext& context, const Call& call) {
  const auto& map = *context.parts.charts;
  const auto& atlas = context.parts.model->atlas;
  Json charts = Json::array();
  for (std::size_t c = 0; c < map.charts.size(); ++c) {
    charts.push_back({{"x", map.charts[c].x}, {"y", map.charts[c].y}, {"mass", atlas.charts[c].benign_mass}});
  }
  return tagged_response(call, {{"method", "two leading principal directions of the charts' centres, weighted by "
                                           "honest mass"},
                                {"explained", map.explained},
                                {"charts", std::move(charts)}});
}

}  // namespace cms::serve
