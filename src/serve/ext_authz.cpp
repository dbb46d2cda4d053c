#include "serve/ext_authz.hpp"

#include <algorithm>

#include "serve/gateway.hpp"
#include "serve/grpc_caller.hpp"
#include "serve/grpc_message.hpp"

namespace cms::serve {
namespace {

using envoy::service::auth::v3::AttributeContext;
using envoy::service::auth::v3::CheckRequest;
using envoy::service::auth::v3::CheckResponse;

constexpr std::int32_t kOverwriteOrAdd = 2;  // Envoy's HeaderAppendAction

// What the route's configuration says under `key`; empty when it says nothing.
std::string_view extension(const AttributeContext& attributes, const std::string& key) {
  const auto found = attributes.context_extensions().find(key);
  return found == attributes.context_extensions().end() ? std::string_view() : std::string_view(found->second);
}

// The client's headers, whichever way the filter sends them.
Headers headers_of(const AttributeContext& attributes) {
  const auto& http = attributes.request().http();
  Headers headers(http.headers().begin(), http.headers().end());
  for (const auto& one : http.header_map().headers()) {
    headers.emplace_back(one.key(), one.raw_value().empty() ? one.value() : one.raw_value());
  }
  return headers;
}

// Lower-case names, as HTTP/2 has them.
template <typename Values>  // the repeated field of either answer
void set(Values& values, std::string_view name, std::string_view value) {
  auto& option = *values.Add();
  option.set_append_action(kOverwriteOrAdd);
  auto& key = *option.mutable_header()->mutable_key();
  key = name;
  std::ranges::transform(key, key.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  option.mutable_header()->set_value(std::string(value));
}

void answer(const Verdict& verdict, CheckResponse& response) {
  if (verdict.pass) {
    response.mutable_status()->set_code(grpc::StatusCode::OK);
    auto& headers = *response.mutable_ok_response()->mutable_headers();
    for (const auto& [name, value] : verdict_headers(verdict)) set(headers, name, value);
    if (!verdict.stale) response.mutable_ok_response()->add_headers_to_remove("x-cms-stale");  // a client's own
    return;
  }
  response.mutable_status()->set_code(grpc::StatusCode::PERMISSION_DENIED);
  auto& denied = *response.mutable_denied_response();
  const auto wait = wait_response(verdict);
  denied.mutable_status()->set_code(static_cast<std::int32_t>(wait.status));
  set(*denied.mutable_headers(), "Content-Type", wait.type);
  for (const auto& [name, value] : wait.headers) set(*denied.mutable_headers(), name, value);
  denied.set_body(wait.body);
}

}  // namespace

ExtAuthzService::ExtAuthzService(const GrpcOptions& options, const GrpcParts& parts)
    : options_(options), parts_(parts) {
  AddMethod(method_of_bytes("/envoy.service.auth.v3.Authorization/Check", *this, &ExtAuthzService::check));
}

grpc::Status ExtAuthzService::check(grpc::ServerContext& context, grpc::ByteBuffer bytes, CheckResponse& response) {
  const auto caller = caller_of(context, parts_);
  if (!caller) return refusal_of(caller.error());
  if (!has(only(Role::reader) | only(Role::analyst) | only(Role::admin), caller->role)) {
    return {grpc::StatusCode::PERMISSION_DENIED, "checks take the role reader, analyst or admin"};
  }
  const auto request = read_message<CheckRequest>(bytes, kQuestionFieldsMax);
  if (!request) return {grpc::StatusCode::INVALID_ARGUMENT, request.error().message};
  const auto& attributes = request->attributes();
  const auto named = extension(attributes, "tenant");
  const auto tenant = std::string(named.empty() ? std::string_view(caller->tenant) : named);
  const bool known = std::ranges::find(options_.tenants, tenant) != options_.tenants.end();
  if (!known || !caller->sees(tenant)) {
    return {grpc::StatusCode::NOT_FOUND, "no such tenant; a token of all tenants needs context_extensions: tenant"};
  }
  const Whose whose{extension(attributes, "account_header"), extension(attributes, "key_header")};
  answer(ask_gate(*parts_.gate, tenant, account_of(*parts_.store, tenant, headers_of(attributes), whose)), response);
  return grpc::Status::OK;
}

}  // namespace cms::serve
