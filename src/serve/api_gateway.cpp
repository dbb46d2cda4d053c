// Gateways over HTTP: nginx' auth_request, forward-auth, LiteLLM's generic guardrail. Page: docs/gateways.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "serve/api_handlers.hpp"
#include "serve/caller.hpp"
#include "serve/gateway.hpp"
#include "serve/litellm.hpp"

namespace cms::serve {
namespace {

// Whose request it is. A gateway that shows its token as Authorization has made the whole request; one that shows it as
// kGatewayToken hands on the client's headers, and its own configuration, the query, says which of them counts.
std::optional<std::string> account_of(const ApiContext& context, const Call& call) {
  Whose whose{kGatewayAccount, kGatewayKey};
  if (!call.request.header(kGatewayToken).empty()) {
    whose = {call.target.value("account_header").value_or(""), call.target.value("key_header").value_or("")};
  }
  return account_of(*context.parts.store, call.tenant, call.request.headers, whose);
}

// LiteLLM's name of what is an account here (setting gate.litellm_account).
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kLitellmAccounts{
    {{"key", "user_api_key_hash"},
     {"user", "user_api_key_user_id"},
     {"team", "user_api_key_team_id"},
     {"org", "user_api_key_org_id"},
     {"end_user", "user_api_key_end_user_id"}}};

std::string_view litellm_key(const ApiContext& context) {
  return std::ranges::find(kLitellmAccounts, context.options.litellm_account,
                           &std::pair<std::string_view, std::string_view>::first)->second;
}

// What LiteLLM calls a hash of a key is hashed once more: it is the key itself where LiteLLM checks none. Names may be
// what clients say (end_user), as long as a body: account_of_name() bounds what is kept of them.
std::optional<std::string> litellm_account(const ApiContext& context, const Call& call, const std::string& said) {
  if (said.empty()) return std::nullopt;
  const auto of = context.options.litellm_account == "key" ? &account_of_key : &account_of_name;
  auto account = of(*context.parts.store, call.tenant, said);
  return account ? std::optional(std::move(*account)) : std::nullopt;
}

}  // namespace

Response gateway_auth(const ApiContext& context, const Call& call) {
  const auto mode = call.target.value("mode").value_or("nginx");
  if (mode != "nginx" && mode != "forward") {
    return problem(Problem::bad_request, "\"mode\" must be nginx or forward.");
  }
  const auto account = account_of(context, call);
  const auto verdict = ask_gate(*context.parts.gate, call.tenant, account);
  // A forward-auth gateway passes the refusal on as it is, so that it says nothing of the account.
  if (!verdict.pass && mode == "forward") return wait_response(verdict);
  Response response;
  response.status = verdict.pass ? 200 : 403;
  response.type = "text/plain";
  response.headers = verdict_headers(verdict);
  if (!verdict.pass) response.headers.emplace_back(kRetryAfter, std::to_string(retry_after_s(verdict)));
  if (account) response.headers.emplace_back(kGatewayAccount, *account);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Response litellm_guardrail(const ApiContext& context, const Call& call) {
  const auto question = parse_litellm(call.request.body, litellm_key(context));
  if (!question) return problem(Problem::bad_request, "Send what LiteLLM sends: a JSON object.");
  if (question->of_answer) return json_response({{"action", "NONE"}});
  const auto account = litellm_account(context, call, question->account);
  const auto verdict = ask_gate(*context.parts.gate, call.tenant, account);
  // Beside the answer, for a token that may send prompts.
  const bool may = has(only(Role::tap) | only(Role::admin), call.caller.role);
  if (verdict.pass && account && may && context.parts.read) {
    context.parts.read({call.tenant, *account}, call.request.body);
  }
  Json answer{{"action", verdict.pass ? "NONE" : "BLOCKED"}};
  if (!verdict.pass) {
    answer["blocked_reason"] = fmt::format("Too many requests; send it again in {} seconds.", retry_after_s(verdict));
  }
  auto response = json_response(answer);
  if (verdict.stale) response.headers.emplace_back(kStale, "true");
  return response;
}

}  // namespace cms::serve
