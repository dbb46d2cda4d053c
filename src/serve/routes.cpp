#include "serve/routes.hpp"

#include <array>

#include "serve/api_handlers.hpp"

namespace cms::serve {
namespace {

constexpr Roles kGuardrail = only(Role::tap) | only(Role::reader) | only(Role::analyst) | only(Role::admin);
constexpr Roles kTap = only(Role::tap) | only(Role::admin);
constexpr Roles kReader = only(Role::reader) | only(Role::analyst) | only(Role::admin);
constexpr Roles kAnalyst = only(Role::analyst) | only(Role::admin);
constexpr Roles kAdmin = only(Role::admin);
constexpr Roles kAny = kTap | kReader;

constexpr std::string_view kJson = "application/json";
constexpr std::array<std::string_view, 1> kJsonBody{"application/json"};
constexpr std::array<std::string_view, 2> kLines{"application/x-ndjson", "application/jsonl"};
constexpr std::array<std::string_view, 4> kVectors{"application/x-ndjson", "application/jsonl", "application/x-npy",
                                                   "application/x-safetensors"};

constexpr std::string_view kCount = R"({"type":"integer","minimum":0,"maximum":18446744073709551615})";
constexpr std::string_view kLimit = R"({"type":"integer","minimum":1,"maximum":1000,"default":100})";
constexpr std::string_view kText = R"({"type":"string"})";
constexpr std::string_view kAsciiText = R"({"type":"string","pattern":"^[!-~]*$"})";

constexpr Parameter kIfNoneMatch{"If-None-Match", "header", kText,
                                 "ETags that the caller has: 304 when one is current"};
constexpr std::array kTagged{kIfNoneMatch};
constexpr std::array kPaged{
    Parameter{"cursor", "query", R"({"type":"string","pattern":"^([0-9a-f]{2})*$"})", "where the page before ended"},
    Parameter{"limit", "query", kLimit, "accounts a page"}};
constexpr Parameter kAfter{"cursor", "query", R"({"type":"string","pattern":"^([0-9a-f]{2})*$"})",
                           "where the page before ended"};
constexpr std::array kCampaigns{
    Parameter{"state", "query", R"({"enum":["flagged","released","all"],"default":"flagged"})",
              "those that are, those that ended lately, or both"},
    kAfter, Parameter{"limit", "query", kLimit, "campaigns a page"}, kIfNoneMatch};
constexpr std::array kCampaign{kAfter, Parameter{"limit", "query", kLimit, "members a page"}, kIfNoneMatch};
constexpr std::array kQueue{Parameter{"limit", "query",
                                      R"({"type":"integer","minimum":1,"maximum":2000,"default":100})",
                                      "accounts at most"}};
constexpr std::array kAuditPage{
    Parameter{"after", "query", kCount, "number of the last entry that is known"},
    Parameter{"limit", "query", kLimit, "entries a page"}};
constexpr std::array kEvents{
    Parameter{"tenant", "query", R"({"type":"string","pattern":"^[a-z0-9-]{1,64}$"})", "of this tenant alone"},
    Parameter{"Last-Event-ID", "header", kText, "identifier of the last event that was seen"}};
constexpr Parameter kProducer{"Cms-Producer", "header", R"({"type":"string","minLength":1,"pattern":"^[!-~]+$"})",
                              "who sends; percent-encoded, 1 to 256 bytes"};
constexpr Parameter kEpoch{"Cms-Epoch", "header", kCount, "rises when a producer begins anew"};
constexpr std::string_view kFromOne = R"({"type":"integer","minimum":1,"maximum":18446744073709551615})";
constexpr Parameter kSequence{"Cms-Sequence", "header", kFromOne,
                              "number of the batch in its epoch, from 1 without a gap"};
constexpr std::array kObserve{kProducer, kEpoch, kSequence};
constexpr std::array kIngest{
    Parameter{"Cms-Model", "header", R"({"type":"string","minLength":1,"pattern":"^[!-~]+$"})",
              "NAME/LAYER/POOLING of the model, or the SHA-256 of its file", true},
    kProducer, kEpoch, kSequence,
    Parameter{"account", "query", kText, "of every row of a binary body"},
    Parameter{"time", "query", R"({"type":"number"})", "seconds since 1970, of every row of a binary body"},
    Parameter{"tensor", "query", kText, "which tensor of a .safetensors body, where there are several"},
    Parameter{"Cms-Accounts", "header", kAsciiText, "JSON array: the account of each row of a binary body"},
    Parameter{"Cms-Times", "header", kAsciiText, "JSON array: seconds since 1970 of each row of a binary body"}};

constexpr std::array kGateway{
    Parameter{"mode", "query", R"({"enum":["nginx","forward"],"default":"nginx"})", "how a request that has to wait is "
              "answered: 403, or 429 with a body for the client"},
    Parameter{"account_header", "query", kText, "with X-CMS-Token: the header that names the account"},
    Parameter{"key_header", "query", kText, "with X-CMS-Token: the header that holds the API key"},
    Parameter{"X-CMS-Token", "header", kText, "the gateway's token, where Authorization is the client's"},
    Parameter{"X-CMS-Account", "header", kText, "without X-CMS-Token: the account"},
    Parameter{"X-CMS-Api-Key", "header", kText, "without X-CMS-Token: the client's API key"}};

constexpr std::array kStoreProblems{Problem::bad_request, Problem::damaged, Problem::store_unavailable};
constexpr std::array kIngestProblems{Problem::bad_request, Problem::out_of_order, Problem::stale_epoch,
                                     Problem::observe_off, Problem::overloaded, Problem::store_unavailable};
constexpr std::array kBadRequest{Problem::bad_request, Problem::store_unavailable};
constexpr std::array kOverloaded{Problem::overloaded};
constexpr std::array kNotReady{Problem::not_ready};

#define CMS_TENANT "/v1/tenants/{tenant}"
#define CMS_ACCOUNT CMS_TENANT "/accounts/{account}"

constexpr std::array kRoutes{
    Route{Method::get, CMS_TENANT "/accounts", "listAccounts", Access::role, kReader, Work::disk,
          &at_once<list_accounts>, "Accounts of a tenant, in an order that says nothing of their names", 200, kJson,
          "AccountPage", kPaged, {}, {}, kStoreProblems},
    Route{Method::get, CMS_ACCOUNT, "getAccount", Access::role, kReader, Work::disk, &at_once<get_account>,
          "Score, reasons, decision, history, label and override of an account", 200, kJson, "Account", kTagged, {}, {},
          kStoreProblems},
    Route{Method::del, CMS_ACCOUNT, "eraseAccount", Access::role, kAdmin, Work::disk, &erase_account,
          "Destroys the account's key and rows; nothing brings them back", 204, {}, {}, {}, {}, {}, kStoreProblems},
    Route{Method::get, CMS_ACCOUNT "/decision", "getDecision", Access::role, kReader, Work::quick,
          &at_once<get_decision>, "What to do about an account now; allow for one that is not known", 200, kJson,
          "Decision", {}, {}, {}, kBadRequest},
    Route{Method::put, CMS_ACCOUNT "/labels", "putLabel", Access::role, kAnalyst, Work::disk, &at_once<put_label>,
          "What a person found an account to be", 200, kJson, "Label", {}, kJsonBody, "NewLabel", kStoreProblems},
    Route{Method::del, CMS_ACCOUNT "/labels", "deleteLabel", Access::role, kAnalyst, Work::disk,
          &at_once<delete_label>, "Takes the label away", 204, {}, {}, {}, {}, {}, kStoreProblems},
    Route{Method::put, CMS_ACCOUNT "/override", "putOverride", Access::role, kAnalyst, Work::disk,
          &at_once<put_override>, "What is done about an account until a time, whatever its score", 200, kJson,
          "Override", {}, kJsonBody, "Override", kStoreProblems},
    Route{Method::del, CMS_ACCOUNT "/override", "deleteOverride", Access::role, kAnalyst, Work::disk,
          &at_once<delete_override>, "Takes the override away", 204, {}, {}, {}, {}, {}, kStoreProblems},
    Route{Method::post, CMS_TENANT "/activations", "postActivations", Access::role, kTap, Work::disk,
          &post_activations, "Takes in a batch of activations; answers when it is durable", 200, kJson, "Ingested",
          kIngest, kVectors, {}, kIngestProblems},
    Route{Method::post, CMS_TENANT "/observations", "postObservations", Access::role, kTap, Work::disk,
          &post_observations, "Takes in a batch of prompts for the daemon's own tap", 200, kJson, "Ingested", kObserve,
          kLines, {}, kIngestProblems},
    Route{Method::get, CMS_TENANT "/gateway/auth", "gatewayAuth", Access::role, kReader, Work::quick,
          &at_once<gateway_auth>, "Whether a request may pass now, for auth_request and forward-auth; counts it", 200,
          {}, {}, kGateway, {}, {}, kBadRequest},
    Route{Method::post, CMS_TENANT "/gateway/auth", "gatewayAuthPost", Access::role, kReader, Work::quick,
          &at_once<gateway_auth>, "The same, for gateways that ask so; without a body", 200, {}, {}, kGateway, {}, {},
          kBadRequest},
    Route{Method::post, CMS_TENANT "/gateway/litellm/beta/litellm_basic_guardrail_api", "litellmGuardrail",
          Access::role, kGuardrail, Work::gate, &at_once<litellm_guardrail>,
          "The same for LiteLLM; prompts go to the daemon's own tap where the token is a tap's", 200, kJson,
          "GuardrailAnswer", {}, kJsonBody, "GuardrailQuestion", kBadRequest, true},
    Route{Method::get, CMS_TENANT "/audit", "getAudit", Access::role, kAnalyst, Work::disk, &at_once<get_audit>,
          "The audit log of a tenant, oldest first", 200, kJson, "AuditPage", kAuditPage, {}, {}, kStoreProblems},
    Route{Method::get, "/v1/audit", "getWholeAudit", Access::all_tenants, kAnalyst, Work::disk, &at_once<get_audit>,
          "The whole audit log, oldest first: all tenants' entries and those of the daemon", 200, kJson,
          "WholeAuditPage", kAuditPage, {}, {}, kStoreProblems},
    Route{Method::get, CMS_TENANT "/overview", "getOverview", Access::role, kReader, Work::slow,
          &at_once<get_overview>, "Traffic, accounts by PoH and action, and who fell lately", 200, kJson, "Overview"},
    Route{Method::get, CMS_TENANT "/queue", "getQueue", Access::role, kReader, Work::slow, &at_once<get_queue>,
          "Accounts that somebody should look at, lowest PoH first", 200, kJson, "Queue", kQueue, {}, {}, kBadRequest},
    Route{Method::get, CMS_TENANT "/campaigns", "listCampaigns", Access::role, kReader, Work::disk,
          &at_once<list_campaigns>, "Accounts that share out one extraction, newest first, and the fleet they are of",
          200, kJson, "CampaignPage", kCampaigns, {}, {}, kBadRequest},
    Route{Method::get, CMS_TENANT "/campaigns/{campaign}", "getCampaign", Access::role, kReader, Work::slow,
          &at_once<get_campaign>, "One campaign: evidence, coverage, members, links among them", 200, kJson, "Campaign",
          kCampaign, {}, {}, kBadRequest},
    Route{Method::get, CMS_ACCOUNT "/picture", "getPicture", Access::role, kReader, Work::disk,
          &at_once<get_picture>, "An account as pictures show it: path, coverage, homology, growth", 200, kJson,
          "Picture", {}, {}, {}, kStoreProblems},
    Route{Method::post, CMS_TENANT "/backtest", "postBacktest", Access::role, kAnalyst, Work::slow,
          &at_once<post_backtest>, "What another policy would do to the accounts as they stand", 200, kJson, "Backtest",
          {}, kJsonBody, "NewPolicy", kBadRequest},
    Route{Method::get, "/v1/system", "getSystem", Access::all_tenants, kReader, Work::disk, &at_once<get_system>,
          "Engine, store and latencies now", 200, kJson, "System"},
    Route{Method::get, "/v1/me", "getMe", Access::role, kAny, Work::quick, &at_once<get_me>,
          "Who the caller is, and what it may see", 200, kJson, "Me"},
    Route{Method::get, "/v1/atlas", "getAtlas", Access::role, kReader, Work::quick, &at_once<get_atlas>,
          "The model of honest use that scores come from", 200, kJson, "Atlas", kTagged},
    Route{Method::get, "/v1/atlas/map", "getAtlasMap", Access::role, kReader, Work::quick, &at_once<get_atlas_map>,
          "The charts of the atlas laid out flat", 200, kJson, "AtlasMap", kTagged},
    Route{Method::get, "/v1/policy", "getPolicy", Access::role, kReader, Work::quick, &at_once<get_policy>,
          "The policy in force; of its allowances those that the caller may see", 200, kJson, "Policy", kTagged},
    Route{Method::post, "/v1/policy/reload", "reloadPolicy", Access::all_tenants, kAdmin, Work::disk,
          &at_once<reload_policy>, "Reads the policy's file again", 200, kJson, "Policy", {}, {}, {}, kBadRequest},
    Route{Method::post, "/v1/store/snapshot", "snapshotStore", Access::all_tenants, kAdmin, Work::slow,
          &at_once<snapshot_store>, "Copies the store to a new folder while requests go on", 201, kJson, "Snapshot", {},
          {}, {}, kBadRequest},
    Route{Method::get, "/v1/events", "getEvents", Access::role, kReader, Work::quick, &at_once<get_events>,
          "What happens, as server-sent events", 200, "text/event-stream", {}, kEvents, {}, {}, kOverloaded},
    Route{Method::get, "/metrics", "getMetrics", Access::all_tenants, kReader, Work::disk, &at_once<get_metrics>,
          "Counters for Prometheus", 200, "text/plain", {}},
    Route{Method::get, "/healthz", "getHealth", Access::everyone, 0, Work::quick, &at_once<get_health>,
          "The process answers", 200, kJson, "Status"},
    Route{Method::get, "/readyz", "getReady", Access::everyone, 0, Work::quick, &at_once<get_ready>,
          "What is sent now is taken in", 200, kJson, "Status", {}, {}, {}, kNotReady},
    Route{Method::get, "/openapi.json", "getOpenapi", Access::everyone, 0, Work::quick, &at_once<get_openapi>,
          "This description", 200, kJson, {}, kTagged},
    Route{Method::get, "/", "getRoot", Access::everyone, 0, Work::quick, &at_once<get_root>, "Leads to the dashboard",
          302, {}, {}},
    Route{Method::get, "/dashboard", "getDashboardRoot", Access::everyone, 0, Work::quick, &at_once<get_root>,
          "Leads to the dashboard", 302, {}, {}},
    Route{Method::get, "/dashboard/", "getDashboard", Access::everyone, 0, Work::quick, &at_once<get_dashboard>,
          "The dashboard's page", 200, "text/html", {}, kTagged},
    Route{Method::get, "/dashboard/assets/{file}", "getDashboardAsset", Access::everyone, 0, Work::quick,
          &at_once<get_dashboard_asset>, "What the dashboard's page is made of", 200, "*/*", {}, kTagged},
};

#undef CMS_ACCOUNT
#undef CMS_TENANT

// Whether the segments are of this path; what stands for its names is entered into `matched`.
bool matches_path(std::string_view path, const Target& target, Matched& matched) {
  if (path == "/") return target.segments.empty();
  std::string tenant, account, file, campaign;
  for (const auto& segment : target.segments) {
    if (!path.starts_with('/')) return false;
    path.remove_prefix(1);
    const auto part = path.substr(0, path.find('/'));
    path.remove_prefix(part.size());
    if (part == "{tenant}") {
      tenant = segment;
    } else if (part == "{account}") {
      account = segment;
    } else if (part == "{file}") {
      file = segment;
    } else if (part == "{campaign}") {
      campaign = segment;
    } else if (part != segment) {
      return false;
    }
  }
  if (!path.empty()) return false;
  matched.tenant = std::move(tenant);
  matched.account = std::move(account);
  matched.file = std::move(file);
  matched.campaign = std::move(campaign);
  return true;
}

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

Matched match(const Target& target) {
  Matched matched;
  for (const auto& route : kRoutes) {
    if (matches_path(route.path, target, matched)) matched.routes.push_back(&route);
  }
  return matched;
}

std::string allowed(const Matched& matched) {
  std::string text;
  for (const auto* route : matched.routes) {
    text += std::string(name(route->method)) + ", ";
    if (route->method == Method::get) text += "HEAD, ";
  }
  return text + "OPTIONS";
}

}  // namespace cms::serve
