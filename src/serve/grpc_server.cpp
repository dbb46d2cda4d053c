#include "serve/grpc_server.hpp"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "base/files.hpp"
#include "cms.grpc.pb.h"
#include "pipeline/admission.hpp"
#include "serve/decision.hpp"
#include "serve/ext_authz.hpp"
#include "serve/grpc_caller.hpp"
#include "serve/grpc_message.hpp"
#include "serve/grpc_stream.hpp"
#include "serve/grpc_tls.hpp"

namespace cms::serve {
namespace {

constexpr std::uint32_t kAnsweringMax = 8;  // threads beside those of streams: look-ups, checks, refusals
constexpr int kLookahead_bytes = 256 << 10;  // of a stream, sent before it is read
constexpr int kPings_ms = 10'000;  // a tap may ask as often whether we are there

// The place of an open stream among those that may be, given back at its end.
class Place {
 public:
  explicit Place(std::atomic<std::uint32_t>& taken) : taken_(taken), before_(taken.fetch_add(1)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { --taken_; }

  [[nodiscard]] bool is_among(std::uint32_t most) const { return before_ < most; }

 private:
  std::atomic<std::uint32_t>& taken_;
  std::uint32_t before_;
};

constexpr std::size_t kMessageSlackBytes = std::size_t{1} << 20;  // what a stream's message may keep beyond its last

// A batch may have 8 fields an item: one that makes it, four within, and room for what later versions add.
std::size_t fields_max(const GrpcOptions& options) { return 8 * std::size_t{options.items_max} + 64; }

class IngestService final : public grpc::Service {
 public:
  IngestService(const GrpcOptions& options, const GrpcParts& parts) : options_(options), parts_(parts) {
    AddMethod(new grpc::internal::RpcServiceMethod(
        "/cms.v1.Ingest/Activations", grpc::internal::RpcMethod::BIDI_STREAMING,
        new grpc::internal::BidiStreamingHandler<IngestService, grpc::ByteBuffer, v1::Acknowledgement>(
            [](IngestService* service, grpc::ServerContext* context, Wire* wire) {
              return service->activations(*context, *wire);
            },
            this)));
  }

  // Streams end with their next batch; what was taken is answered.
  void drain() { draining_ = true; }

 private:
  using Wire = grpc::ServerReaderWriter<v1::Acknowledgement, grpc::ByteBuffer>;

  grpc::Status activations(grpc::ServerContext& context, Wire& wire) {
    const auto caller = caller_of(context, parts_);
    if (!caller) return refusal_of(caller.error());
    if (!has(only(Role::tap) | only(Role::admin), caller->role)) {
      return {grpc::StatusCode::PERMISSION_DENIED, "activations take the role tap"};
    }
    const Place place(streams_);
    if (!place.is_among(options_.streams_max)) {
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, fmt::format("{}: {} streams are open already; wait",
                                                                name(pipeline::Refusal::overload),
                                                                options_.streams_max)};
    }
    ActivationStream stream(options_, parts_, *caller,
                            [&wire](const v1::Acknowledgement& answer) { return wire.Write(answer); });
    grpc::ByteBuffer bytes;
    v1::ActivationBatch batch;
    while (!draining_ && wire.Read(&bytes)) {
      // Before it is taken: a stream may have been idle since its token was taken back.
      const auto still = known_caller(context, parts_);
      if (!still) return refusal_of(nobody());
      if (*still != *caller) return {grpc::StatusCode::PERMISSION_DENIED, "the token is of another role or tenant now"};
      const auto bytes_now = bytes.Length();
      const auto read = read_message_into(batch, bytes, fields_max(options_));
      if (!read) return {grpc::StatusCode::INVALID_ARGUMENT, read.error().message};
      if (static_cast<std::size_t>(batch.activations_size()) > options_.items_max) {
        return {grpc::StatusCode::INVALID_ARGUMENT,
                fmt::format("a batch has {} activations at most; send them in parts", options_.items_max)};
      }
      if (!stream.take(batch)) break;
      // It keeps the largest it has seen of every item: messages whose sizes change place could make it grow.
      if (batch.SpaceUsedLong() > 2 * bytes_now + kMessageSlackBytes) batch = {};
    }
    return grpc::Status::OK;
  }

  const GrpcOptions& options_;
  const GrpcParts& parts_;
  std::atomic<bool> draining_{false};
  std::atomic<std::uint32_t> streams_{0};  // open
};

class ScoresService final : public grpc::Service {
 public:
  ScoresService(const GrpcOptions& options, const GrpcParts& parts) : options_(options), parts_(parts) {
    AddMethod(method_of_bytes("/cms.v1.Scores/LookUp", *this, &ScoresService::look_up));
  }

