// Who calls over gRPC. Inner header of this folder.
//
// Threads: any. Cost: one SHA-256.
#pragma once

#include <grpcpp/grpcpp.h>

#include <optional>

#include "serve/grpc_server.hpp"

namespace cms::serve {

// By the token of the metadata `authorization`, else by the common name of a certificate that TLS has verified. Nothing
// where the caller is nobody.
std::optional<Identity> known_caller(const grpc::ServerContext& context, const GrpcParts& parts);

// The same of who begins: nobody is entered as a failure of its address. Errors: nobody(), or `refused` with a message
// where it failed too often lately.
Result<Identity> caller_of(const grpc::ServerContext& context, const GrpcParts& parts);

// `refused`, without a message.
Error nobody();

// Either error as gRPC says it.
grpc::Status refusal_of(const Error& error);

}  // namespace cms::serve
