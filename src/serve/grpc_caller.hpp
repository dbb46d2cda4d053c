// Who calls over gRPC. Inner header of this folder.
//
// Threads: any. Cost: one SHA-256.
#pragma once

#include <grpcpp/grpcpp.h>

#include "serve/grpc_server.hpp"

namespace cms::serve {

// By the token of the metadata `authorization`, else by the common name of a certificate that TLS has verified. Errors:
// `refused`, without a message where the caller is nobody, with one where it failed too often lately.
Result<Identity> caller_of(const grpc::ServerContext& context, const GrpcParts& parts);

// That error as gRPC says it.
grpc::Status refusal_of(const Error& error);

}  // namespace cms::serve
