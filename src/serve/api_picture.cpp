// One account as pictures show it, and the accounts that somebody should look at.
#include <fmt/format.h>

#include <algorithm>

#include "pipeline/picture.hpp"
#include "pipeline/score_line.hpp"
#include "pipeline/tariff.hpp"
#include "serve/api_handlers.hpp"

namespace cms::serve {
namespace {

constexpr std::size_t kQueueUsual = 100;
constexpr std::size_t kLooks = 2000;  // accounts that one look at the queue asks the engine about, and may show

Json bars_json(const std::vector<Bar>& bars) {
  Json list = Json::array();
  for (const auto& bar : bars) list.push_back(Json::array({shortest(bar.birth), shortest(bar.death)}));
  return list;
}

Json growth_json(const pipeline::Model& model, const pipeline::Picture& picture) {
  Json points = Json::array(), honest = Json::array();
  for (const auto& one : picture.growth) points.push_back({{"requests", one.requests}, {"charts", one.charts}});
  for (const auto& one : pipeline::honest_growth(model)) {
    honest.push_back({{"requests", one.requests}, {"low", one.low}, {"median", one.median}, {"high", one.high}});
  }
  return {{"from", picture.growth_from}, {"points", std::move(points)}, {"honest", std::move(honest)}};
}

Json ledger_json(const pipeline::Model& model, const pipeline::Picture& picture, std::optional<double> price) {
  if (!picture.covered) return nullptr;
  return {{"charts", picture.covered->charts},
          {"charts_all", model.atlas.chart_count()},
          {"covered_mass", picture.covered->mass},
          {"price_next", price ? Json(*price) : Json(nullptr)}};
}

// An account of the queue; null for one that need not be looked at. What people wrote about it is null where it cannot
// be read, and `unread` says so: nobody leaves the queue for that. Errors: those of looking it up.
Result<Json> queued_json(const ApiContext& context, const store::AccountName& name, double now) {
  CMS_TRY(found, context.parts.engine->look_up(name, now));
  if (!found) return Json();
  const auto& score = found->score;
  const auto decision = decide(context, name, score, now);
  if (!score.computed || decision.would_be < Action::price) return Json();
  const auto label = document_json(context, name, "label");
  const auto override_made = document_json(context, name, std::string(policy::kOverrideKind));
  if (label && label->is_object() && label->value("label", "") == "honest") return Json();
  Json reasons = Json::array();
  for (const auto& one : pipeline::reasons(score)) {
    reasons.push_back({{"channel", cms::name(one.channel)}, {"share", one.share}});
  }
  return Json{{"account", name.account},
              {"time", found->time},
              {"requests", score.requests},
              {"poh", score.poh},
              {"action", cms::name(decision.action)},
              {"would_be", cms::name(decision.would_be)},
              {"reasons", std::move(reasons)},
              {"label", label.value_or(nullptr)},
              {"override", override_made.value_or(nullptr)},
              {"unread", !label || !override_made}};
}

}  // namespace

Response get_picture(const ApiContext& context, const Call& call) {
  const auto found = context.parts.engine->account({call.tenant, call.account});
  if (!found) return problem(found.error());
  if (!*found) return not_found();
  const auto& model = *context.parts.model;
  const auto& account = **found;
  const auto standing = pipeline::standing_of(model, pipeline::tariff(model), pipeline::head_of(account),
                                             context.parts.clock());
  const auto picture = pipeline::picture(model, *context.parts.charts, account.state);
  Json visited = Json::array(), path = Json::array();
  for (const auto& visit : picture.visited) visited.push_back(Json::array({visit.chart, visit.requests}));
  for (const auto& stop : picture.path) {
    path.push_back(place_json(stop.place));
    path.back()["chart"] = stop.chart;
  }
  Json body{{"account", call.account}, {"time", standing.time}, {"requests", standing.score.requests}};
  body["visited"] = std::move(visited);
  body["path"] = std::move(path);
  body["homology"] = {{"h0", bars_json(picture.homology.h0)},
                      {"h1", bars_json(picture.homology.h1)},
                      {"exact", !picture.homology.truncated}};
  body["growth"] = growth_json(model, picture);
  body["ledger"] = ledger_json(model, picture, standing.price);
  return json_response(body);
}

Response get_queue(const ApiContext& context, const Call& call) {
  const auto limit = limit_of(call, kQueueUsual, kLooks);
  if (!limit) return wrong_limit(kLooks);
  const double now = context.parts.clock();
  // Since then evidence has leaked away, so that PoH can only have risen.
  const auto lowest = context.parts.overview->lowest(call.tenant, context.parts.policy()->ladder.price, kLooks);
  std::vector<Json> accounts;
  bool unread = false;
  for (const auto& low : lowest.accounts) {
    auto queued = queued_json(context, {call.tenant, low.account}, now);
    unread = unread || !queued;
    if (queued && !queued->is_null()) accounts.push_back(std::move(*queued));
  }
  std::ranges::stable_sort(accounts, [](const Json& a, const Json& b) { return a["poh"] < b["poh"]; });
  const bool truncated = unread || lowest.total > lowest.accounts.size() || accounts.size() > *limit;
  if (accounts.size() > *limit) accounts.resize(*limit);
  return json_response({{"accounts", accounts}, {"total", lowest.total}, {"truncated", truncated}});
}

}  // namespace cms::serve
