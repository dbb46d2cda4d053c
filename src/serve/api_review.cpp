// What people decide about an account, and the log of it: labels, overrides, erasure, audit.
//
// The audit entry is written first: an entry without its effect can be explained, an effect without an entry cannot.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "serve/api_handlers.hpp"
#include "serve/erasures.hpp"
#include "serve/rfc3339.hpp"
#include "tap/json_lines.hpp"
#include "tap/text.hpp"

namespace cms::serve {
namespace {

constexpr std::size_t kAuditMax = 1000, kAuditUsual = 100;
constexpr std::array<std::string_view, 3> kLabels{"honest", "extracting", "unclear"};

// Whether there is such an account. A damaged one is: it must be possible to label and to erase it.
bool exists(const ApiContext& context, const store::AccountName& name) {
  const auto found = context.parts.engine->look_up(name, context.parts.clock());
  return !found || found->has_value();
}

// {"label": ..., "why": ...} checked, with who said so and when.
Result<Json> label_of(const ApiContext& context, const Call& call) {
  CMS_TRY(object, tap::parse_object(call.request.body));
  for (const auto& [key, value] : object.items()) {
    if (key != "label" && key != "why") return fail(ErrorCode::bad_input, "unknown key; known are label and why");
  }
  const auto label = object.find("label");
  if (label == object.end() || !label->is_string() ||
      std::ranges::find(kLabels, label->get<std::string>()) == kLabels.end()) {
    return fail(ErrorCode::bad_input, "\"label\" must be honest, extracting or unclear");
  }
  const auto why = object.value("why", nlohmann::json(""));
  if (!why.is_string() || why.get_ref<const std::string&>().size() > policy::kWhyBytesMax) {
    return fail(ErrorCode::bad_input, fmt::format("\"why\" must be a text of at most {} bytes", policy::kWhyBytesMax));
  }
  return Json{{"label", *label}, {"why", why}, {"time", context.parts.clock()}, {"by", call.caller.id}};
}

// Enters it in the log, then writes the document; an empty one removes it. `what` says it to those who are told.
Response put(const ApiContext& context, const Call& call, EventKind kind_told, const std::string& content, Json detail,
             const std::string& what) {
  const std::string kind(cms::serve::name(kind_told));
  const store::AccountName name{call.tenant, call.account};
  if (!exists(context, name)) return not_found();
  if (content.empty()) {
    const auto before = context.parts.store->document(name, kind);
    if (before && !*before) return not_found();
  }
  if (auto done = audit(context, call, kind, std::move(detail)); !done) return problem(done.error());
  const auto done = kind_told == EventKind::override ? context.parts.overrides->put(name, content)
                                                     : context.parts.store->put_document(name, kind, content);
  if (!done) return problem(done.error());
  if (!*done) return not_found();  // erased meanwhile
  if (context.parts.reviewed) context.parts.reviewed(kind_told, name, fmt::format("{}, by {}", what, call.caller.id));
  if (!content.empty()) return json_response(Json::parse(content));
  Response response;
  response.status = 204;
  return response;
}

Response refuse(const Error& error) {
  return problem(Problem::bad_request, error.message + ".");
}

}  // namespace

Response put_label(const ApiContext& context, const Call& call) {
  const auto label = label_of(context, call);
  if (!label) return refuse(label.error());
  return put(context, call, EventKind::label, label->dump(), {{"label", (*label)["label"]}},
             (*label)["label"].get<std::string>());
}

Response delete_label(const ApiContext& context, const Call& call) {
  return put(context, call, EventKind::label, "", {{"label", nullptr}}, "taken away");
}

Response put_override(const ApiContext& context, const Call& call) {
  const auto value = policy::parse_override(call.request.body);
  if (!value) return refuse(value.error());
  if (value->until > policy::kUntilMax) {
    return problem(Problem::bad_request,
                   fmt::format("\"until\" of an override is at most {}, the end of the year 9999.", policy::kUntilMax));
  }
  return put(context, call, EventKind::override, policy::format_override(*value),
             {{"action", name(value->action)}, {"until", value->until}},
             fmt::format("{} until {}", name(value->action), rfc3339(value->until)));
}

Response delete_override(const ApiContext& context, const Call& call) {
  return put(context, call, EventKind::override, "", {{"action", nullptr}}, "taken away");
}

// Its rows are gone at once; it is answered when its bytes are, and holds no thread until then.
void erase_account(const ApiContext& context, Call&& call, Respond respond) {
  const store::AccountName account{call.tenant, call.account};
  bool there = exists(context, account);
  if (there) {
    if (auto done = audit(context, call, "erase", Json::object()); !done) return respond(problem(done.error()));
    const auto erased = context.parts.engine->erase(account);
    if (!erased) return respond(problem(erased.error()));
    there = *erased;
  }
  // Where it is not there it may have been erased by a call that was told that its bytes still are.
  if (!there) {
    const auto erasing = context.parts.store->erasing(account);
    if (erasing && !*erasing) return respond(not_found());
  }
  context.erasures.wait([respond = std::move(respond), there](const Result<void>& compacted) {
    if (!compacted) return respond(problem(compacted.error()));
    if (!there) return respond(not_found());
    Response response;
    response.status = 204;
    respond(std::move(response));
  });
}

// Of the path's tenant, numbered by itself so that it tells nothing of others; without one, of all.
Response get_audit(const ApiContext& context, const Call& call) {
  const auto limit = limit_of(call, kAuditUsual, kAuditMax);
  if (!limit) return wrong_limit(kAuditMax);
  const auto after = parse_count(call.target.value("after").value_or("0"));
  if (!after) return problem(Problem::bad_request, "\"after\" must be the number of an entry, or 0.");
  const auto& store = *context.parts.store;
  const bool whole = call.tenant.empty();
  const auto entries = whole ? store.audit("", *after, *limit) : store.own_audit(call.tenant, *after, *limit);
  if (!entries && entries.error().code == ErrorCode::usage) {
    return problem(Problem::bad_request, "\"after\": " + entries.error().message);
  }
  if (!entries) return problem(entries.error());
  Json list = Json::array();
  for (const auto& entry : *entries) {
    auto parsed = tap::parse_json<Json>(entry.detail);
    auto detail = parsed ? std::move(*parsed) : Json(entry.detail);
    Json one{{"number", entry.number}, {"time", entry.time}, {"tenant", entry.tenant}, {"actor", entry.actor},
             {"action", entry.action}, {"detail", std::move(detail)}};
    if (whole) one["hash"] = entry.hash;
    list.push_back(std::move(one));
  }
  auto response = json_response({{"entries", std::move(list)}});
  if (entries->size() == *limit) {
    const auto path = whole ? std::string("/v1/audit") : fmt::format("/v1/tenants/{}/audit", call.tenant);
    link_next(response, fmt::format("{}?after={}&limit={}", path, entries->back().number, *limit));
  }
  return response;
}

}  // namespace cms::serve
