#include "serve/problem.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

namespace cms::serve {
namespace {

constexpr std::array<ProblemInfo, 19> kProblems{{
    {Problem::bad_request, 400, "bad-request", "The request is malformed", 0},
    {Problem::unauthenticated, 401, "unauthenticated", "No valid token or certificate", 0},
    {Problem::forbidden, 403, "forbidden", "The role does not allow this", 0},
    {Problem::not_found, 404, "not-found", "Not found", 0},
    {Problem::method_not_allowed, 405, "method-not-allowed", "The resource has no such method", 0},
    {Problem::not_acceptable, 406, "not-acceptable", "The answer comes in another type only", 0},
    {Problem::out_of_order, 409, "out-of-order", "Batches before this one are missing", 0},
    {Problem::stale_epoch, 409, "stale-epoch", "Another producer has ended this epoch", 0},
    {Problem::observe_off, 409, "observe-off", "Observe mode is off", 0},
    {Problem::too_large, 413, "too-large", "The body is too large", 0},
    {Problem::unsupported_type, 415, "unsupported-type", "The body's type or coding is not read here", 0},
    {Problem::expectation_failed, 417, "expectation-failed", "The expectation cannot be met", 0},
    {Problem::header_too_large, 431, "header-too-large", "The header is too large", 0},
    {Problem::too_many_failures, 429, "too-many-failures", "Too many failures from this address", 10},
    {Problem::damaged, 500, "damaged", "A stored record is damaged", 0},
    {Problem::internal, 500, "internal", "The daemon has failed", 0},
    {Problem::overloaded, 503, "overloaded", "Too much at once", 1},
    {Problem::store_unavailable, 503, "store-unavailable", "The store does not take anything now", 5},
    {Problem::not_ready, 503, "not-ready", "Not ready", 5},
}};

}  // namespace

std::span<const ProblemInfo> problems() {
  return kProblems;
}

const ProblemInfo& info(Problem problem) {
  return kProblems[static_cast<std::size_t>(problem)];
}

Response problem(Problem which, std::string_view detail) {
  const auto& about = info(which);
  nlohmann::ordered_json body;
  body["type"] = fmt::format("urn:cms:problem:{}", about.slug);
  body["title"] = about.title;
  body["status"] = about.status;
  body["detail"] = detail;
  Response response;
  response.status = about.status;
  response.type = "application/problem+json";
  response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (about.retry_s > 0) response.headers.emplace_back("Retry-After", std::to_string(about.retry_s));
  if (about.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"cms\"");
  return response;
}

Response problem(const Error& error) {
  if (error.code == ErrorCode::failed) {
    return problem(Problem::store_unavailable, "The store refused; try again, and look at the daemon's log.");
  }
  if (error.code == ErrorCode::bad_input) {
    return problem(Problem::damaged, "The account's records cannot be read; look at the daemon's log.");
  }
  return problem(Problem::internal, "The daemon could not do this; look at its log.");
}

}  // namespace cms::serve
