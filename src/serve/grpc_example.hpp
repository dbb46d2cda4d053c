// For tests: the daemon's gRPC over a world, on a free port.
#pragma once

#include "serve/grpc_server.hpp"
#include "serve/serve_example.hpp"

namespace cms::serve {

// `options` say how, but for address and tenants; without a fleet. The world outlives it.
inline Result<GrpcServer> start_grpc(ServeWorld& world, GrpcOptions options = {}) {
  options.listen = "127.0.0.1:0";
  options.tenants = {"acme", "other"};
  return GrpcServer::start(options, {&world.model(), &world.store(), &world.engine(), &world.authority(),
                                     [&world] { return world.now.load(); }, [&world] { return world.policy; },
                                     &world.gate(), nullptr, &world.overrides()});
}

}  // namespace cms::serve
