// The handlers of the route table, and what they share. Each answers one endpoint; docs/api.md says what.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "serve/api.hpp"
#include "serve/routes.hpp"

namespace cms::serve {

using Json = nlohmann::ordered_json;

// What is not there and what is not the caller's: the same bytes.
Response not_found();
Response json_response(const Json& body, unsigned status = 200);
// The same with a strong ETag, and 304 where If-None-Match names it.
Response tagged_response(const Call& call, const Json& body);
// The same with a weak one, to which the key `aside` of the body makes no difference.
Response weakly_tagged_response(const Call& call, const Json& body, const std::string& aside);
// Puts an ETag, with its quotes and, of a weak one, W/, on an answer; empties it to a 304 where If-None-Match names it.
void put_tag(const Call& call, const std::string& tag, Response& response);

// The query's `limit`, 1 to `most`; `otherwise` without one, nothing when it is none.
std::optional<std::size_t> limit_of(const Call& call, std::size_t otherwise, std::size_t most);
// What is told then, and of a cursor that no page has given.
Response wrong_limit(std::size_t most);
Response wrong_cursor();
// Cursors on the wire: the text in hexadecimal digits (from_hex() reads it).
std::string hex_text(std::string_view text);
// Says where the next page is.
void link_next(Response& response, std::string_view target);

// {"allow": n, "observe": n, ...}
Json by_action_json(const pipeline::ByAction& counts);

// A document of an account (a label, an override) as it lies in the store; null where there is none. Errors: those of
// the store; `bad_input` when it is no JSON.
Result<Json> document_json(const ApiContext& context, const store::AccountName& name, const std::string& kind);

// The flagged campaign that an account is a member of, in short; null where it is in none.
Json membership_json(const ApiContext& context, const store::AccountName& name);

// The number of the fewest digits that tell this float apart.
double shortest(float value);

Json ladder_json(const policy::Ladder& ladder);

// {"x": ..., "y": ...}, to seven digits: a picture needs no more.
Json place_json(const pipeline::Place& place);

// Appends to the audit log in the caller's name. The detail speaks of the account by its pseudonym. Errors: those of
// the store.
Result<void> audit(const ApiContext& context, const Call& call, const std::string& action, Json detail);

// The decision about an account under the policy in force, overrides included (decision.hpp).
policy::Decision decide(const ApiContext& context, const store::AccountName& name, const Score& score, double now);

// What a handler that answers at once is in the table.
template <Response (*answer)(const ApiContext&, const Call&)>
void at_once(const ApiContext& context, Call&& call, Respond respond) {
  respond(answer(context, call));
}

// api_accounts.cpp
Response list_accounts(const ApiContext& context, const Call& call);
Response get_account(const ApiContext& context, const Call& call);
Response get_decision(const ApiContext& context, const Call& call);
// api_dashboard.cpp
Response get_root(const ApiContext& context, const Call& call);
Response get_dashboard(const ApiContext& context, const Call& call);
Response get_dashboard_asset(const ApiContext& context, const Call& call);
Response get_me(const ApiContext& context, const Call& call);
Response get_overview(const ApiContext& context, const Call& call);
Response get_atlas_map(const ApiContext& context, const Call& call);
// api_picture.cpp
Response get_picture(const ApiContext& context, const Call& call);
Response get_queue(const ApiContext& context, const Call& call);
// api_campaigns.cpp
Response list_campaigns(const ApiContext& context, const Call& call);
Response get_campaign(const ApiContext& context, const Call& call);
// api_backtest.cpp
Response post_backtest(const ApiContext& context, const Call& call);
// api_review.cpp
Response put_label(const ApiContext& context, const Call& call);
Response delete_label(const ApiContext& context, const Call& call);
Response put_override(const ApiContext& context, const Call& call);
Response delete_override(const ApiContext& context, const Call& call);
void erase_account(const ApiContext& context, Call&& call, Respond respond);
Response get_audit(const ApiContext& context, const Call& call);
// api_gateway.cpp
Response gateway_auth(const ApiContext& context, const Call& call);
Response litellm_guardrail(const ApiContext& context, const Call& call);
// api_ingest.cpp
void post_activations(const ApiContext& context, Call&& call, Respond respond);
void post_observations(const ApiContext& context, Call&& call, Respond respond);
// api_service.cpp
Response get_atlas(const ApiContext& context, const Call& call);
Response get_policy(const ApiContext& context, const Call& call);
Response reload_policy(const ApiContext& context, const Call& call);
Response snapshot_store(const ApiContext& context, const Call& call);
Response get_events(const ApiContext& context, const Call& call);
Response get_metrics(const ApiContext& context, const Call& call);
Response get_system(const ApiContext& context, const Call& call);
Response get_health(const ApiContext& context, const Call& call);
Response get_ready(const ApiContext& context, const Call& call);
Response get_openapi(const ApiContext& context, const Call& call);

}  // namespace cms::serve