 private:
  grpc::Status look_up(grpc::ServerContext& context, grpc::ByteBuffer bytes, v1::LookUpResponse& response) {
    const auto caller = caller_of(context, parts_);
    if (!caller) return refusal_of(caller.error());
    if (!has(only(Role::reader) | only(Role::analyst) | only(Role::admin), caller->role)) {
      return {grpc::StatusCode::PERMISSION_DENIED, "scores take the role reader, analyst or admin"};
    }
    const auto request = read_message<v1::LookUpRequest>(bytes, kQuestionFieldsMax);
    if (!request) return {grpc::StatusCode::INVALID_ARGUMENT, request.error().message};
    const bool known = std::ranges::find(options_.tenants, request->tenant()) != options_.tenants.end();
    if (!known || !caller->sees(request->tenant())) return {grpc::StatusCode::NOT_FOUND, "no such tenant"};
    if (!pipeline::is_account_name(request->account())) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "an account's name has 1 to 256 bytes"};
    }
    fill({request->tenant(), request->account()}, response);
    return grpc::Status::OK;
  }

  void fill(const store::AccountName& account, v1::LookUpResponse& response) const {
    const auto said = answer_about(*parts_.engine, *parts_.policy(), *parts_.overrides, parts_.campaigns,
                                   account, parts_.clock());
    response.set_action(std::string(name(said.decision.action)));
    response.set_would_be(std::string(name(said.decision.would_be)));
    response.set_why(std::string(said.decision.why));
    response.set_status(std::string(said.status));
    response.set_stale(said.stale);
    if (const auto campaign = parts_.campaigns != nullptr ? parts_.campaigns->member(account) : nullptr) {
      response.set_campaign(campaign->id);
    }
    response.set_poh(said.standing ? said.standing->score.poh : 1);
    if (!said.standing) return;
    response.set_requests(said.standing->score.requests);
    if (said.standing->price) response.set_price(*said.standing->price);
    response.set_as_of(said.standing->time);
  }

  const GrpcOptions& options_;
  const GrpcParts& parts_;
};

}  // namespace

struct GrpcServer::State {
  State(const GrpcOptions& chosen, GrpcParts given)
      : options(chosen), parts(std::move(given)), ingest(options, parts), scores(options, parts),
        ext_authz(options, parts) {}

  GrpcOptions options;
  GrpcParts parts;
  IngestService ingest;
  ScoresService scores;
  ExtAuthzService ext_authz;
  int port = 0;
  std::shared_ptr<GrpcTls> tls;  // shared: gRPC's builder wants it so; null without TLS
  std::unique_ptr<grpc::Server> server;
};

Result<GrpcServer> GrpcServer::start(const GrpcOptions& options, GrpcParts parts) {
  CMS_CHECK(parse_listen(options.listen));
  auto state = std::make_unique<State>(options, std::move(parts));
  if (!options.tls_certificate.empty()) {
    CMS_TRY(tls, GrpcTls::make({options.tls_certificate, options.tls_key, options.tls_client_ca}));
    state->tls = tls;
  }
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.listen, state->tls ? state->tls : grpc::InsecureServerCredentials(), &state->port);
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes_max));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a second daemon is told, not given half of the traffic
  // What a stream may send before it is read is bounded by us: gRPC's own guess at the network grows to some 20 MB a
  // stream under a flood.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kLookahead_bytes);
  // A tap that lost its power or its network says nothing, not that it is gone, and would keep its place for two hours.
  const auto silence_ms = static_cast<int>(options.silence_s * 1e3);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, silence_ms);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, silence_ms / 3);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPings_ms);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, options.handshake_ms);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, options.idle_ms);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 4);
  const auto threads = static_cast<int>(options.streams_max + kAnsweringMax);
  builder.SetResourceQuota(grpc::ResourceQuota("cms").SetMaxThreads(threads));
  builder.RegisterService(&state->ingest);
  builder.RegisterService(&state->scores);
  builder.RegisterService(&state->ext_authz);
  state->server = builder.BuildAndStart();
  if (!state->server || state->port == 0) {
    return fail(ErrorCode::failed, fmt::format("gRPC cannot listen on {}: is the port taken, the address this "
                                               "machine's?", options.listen));
  }
  return GrpcServer(std::move(state));
}

GrpcServer::GrpcServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
GrpcServer::GrpcServer(GrpcServer&&) noexcept = default;
GrpcServer::~GrpcServer() {
  if (state_) drain(1);
}

std::uint16_t GrpcServer::port() const { return static_cast<std::uint16_t>(state_->port); }

Result<void> GrpcServer::reload_certificates() { return state_->tls ? state_->tls->reload() : Result<void>(); }

void GrpcServer::drain(double seconds) {
  state_->ingest.drain();
  state_->server->Shutdown(std::chrono::system_clock::now() +
                           std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3)));
  state_->server->Wait();
}

}  // namespace cms::serve
