// The gRPC server: streams of activations in, acknowledgements after commit, look-ups of decisions (proto/cms.proto),
// and what Envoy asks before a request goes on (ext_authz.hpp).
//
// A stream reads no further while in_flight_max of its items are not yet durable, so a tap that is faster than the disk
// waits in its own buffers. Acknowledgements leave in the order of their batches, from a thread of the stream: a tap
// that does not read them holds up nobody else. A message becomes objects after its caller is known and its fields are
// counted (grpc_message.hpp); one of more than items_max activations, or that cannot be read, ends its stream with
// INVALID_ARGUMENT. A stream beyond streams_max is refused at once as overload, so that
// threads are left for look-ups and Envoy's checks; one whose tap lost its power or its network ends after silence_s
// and a third of it. Who sends is asked again at each batch: of a token that was taken back, has expired or is of
// another role or tenant by now nothing more is taken, and its stream ends.
// Threads: all functions from any thread; gRPC's own carry a stream each. Cost: docs/engine.md.
// Library: gRPC, synchronous API (some dozens of taps, not thousands of callers: those use HTTP).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "pipeline/engine.hpp"
#include "policy/policy.hpp"
#include "serve/authority.hpp"
#include "serve/gate.hpp"
#include "store/store.hpp"

namespace cms::serve {

struct GrpcOptions {
  std::string listen = "127.0.0.1:8421";           // address:port; port 0 = any free one
  std::filesystem::path tls_certificate, tls_key;  // PEM; both empty = no TLS
  std::filesystem::path tls_client_ca;             // PEM; set = a client certificate signed by it is required
  std::vector<std::string> tenants;                // that exist
  std::uint32_t items_max = 8192;                  // of a batch, and of a stream's batches whose answers have not left
  std::uint32_t in_flight_max = 2048;              // items of a stream that are not yet durable
  std::uint32_t message_bytes_max = 4U << 20;
  std::uint32_t streams_max = 64;                  // of activations, open at once; each has two threads
  int handshake_ms = 10'000;  // then a connection that has not said that it speaks gRPC ends
  int idle_ms = 120'000;      // and one without a call; clients of gRPC connect again by themselves
  double silence_s = 60;  // then the peer of a stream is asked whether it is there, and gone after a third of it more
};

// What the answers come from. Everything outlives the server; functions may be called from any thread.
struct GrpcParts {
  const pipeline::Model* model = nullptr;
  store::Store* store = nullptr;
  pipeline::Engine* engine = nullptr;
  Authority* authority = nullptr;
  std::function<double()> clock;                                  // seconds since 1970
  std::function<std::shared_ptr<const policy::Policy>()> policy;  // shared: a reload must not take it from a reader
  Gate* gate = nullptr;
  const Campaigns* campaigns = nullptr;                           // null = there is no fleet
  const Overrides* overrides = nullptr;
};

class GrpcServer {
 public:
  // Errors: `usage` for an address that is none, `failed` when it cannot be bound, `bad_input` when certificate or key
  // cannot be read.
  static Result<GrpcServer> start(const GrpcOptions& options, GrpcParts parts);
  GrpcServer(GrpcServer&&) noexcept;
  // Drains for no longer than a second.
  ~GrpcServer();

  [[nodiscard]] std::uint16_t port() const;
  // For connections from now on. Errors: as start(); then what was there stays.
  Result<void> reload_certificates();
  // Takes no new call, lets batches under way be acknowledged, and after `seconds` ends what is left.
  void drain(double seconds);

 private:
  struct State;
  explicit GrpcServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cms::serve
