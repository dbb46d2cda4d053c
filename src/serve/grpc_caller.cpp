#include "serve/grpc_caller.hpp"

namespace cms::serve {
namespace {

const grpc::Status kUnknown(grpc::StatusCode::UNAUTHENTICATED, "send `authorization: Bearer TOKEN`, or a certificate");

// The address alone of "ipv4:127.0.0.1:53412", "ipv6:[::1]:53412" or its percent-encoded form.
std::string address_of(const std::string& peer) {
  auto address = peer.substr(0, peer.rfind(':'));
  address.erase(0, address.find(':') + 1);
  for (const std::string_view bracket : {"[", "]", "%5B", "%5D"}) {
    if (const auto at = address.find(bracket); at != std::string::npos) address.erase(at, bracket.size());
  }
  return address;
}

}  // namespace

std::optional<Identity> known_caller(const grpc::ServerContext& context, const GrpcParts& parts) {
  const double now = parts.clock();
  const auto& metadata = context.client_metadata();
  constexpr std::string_view kBearer = "Bearer ";
  if (const auto sent = metadata.find("authorization"); sent != metadata.end()) {
    const std::string_view value(sent->second.data(), sent->second.size());
    if (value.starts_with(kBearer)) return parts.authority->by_token(value.substr(kBearer.size()), now);
  } else if (const auto auth = context.auth_context(); auth && auth->IsPeerAuthenticated()) {
    for (const auto& subject : auth->FindPropertyValues("x509_common_name")) {
      if (auto known = parts.authority->by_subject({subject.data(), subject.size()}, now)) return known;
    }
  }
  return std::nullopt;
}

Result<Identity> caller_of(const grpc::ServerContext& context, const GrpcParts& parts) {
  if (auto known = known_caller(context, parts)) return *std::move(known);
  if (!parts.authority->take_failure(address_of(context.peer()), parts.clock())) {
    return fail(ErrorCode::refused, "too many failures; wait");
  }
  return tl::make_unexpected(nobody());
}

Error nobody() { return {ErrorCode::refused, ""}; }

grpc::Status refusal_of(const Error& error) {
  return error.message.empty() ? kUnknown : grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, error.message);
}

}  // namespace cms::serve
