#include "serve/api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/hash.hpp"
#include "pipeline/admission.hpp"
#include "serve/api_handlers.hpp"
#include "serve/erasures.hpp"
#include "serve/gateway.hpp"

namespace cms::serve {
namespace {

// A check's answer: nothing when the request may go on.
using Refusal = std::unique_ptr<Response>;

Refusal refuse(Problem which, std::string_view detail) {
  return std::make_unique<Response>(problem(which, detail));
}

Refusal refuse(Response response) {
  return std::make_unique<Response>(std::move(response));
}

// RFC 9110, 12.5.1, as far as a resource of one type needs it; "*/*" is of any.
bool accepts(std::string_view accept, std::string_view type) {
  if (accept.empty() || type == "*/*") return true;
  type = type.substr(0, type.find(';'));
  const auto major = type.substr(0, type.find('/') + 1);
  while (!accept.empty()) {
    const auto [range, refused] = take_preference(accept);
    const bool fits = range == "*/*" || same_word(range, type) ||
                      (range.ends_with("/*") && same_word(range.substr(0, range.size() - 1), major));
    if (fits && !refused) return true;
  }
  return false;
}

Refusal check_types(const Route& route, const Request& request) {
  if (!route.type.empty() && !accepts(request.header("Accept"), route.type)) {
    return refuse(Problem::not_acceptable, fmt::format("The answer comes as {}.", route.type));
  }
  if (route.body_types.empty()) return nullptr;
  const auto type = request.header("Content-Type");
  const auto plain = type.substr(0, type.find_first_of("; \t"));
  const auto known = std::ranges::find_if(route.body_types, [&](auto one) { return same_word(one, plain); });
  if (known == route.body_types.end()) {
    return refuse(Problem::unsupported_type, fmt::format("Send {}.", fmt::join(route.body_types, " or ")));
  }
  const auto coding = request.header("Content-Encoding");
  if (!coding.empty() && !same_word(coding, "identity")) {
    return refuse(Problem::unsupported_type, "Send the body without a content coding.");
  }
  return nullptr;
}

}  // namespace

struct Api::State {
  ApiParts parts;
  ApiOptions options;
  Erasures erasures;
  boost::asio::thread_pool pool;
  boost::asio::thread_pool slow_pool{1}, gate_pool{1}, large_gate_pool{1};

  State(ApiParts given_parts, ApiOptions given_options)
      : parts(std::move(given_parts)),
        options(std::move(given_options)),
        erasures([store = parts.store] { return store->compact_erased(); }),
        pool(std::max(1U, options.threads)) {}

