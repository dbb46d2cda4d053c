// Accounts: the list, one account whole, and the small look-up that gateways make for each request.
#include <fmt/format.h>

#include <cmath>

#include "pipeline/score_line.hpp"
#include "pipeline/tariff.hpp"
#include "serve/api_handlers.hpp"
#include "serve/decision.hpp"
#include "tap/json_lines.hpp"

namespace cms::serve {
namespace {

constexpr std::size_t kListMax = 1000, kListUsual = 100;

Json decision_json(const policy::Decision& decision) {
  return {{"action", name(decision.action)}, {"would_be", name(decision.would_be)}, {"why", decision.why}};
}

Json history_json(const pipeline::History& history) {
  Json points = Json::array();
  for (const auto& point : history.points) {
    points.push_back({{"time", point.time}, {"requests", point.requests}, {"poh", shortest(point.poh)}});
  }
  return {{"stride", history.stride}, {"points", std::move(points)}};
}

// Marks what was made while the store refused: it may be older than what the caller has sent.
void mark_stale(const ApiContext& context, double as_of, Json& body) {
  const bool stale = !context.parts.engine->durable();
  body["stale"] = stale;
  if (stale) body["as_of"] = as_of;
}

Json listed_json(const ApiContext& context, const store::AccountName& name, const store::Store::Listed& listed,
                 double now) {
  Json entry{{"account", listed.account}, {"time", listed.time}, {"records", listed.records}};
  const auto standing = context.parts.engine->look_up(name, now);
  if (listed.unread) {
    const bool known = standing && *standing;  // in memory
    entry["time"] = known ? Json((*standing)->time) : Json(nullptr);
    entry["records"] = known ? Json((*standing)->records) : Json(nullptr);
  }
  if (!standing || !*standing) {
    const bool damaged = !standing && standing.error().code == ErrorCode::bad_input;
    entry["status"] = standing ? "unknown" : damaged ? "damaged" : "unavailable";
    entry["poh"] = nullptr;
    entry["action"] = standing ? Json(cms::name(Action::allow)) : Json(nullptr);
    entry["would_be"] = entry["action"];
    return entry;
  }
  const auto& score = (*standing)->score;
  entry["status"] = score.computed ? "computed" : "not_computed";
  entry["requests"] = score.requests;
  entry["poh"] = score.computed ? Json(score.poh) : Json(nullptr);
  const auto decision = decide(context, name, score, now);
  entry["action"] = cms::name(decision.action);
  entry["would_be"] = cms::name(decision.would_be);
  if (const auto campaign = membership_json(context, name); !campaign.is_null()) entry["campaign"] = campaign["id"];
  return entry;
}

}  // namespace

Result<Json> document_json(const ApiContext& context, const store::AccountName& name, const std::string& kind) {
  CMS_TRY(document, context.parts.store->document(name, kind));
  if (!document) return Json();
  auto parsed = tap::parse_json<Json>(*document);
  if (!parsed) return fail(ErrorCode::bad_input, fmt::format("the {} of an account is no JSON", kind));
  return std::move(*parsed);
}

Json ladder_json(const policy::Ladder& ladder) {
  return {{"observe", ladder.observe}, {"price", ladder.price}, {"limit", ladder.limit}, {"review", ladder.review}};
}

double shortest(float value) { return std::stod(fmt::format("{}", value)); }

policy::Decision decide(const ApiContext& context, const store::AccountName& name, const Score& score, double now) {
  return decide(*context.parts.policy(), *context.parts.overrides, context.parts.campaigns, name, score, now);
}

Json membership_json(const ApiContext& context, const store::AccountName& name) {
  const auto campaign = context.parts.campaigns != nullptr ? context.parts.campaigns->member(name) : nullptr;
  if (!campaign) return nullptr;
  return {{"id", campaign->id}, {"poh", campaign->poh}, {"since", campaign->since}, {"accounts", campaign->accounts},
          {"words", campaign->words}};
}

Response list_accounts(const ApiContext& context, const Call& call) {
  const auto limit = limit_of(call, kListUsual, kListMax);
  if (!limit) return wrong_limit(kListMax);
  const auto cursor = from_hex(call.target.value("cursor").value_or(""));
  if (!cursor) return wrong_cursor();
  const auto page = context.parts.store->list(call.tenant, *cursor, *limit);
  // What the store calls wrong use is a cursor that it never gave.
  if (!page && page.error().code == ErrorCode::usage) return wrong_cursor();
  if (!page) return problem(page.error());
  const double now = context.parts.clock();
  Json accounts = Json::array();
  for (const auto& one : page->accounts) {
    accounts.push_back(listed_json(context, {call.tenant, one.account}, one, now));
  }
  Json body{{"accounts", std::move(accounts)}, {"cursor", nullptr}, {"passed_over", page->passed_over}};
  if (page->cursor.empty()) return json_response(body);
  const auto next = hex_text(page->cursor);
  body["cursor"] = next;
  auto response = json_response(body);
  link_next(response, fmt::format("/v1/tenants/{}/accounts?cursor={}&limit={}", call.tenant, next, *limit));
  return response;
}

Response get_account(const ApiContext& context, const Call& call) {
  const store::AccountName name{call.tenant, call.account};
  const double now = context.parts.clock();
  const auto found = context.parts.engine->account(name);
  if (!found) return problem(found.error());
  if (!*found) return not_found();
  const auto label = document_json(context, name, "label");
  if (!label) return problem(label.error());
  const auto override_made = document_json(context, name, std::string(policy::kOverrideKind));
  if (!override_made) return problem(override_made.error());
  const auto& model = *context.parts.model;
  const auto& account = **found;
  const auto standing = pipeline::standing_of(model, pipeline::tariff(model), pipeline::head_of(account), now);
  auto body = pipeline::score_line(call.account, model.name, standing.score, standing.price);
  const auto decision = decide(context, name, standing.score, now);
  body["action"] = cms::name(decision.action);
  body["would_be"] = cms::name(decision.would_be);
  body["decision"] = decision_json(decision);
  body["ladder"] = ladder_json(policy::ladder_of(*context.parts.policy(), name.tenant, name.account));
  body["time"] = standing.time;
  body["records"] = standing.records;
  body["readings"] = pipeline::readings(account.state.reading);
  body["history"] = history_json(account.history);
  body["label"] = *label;
  body["override"] = *override_made;
  body["campaign"] = membership_json(context, name);
  mark_stale(context, standing.time, body);
  return tagged_response(call, body);
}

Response get_decision(const ApiContext& context, const Call& call) {
  const store::AccountName name{call.tenant, call.account};
  const double now = context.parts.clock();
  const auto& parts = context.parts;
  const auto said = answer_about(*parts.engine, *parts.policy(), *parts.overrides, parts.campaigns, name, now);
  Json body{{"account", call.account}, {"campaign", membership_json(context, name)}, {"status", said.status},
            {"stale", said.stale}};
  body.update(decision_json(said.decision));
  if (said.stale && said.standing) body["as_of"] = said.standing->time;
  return json_response(body);
}

}  // namespace cms::serve
