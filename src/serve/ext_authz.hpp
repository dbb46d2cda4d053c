// Envoy's ext_authz over gRPC: Check() answered by the gate. Inner header of this folder; page: docs/gateways.md.
//
// What cannot be decided is let through: an account that is not known, a request that shows none. What is wrong with
// the caller itself (token, role, tenant) is an error of gRPC, and Envoy's `failure_mode_allow` says what follows.
// Threads: gRPC's own. Cost: that of Gate::ask(), and one SHA-256 for the token.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/service_type.h>

#include "envoy_ext_authz.pb.h"
#include "serve/grpc_server.hpp"

namespace cms::serve {

class ExtAuthzService final : public grpc::Service {
 public:
  // Both outlive the service.
  ExtAuthzService(const GrpcOptions& options, const GrpcParts& parts);

 private:
  grpc::Status check(grpc::ServerContext& context, grpc::ByteBuffer bytes,
                     envoy::service::auth::v3::CheckResponse& response);

  const GrpcOptions& options_;
  const GrpcParts& parts_;
};

}  // namespace cms::serve