  [[nodiscard]] ApiContext context() { return {parts, options, erasures}; }
  [[nodiscard]] Refusal identify(const Request& request, Identity& caller) const;
  [[nodiscard]] Refusal check_caller(const Route& route, Call& call) const;
  [[nodiscard]] Refusal find(Call& call, const Route*& route) const;
  [[nodiscard]] Service::Admission admit(const Request& request) const;
  [[nodiscard]] boost::asio::thread_pool& pool_of(Work work, std::size_t body_bytes);
  void serve(Request request, Respond respond);
};

// Who asks. Failures are counted by address; beyond the bound they are answered 429, while who is known goes on.
Refusal Api::State::identify(const Request& request, Identity& caller) const {
  const double now = parts.clock();
  const auto given = request.header("Authorization"), gateway = request.header(kGatewayToken);
  std::optional<Identity> found;
  constexpr std::string_view kScheme = "Bearer ";
  if (gateway.empty() && request.header_count("Authorization") > 1) {
    return refuse(Problem::bad_request, "Send one Authorization header.");
  }
  if (!gateway.empty()) {
    found = parts.authority->by_token(gateway, now);
  } else if (given.size() > kScheme.size() && same_word(given.substr(0, kScheme.size()), kScheme)) {
    found = parts.authority->by_token(given.substr(kScheme.size()), now);
  } else if (given.empty()) {
    found = parts.authority->by_subject(request.subject, now);
  }
  if (found) {
    caller = *found;
    return nullptr;
  }
  Refusal refusal;
  if (parts.authority->take_failure(request.peer, now)) {
    refusal = refuse(Problem::unauthenticated, "Send \"Authorization: Bearer TOKEN\", or a client certificate that the "
                                               "daemon knows.");
  } else {
    refusal = refuse(Problem::too_many_failures, "Wait, and come back with a valid token.");
    refusal->close = true;
  }
  return refusal;
}

Refusal Api::State::check_caller(const Route& route, Call& call) const {
  const bool open_metrics = options.metrics_open && route.handler == &at_once<get_metrics>;
  if (route.access == Access::everyone || open_metrics) return nullptr;
  if (auto refusal = identify(call.request, call.caller)) return refusal;
  if (!has(route.roles, call.caller.role)) {
    return refuse(Problem::forbidden, fmt::format("The role {} may not do this.", name(call.caller.role)));
  }
  if (route.access == Access::all_tenants && call.caller.tenant != "*") {
    return refuse(Problem::forbidden, "This needs a token of all tenants.");
  }
  if (route.path.find("{tenant}") == std::string_view::npos) return nullptr;
  const bool there = std::ranges::find(options.tenants, call.tenant) != options.tenants.end();
  if (!there || !call.caller.sees(call.tenant)) return refuse(not_found());
  return nullptr;
}

// The route of a request that may go on, or the answer.
Refusal Api::State::find(Call& call, const Route*& route) const {
  auto target = parse_target(call.request.target);
  if (!target) {
    if (call.request.target == "*" && call.request.method == Method::options) {
      Response response;
      response.status = 204;
      response.headers.emplace_back("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS");
      return refuse(std::move(response));
    }
    return refuse(Problem::bad_request, "The target must be a path; its escapes must be UTF-8.");
  }
  call.target = std::move(*target);
  auto matched = match(call.target);
  if (matched.routes.empty()) return refuse(not_found());
  call.tenant = std::move(matched.tenant);
  call.account = std::move(matched.account);
  call.file = std::move(matched.file);
  call.campaign = std::move(matched.campaign);
  const auto method = call.request.method == Method::head ? Method::get : call.request.method;
  const auto found = std::ranges::find(matched.routes, method, &Route::method);
  if (found == matched.routes.end()) {
    Response response;
    response.status = 204;
    if (method != Method::options) response = problem(Problem::method_not_allowed, "See Allow.");
    response.headers.emplace_back("Allow", allowed(matched));
    return refuse(std::move(response));
  }
  route = *found;
  if (auto refusal = check_caller(*route, call)) return refusal;
  for (const auto& one : route->parameters) {
    if (one.in == "query" && call.target.count(one.name) > 1) {
      return refuse(Problem::bad_request, fmt::format("\"{}\" may be there once.", one.name));
    }
  }
  const bool has_account = route->path.find("{account}") != std::string_view::npos;
  if (has_account && !pipeline::is_account_name(call.account)) {
    return refuse(Problem::bad_request, "An account's name has 1 to 256 bytes of UTF-8, none of them 0.");
  }
  return check_types(*route, call.request);
}

Service::Admission Api::State::admit(const Request& request) const {
  Service::Admission admission;
  Call call;
  // The head alone is looked at; it is copied, since the body is still to come.
  call.request = request;
  const Route* route = nullptr;
  admission.refusal = find(call, route);
  if (admission.refusal || route->body_types.empty()) return admission;
  constexpr std::uint64_t kDocumentBytes = 64 << 10;
  admission.body_bytes_max =
      route->body_schema.empty() || route->large_body ? options.body_bytes_max : kDocumentBytes;
  return admission;
}

boost::asio::thread_pool& Api::State::pool_of(Work work, std::size_t body_bytes) {
  if (work == Work::slow) return slow_pool;
  if (work == Work::gate) return body_bytes > kSmallBody ? large_gate_pool : gate_pool;
  return pool;
}

void Api::State::serve(Request request, Respond respond) {
  Call call;
  call.request = std::move(request);
  const Route* route = nullptr;
  // Once more: between header and body a token may have expired.
  if (auto refusal = find(call, route)) return respond(std::move(*refusal));
  if (route->work == Work::quick) return route->handler(context(), std::move(call), std::move(respond));
  auto& where = pool_of(route->work, call.request.body.size());
  boost::asio::post(where, [this, route, call = std::move(call), respond = std::move(respond)]() mutable {
    route->handler(context(), std::move(call), std::move(respond));
  });
}

Api::Api(ApiParts parts, ApiOptions options)
    : state_(std::make_unique<State>(std::move(parts), std::move(options))) {}

Api::~Api() {
  state_->large_gate_pool.join();
  state_->gate_pool.join();
  state_->slow_pool.join();
  state_->pool.join();
}

Service Api::service() {
  return {[state = state_.get()](const Request& request) { return state->admit(request); },
          [state = state_.get()](Request request, Respond respond) {
            state->serve(std::move(request), std::move(respond));
          }};
}

Response not_found() {
  return problem(Problem::not_found, "There is no such thing here for you.");
}

namespace {

std::string line_of(const Json& body) { return body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string tag_of(std::string_view line) {
  const auto digest = sha256({reinterpret_cast<const std::uint8_t*>(line.data()), line.size()});
  return fmt::format("\"{}\"", to_hex(std::span(digest).first(16)));
}

}  // namespace

Response json_response(const Json& body, unsigned status) {
  Response response;
  response.status = status;
  response.body = line_of(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Response tagged_response(const Call& call, const Json& body) {
  auto response = json_response(body);
  response.headers = {{"Cache-Control", "private, no-cache"}};
  put_tag(call, tag_of(response.body), response);
  return response;
}

Response weakly_tagged_response(const Call& call, const Json& body, const std::string& aside) {
  auto response = json_response(body);
  response.headers = {{"Cache-Control", "private, no-cache"}};
  auto tagged = body;
  tagged.erase(aside);
  put_tag(call, "W/" + tag_of(line_of(tagged)), response);
  return response;
}

void put_tag(const Call& call, const std::string& tag, Response& response) {
  response.headers.emplace_back("ETag", tag);
  const auto opaque = std::string_view(tag).substr(tag.starts_with("W/") ? 2 : 0);
  auto wanted = call.request.header("If-None-Match");
  while (!wanted.empty()) {
    auto one = take_element(wanted);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one != opaque && one != "*") continue;
    response.status = 304;
    response.body.clear();
  }
}

std::optional<std::size_t> limit_of(const Call& call, std::size_t otherwise, std::size_t most) {
  if (call.target.count("limit") == 0) return otherwise;
  const auto limit = parse_count(call.target.value("limit").value_or(""));
  if (!limit || *limit < 1 || *limit > most) return std::nullopt;
  return *limit;
}

Response wrong_limit(std::size_t most) {
  return problem(Problem::bad_request, fmt::format("\"limit\" must be 1 to {}.", most));
}

Response wrong_cursor() {
  return problem(Problem::bad_request, "\"cursor\" must be one that a page before has given.");
}

std::string hex_text(std::string_view text) {
  return to_hex({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void link_next(Response& response, std::string_view target) {
  response.headers.emplace_back("Link", fmt::format("<{}>; rel=\"next\"", target));
}

Result<void> audit(const ApiContext& context, const Call& call, const std::string& action, Json detail) {
  store::AuditEntry entry;
  entry.time = context.parts.clock();
  entry.tenant = call.tenant.empty() ? "*" : call.tenant;
  entry.actor = call.caller.id;
  entry.action = action;
  if (!call.account.empty()) {
    CMS_TRY(pseudonym, context.parts.store->pseudonym({call.tenant, call.account}));
    detail["account"] = pseudonym;
  }
  entry.detail = detail.dump();
  CMS_CHECK(context.parts.store->append_audit(std::move(entry)));
  return {};
}

}  // namespace cms::serve
