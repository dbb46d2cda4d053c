// Gateways over HTTP: nginx' auth_request, forward-auth, LiteLLM's generic guardrail. Page: docs/gateways.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "serve/api_handlers.hpp"
#include "serve/caller.hpp"
#include "serve/gateway.hpp"

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

std::string text_at(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& member(const Json& object, std::string_view key) {
  static const Json kNothing = Json::object();
  const auto found = object.find(key);
  return found != object.end() ? *found : kNothing;
}

// What LiteLLM calls a hash of a key is hashed once more: it is the key itself where LiteLLM checks none.
std::optional<std::string> litellm_account(const ApiContext& context, const Call& call, const Json& question) {
  const auto& chosen = *std::ranges::find(kLitellmAccounts, context.options.litellm_account,
                                          &std::pair<std::string_view, std::string_view>::first);
  const auto value = text_at(member(question, "request_data"), chosen.second);
  if (value.empty() || chosen.first != "key") return value.empty() ? std::nullopt : std::optional(value);
  auto account = account_of_key(*context.parts.store, call.tenant, value);
  return account ? std::optional(std::move(*account)) : std::nullopt;
}

// Beside the answer, for a token that may send prompts: as the body of a chat, since the guardrail is told messages
// where there are any, and else all texts of one request.
void read(const ApiContext& context, const Call& call, const std::string& account, Json& question) {
  const bool may = has(only(Role::tap) | only(Role::admin), call.caller.role);
  if (!may || !context.parts.read) return;
  auto& messages = question["structured_messages"];
  if (!messages.is_array()) {
    messages = Json::array();
    for (const auto& text : member(question, "texts")) messages.push_back({{"role", "user"}, {"content", text}});
  }
  context.parts.read({call.tenant, account}, Json{{"messages", std::move(messages)}}.dump());
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
  auto question = Json::parse(call.request.body, nullptr, false);
  if (!question.is_object()) return problem(Problem::bad_request, "Send what LiteLLM sends: a JSON object.");
  // Answers of the model are nobody's request.
  if (text_at(question, "input_type") == "response") return json_response({{"action", "NONE"}});
  const auto account = litellm_account(context, call, question);
  const auto verdict = ask_gate(*context.parts.gate, call.tenant, account);
  if (verdict.pass && account) read(context, call, *account, question);
  Json answer{{"action", verdict.pass ? "NONE" : "BLOCKED"}};
  if (!verdict.pass) {
    answer["blocked_reason"] = fmt::format("Too many requests; send it again in {} seconds.", retry_after_s(verdict));
  }
  auto response = json_response(answer);
  if (verdict.stale) response.headers.emplace_back(kStale, "true");
  return response;
}

}  // namespace cms::serve
