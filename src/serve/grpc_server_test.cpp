// Every role at every call of gRPC, for its own tenant, another's and one that is not there; what is refused by item.
#include "serve/grpc_server.hpp"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <limits>
#include <set>
#include <thread>

#include "base/files.hpp"
#include "cms.grpc.pb.h"
#include "serve/grpc_example.hpp"
#include "serve/grpc_stream.hpp"

namespace cms::serve {
namespace {

using Code = grpc::StatusCode;

// The daemon's gRPC over the world, and clients of it. Tenant acme has an account alice, other one named oscar.
class GrpcServerTest : public ::testing::Test {
 protected:
  struct Sent {
    Code code = Code::OK;
    std::string message;
    std::optional<v1::Acknowledgement> acknowledgement;
  };
  struct Seen {
    Code code = Code::OK;
    v1::LookUpResponse response;
  };

  // A stream that is open until finish().
  class Stream {
   public:
    Stream(const std::shared_ptr<grpc::Channel>& channel, const std::string& token) {
      identify(context_, token);
      wire_ = v1::Ingest::NewStub(channel)->Activations(&context_);
    }
    // What comes of it; nothing when the stream has ended.
    std::optional<v1::Acknowledgement> send(const v1::ActivationBatch& batch) {
      v1::Acknowledgement acknowledgement;
      wire_->Write(batch);
      return wire_->Read(&acknowledgement) ? std::optional(acknowledgement) : std::nullopt;
    }
    grpc::Status finish() {
      wire_->WritesDone();
      return wire_->Finish();
    }

   private:
    grpc::ClientContext context_;
    std::unique_ptr<grpc::ClientReaderWriter<v1::ActivationBatch, v1::Acknowledgement>> wire_;
  };

  GrpcServerTest() {
    start();
    EXPECT_EQ(send(world_.token(Role::tap, "acme"), batch("acme", "alice", 3)).acknowledgement->scored(), 3U);
    EXPECT_EQ(send(world_.token(Role::tap, "other"), batch("other", "oscar", 3)).acknowledgement->scored(), 3U);
  }

  void start(const GrpcOptions& options = {}) {
    server_.emplace(start_grpc(world_, options).value());
    channel_ = grpc::CreateChannel(fmt::format("127.0.0.1:{}", server_->port()), grpc::InsecureChannelCredentials());
  }

  // Without a producer: each is taken as new.
  v1::ActivationBatch batch(const std::string& tenant, const std::string& account, std::size_t requests) const {
    v1::ActivationBatch made;
    made.set_tenant(tenant);
    made.set_model(world_.model().atlas.manifest.fingerprint());
    const auto stream = pipeline::example_stream(world_.model(), 1, requests);
    for (std::size_t i = 0; i < requests; ++i) {
      const auto row = stream.row(i);
      auto& activation = *made.add_activations();
      activation.set_account(account);
      activation.set_time(ServeWorld::kNow - 1000 + static_cast<double>(i));
      activation.set_float32(std::string(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(float)));
    }
    return made;
  }

  static void identify(grpc::ClientContext& context, const std::string& token) {
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  }

  Sent send(const std::string& token, const v1::ActivationBatch& batch) {
    Stream stream(channel_, token);
    Sent sent;
    sent.acknowledgement = stream.send(batch);
    const auto status = stream.finish();
    sent.code = status.error_code();
    sent.message = status.error_message();
    return sent;
  }

  Seen look_up(const std::string& token, const std::string& tenant, const std::string& account) {
    grpc::ClientContext context;
    identify(context, token);
    v1::LookUpRequest request;
    request.set_tenant(tenant);
    request.set_account(account);
    Seen seen;
    seen.code = v1::Scores::NewStub(channel_)->LookUp(&context, request, &seen.response).error_code();
    return seen;
  }

  std::uint64_t requests_of(const std::string& tenant, const std::string& account) {
    const auto standing = world_.engine().look_up({tenant, account}, ServeWorld::kNow).value();
    return standing ? standing->score.requests : 0;
  }

  // The tokens file as it was but for acme's tap, which is as `change` leaves it, read again.
  using Change = std::function<void(std::optional<Credential>&)>;
  void change_tap(const Change& change) {
    const auto path = world_.folder() / "tokens";
    std::string text;
    const auto credentials = parse_credentials(tokens_);
    ASSERT_TRUE(credentials);
    for (const auto& one : *credentials) {
      std::optional<Credential> kept(one);
      if (one.identity.role == Role::tap && one.identity.tenant == "acme") change(kept);
      if (kept) text += format_credential(*kept) + "\n";
    }
    ASSERT_TRUE(write_file(path, text));
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    ASSERT_TRUE(world_.authority().reload());
  }

  void expect_sums() {
    const auto counters = world_.engine().counters();
    EXPECT_EQ(counters.received, counters.scored + counters.shed + counters.refused);
  }

  ServeWorld world_{"grpc_server"};
  const std::string tokens_ = read_text_file(world_.folder() / "tokens").value();
  std::optional<GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

// HTTP/2 (RFC 9113) of a client that opens a stream of activations and sends one message of less than 16 KiB.
std::string frame(char kind, char flags, char stream, const std::string& content) {
  const auto bytes = content.size();
  const char head[] = {0, static_cast<char>(bytes >> 8), static_cast<char>(bytes), kind, flags, 0, 0, 0, stream};
  return std::string(head, sizeof(head)) + content;
}

std::string stream_by_hand(const std::string& token, const std::string& message) {
  const auto text = [](const std::string& said) { return static_cast<char>(said.size()) + said; };
  const std::string headers = "\x83\x86"  // POST, http; then names by their number in HPACK's table (RFC 7541)
                              "\x04" + text("/cms.v1.Ingest/Activations") + "\x01" + text("cms") + '\0' + text("te") +
                              text("trailers") + "\x0f\x10" + text("application/grpc") + "\x0f\x08" +
                              text("Bearer " + token);
  const auto bytes = message.size();
  const char prefix[] = {0, 0, 0, static_cast<char>(bytes >> 8), static_cast<char>(bytes)};
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, "") + frame(1, 4, 1, headers) +
         frame(0, 0, 1, std::string(prefix, sizeof(prefix)) + message);
}

constexpr Role kRoles[] = {Role::tap, Role::reader, Role::analyst, Role::admin};

TEST_F(GrpcServerTest, taps_and_admins_send_activations_of_their_own_tenant_and_nobody_else_of_any) {
  for (const auto role : kRoles) {
    const bool may = role == Role::tap || role == Role::admin;
    const auto& token = world_.token(role, "acme");
    const auto before = requests_of("acme", "alice");
    const auto own = send(token, batch("acme", "alice", 2));
    EXPECT_EQ(own.code, may ? Code::OK : Code::PERMISSION_DENIED) << name(role);
    EXPECT_EQ(own.acknowledgement.has_value(), may) << name(role);
    EXPECT_EQ(requests_of("acme", "alice"), before + (may ? 2 : 0)) << name(role);
    const auto others = send(token, batch("other", "oscar", 2)), unknown = send(token, batch("nobody", "oscar", 2));
    EXPECT_EQ(requests_of("other", "oscar"), 3U) << name(role);
    ASSERT_EQ(others.acknowledgement.has_value(), may) << name(role);
    ASSERT_EQ(unknown.acknowledgement.has_value(), may) << name(role);
    EXPECT_EQ(std::make_pair(others.code, others.message), std::make_pair(unknown.code, unknown.message));
    EXPECT_EQ(others.code, may ? Code::OK : Code::PERMISSION_DENIED) << name(role);
    if (!may) continue;
    // A tenant of others and none are not to be told apart.
    EXPECT_EQ(others.acknowledgement->SerializeAsString(), unknown.acknowledgement->SerializeAsString());
  }
  expect_sums();
}

TEST_F(GrpcServerTest, readers_analysts_and_admins_look_up_accounts_of_their_own_tenant_and_nobody_else_of_any) {
  for (const auto role : kRoles) {
    const bool may = role != Role::tap;
    const auto& token = world_.token(role, "acme");
    const auto own = look_up(token, "acme", "alice");
    EXPECT_EQ(own.code, may ? Code::OK : Code::PERMISSION_DENIED) << name(role);
    EXPECT_EQ(own.response.requests(), may ? 3U : 0U) << name(role);
    for (const auto* tenant : {"other", "nobody"}) {
      const auto seen = look_up(token, tenant, "oscar");
      EXPECT_EQ(seen.code, may ? Code::NOT_FOUND : Code::PERMISSION_DENIED) << name(role) << tenant;
      EXPECT_EQ(seen.response.SerializeAsString(), "") << name(role) << tenant;
    }
    EXPECT_EQ(look_up(world_.token(role, "*"), "other", "oscar").code, may ? Code::OK : Code::PERMISSION_DENIED);
  }
}

TEST_F(GrpcServerTest, who_has_no_token_is_nobody_and_learns_nothing) {
  for (const std::string token : {"", "cms_0_0"}) {
    for (const auto* tenant : {"acme", "other", "nobody"}) {
      const auto sent = send(token, batch(tenant, "alice", 1));
      EXPECT_EQ(sent.code, Code::UNAUTHENTICATED) << tenant;
      EXPECT_FALSE(sent.acknowledgement) << tenant;
      const auto seen = look_up(token, tenant, "alice");
      EXPECT_EQ(seen.code, Code::UNAUTHENTICATED) << tenant;
      EXPECT_EQ(seen.response.SerializeAsString(), "") << tenant;
    }
  }
  EXPECT_EQ(requests_of("acme", "alice"), 3U);
}

TEST_F(GrpcServerTest, who_fails_often_has_to_wait_and_who_is_known_never) {
  for (int failure = 0; failure < 30; ++failure) {
    const auto code = failure % 2 == 0 ? look_up("cms_0_0", "acme", "alice").code
                                       : send("cms_0_0", batch("acme", "alice", 1)).code;
    EXPECT_EQ(code, failure < 20 ? Code::UNAUTHENTICATED : Code::RESOURCE_EXHAUSTED) << failure;
  }
  EXPECT_EQ(look_up(world_.token(Role::reader, "acme"), "acme", "alice").code, Code::OK);
  world_.now = world_.now + 60;
  EXPECT_EQ(look_up("cms_0_0", "acme", "alice").code, Code::UNAUTHENTICATED);
}

TEST_F(GrpcServerTest, a_batch_of_an_unknown_tenant_is_refused_item_by_item_and_counted) {
  const auto before = world_.engine().counters();
  const auto sent = send(world_.token(Role::tap, "*"), batch("nobody", "oscar", 4));
  EXPECT_EQ(sent.code, Code::OK);
  ASSERT_TRUE(sent.acknowledgement);
  EXPECT_EQ(sent.acknowledgement->status(), v1::STATUS_REFUSED);
  EXPECT_EQ(sent.acknowledgement->reason(), "tenant");
  EXPECT_EQ(sent.acknowledgement->scored(), 0U);
  ASSERT_EQ(sent.acknowledgement->refused_size(), 4);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(sent.acknowledgement->refused(i).index(), static_cast<std::uint32_t>(i));
    EXPECT_EQ(sent.acknowledgement->refused(i).reason(), "tenant");
  }
  const auto after = world_.engine().counters();
  EXPECT_EQ(after.received, before.received + 4);
  EXPECT_EQ(after.refused, before.refused + 4);
  EXPECT_EQ(after.by_refusal[static_cast<std::size_t>(pipeline::Refusal::tenant)], 4U);
  expect_sums();
}

TEST_F(GrpcServerTest, what_cannot_be_scored_is_refused_by_item_and_the_rest_goes_on) {
  auto mixed = batch("acme", "alice", 5);
  mixed.mutable_activations(1)->mutable_float32()->append(4, '\0');  // one number too many
  const float nan = std::numeric_limits<float>::quiet_NaN();
  mixed.mutable_activations(2)->mutable_float32()->replace(0, 4, reinterpret_cast<const char*>(&nan), 4);
  mixed.mutable_activations(3)->set_float16("xy");  // two vectors
  const auto sent = send(world_.token(Role::tap, "acme"), mixed);
  ASSERT_TRUE(sent.acknowledgement);
  EXPECT_EQ(sent.acknowledgement->status(), v1::STATUS_DONE);
  EXPECT_EQ(sent.acknowledgement->scored(), 2U);
  ASSERT_EQ(sent.acknowledgement->refused_size(), 3);
  const char* const reasons[] = {"dimension", "not_finite", "dimension"};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(sent.acknowledgement->refused(i).index(), static_cast<std::uint32_t>(i + 1));
    EXPECT_EQ(sent.acknowledgement->refused(i).reason(), reasons[i]);
  }
  EXPECT_EQ(requests_of("acme", "alice"), 5U);
  expect_sums();
}

TEST_F(GrpcServerTest, activations_of_another_model_are_refused_by_item) {
  const std::string hash(ServeWorld::kModelHash);
  for (const auto& model : {std::string(), std::string("example/l2/mean"), hash + "/l2/mean", hash + "/l1/last"}) {
    auto foreign = batch("acme", "alice", 2);
    foreign.set_model(model);
    const auto sent = send(world_.token(Role::tap, "acme"), foreign);
    ASSERT_TRUE(sent.acknowledgement);
    EXPECT_EQ(sent.acknowledgement->scored(), 0U) << model;
    ASSERT_EQ(sent.acknowledgement->refused_size(), 2) << model;
    for (const auto& refused : sent.acknowledgement->refused()) EXPECT_EQ(refused.reason(), "model") << model;
  }
  EXPECT_EQ(requests_of("acme", "alice"), 3U);
  expect_sums();
}

TEST_F(GrpcServerTest, the_hash_of_the_model_file_names_the_model_with_layer_and_pooling_or_without) {
  const std::string hash(ServeWorld::kModelHash);
  for (const auto& model : {hash, hash + "/l1/mean"}) {
    auto ours = batch("acme", "alice", 2);
    ours.set_model(model);
    const auto sent = send(world_.token(Role::tap, "acme"), ours);
    ASSERT_TRUE(sent.acknowledgement) << model;
    EXPECT_EQ(sent.acknowledgement->scored(), 2U) << model;
  }
  expect_sums();
}

TEST_F(GrpcServerTest, streams_beyond_those_allowed_end_at_once_as_overload_and_look_ups_are_answered_beside_them) {
  GrpcOptions few;
  few.streams_max = 2;
  start(few);
  const auto& tap = world_.token(Role::tap, "acme");
  std::deque<Stream> streams;  // more than there are threads; none is finished from this side
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(streams.emplace_back(channel_, tap).send(batch("acme", "alice", 1)).has_value(), i < 2) << i;
    EXPECT_EQ(look_up(world_.token(Role::reader, "other"), "other", "oscar").code, Code::OK) << i;
  }
  const auto refused = streams.back().finish();
  EXPECT_EQ(refused.error_code(), Code::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(refused.error_message().starts_with("overload: 2 streams")) << refused.error_message();
  EXPECT_TRUE(streams.front().send(batch("acme", "alice", 1))) << "who was there goes on";
  EXPECT_TRUE(streams.front().finish().ok());
  EXPECT_EQ(send(tap, batch("acme", "alice", 1)).code, Code::OK) << "a place is free again";
  for (std::size_t i = 1; i + 1 < streams.size(); ++i) streams[i].finish();
  EXPECT_EQ(requests_of("acme", "alice"), 7U);
  expect_sums();
}

TEST_F(GrpcServerTest, a_batch_of_more_items_than_there_may_be_ends_its_stream_and_nothing_of_it_is_taken) {
  GrpcOptions few;
  few.items_max = 4;
  start(few);
  const auto& tap = world_.token(Role::tap, "acme");
  EXPECT_EQ(send(tap, batch("acme", "alice", 4)).code, Code::OK);
  auto empty = batch("acme", "alice", 1), strange = empty;
  for (int i = 0; i < 100; ++i) {
    empty.add_activations();
    strange.GetReflection()->MutableUnknownFields(&strange)->AddVarint(1000, 1);
  }
  const std::pair<v1::ActivationBatch, const char*> cases[] = {
      {batch("acme", "alice", 5), "a batch has 4 activations at most; send them in parts"},
      {empty, "the message has more than 96 fields"},
      {strange, "the message has more than 96 fields"}};
  const auto before = world_.engine().counters();
  for (const auto& [message, why] : cases) {
    Stream stream(channel_, tap);
    EXPECT_TRUE(stream.send(batch("acme", "alice", 1)));
    EXPECT_FALSE(stream.send(message));
    const auto status = stream.finish();
    EXPECT_EQ(status.error_code(), Code::INVALID_ARGUMENT);
    EXPECT_EQ(status.error_message(), why);
    EXPECT_EQ(send("cms_0_0", message).code, Code::UNAUTHENTICATED) << "who is nobody does not learn that";
  }
  EXPECT_EQ(world_.engine().counters().received, before.received + 3) << "those before";
  expect_sums();
}

TEST_F(GrpcServerTest, a_message_larger_than_one_may_be_ends_its_stream_alone_and_nothing_of_it_is_taken) {
  GrpcOptions small;
  small.message_bytes_max = 2000;
  start(small);
  const auto& tap = world_.token(Role::tap, "acme");
  auto large = batch("acme", "alice", 1);
  large.set_producer(std::string(2000, 'p'));
  Stream other(channel_, tap);
  EXPECT_TRUE(other.send(batch("acme", "alice", 1)));
  EXPECT_EQ(send(tap, large).code, Code::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(other.send(batch("acme", "alice", 1))) << "of the same connection";
  EXPECT_TRUE(other.finish().ok());
  EXPECT_EQ(requests_of("acme", "alice"), 5U);
  expect_sums();
}

TEST_F(GrpcServerTest, a_stream_whose_answers_do_not_leave_takes_no_more_items_than_a_batch_may_have) {
  GrpcOptions options;
  options.items_max = 64;
  options.tenants = {"acme"};
  GrpcParts parts;
  parts.engine = &world_.engine();
  std::promise<void> read;
  const auto until_read = read.get_future().share();
  std::atomic<int> taken{0}, answered{0};
  auto refused = batch("nobody", "oscar", 1);  // an answer names each of its items
  for (int i = 1; i < 64; ++i) *refused.add_activations() = refused.activations(0);
  {
    ActivationStream stream(options, parts, {.id = "tap", .role = Role::tap, .tenant = "*"},
                            [&](const v1::Acknowledgement& answer) {
                              until_read.wait();
                              answered += answer.refused_size();
                              return true;
                            });
    std::jthread sender([&] {
      for (int i = 0; i < 20; ++i) taken += stream.take(refused) ? 1 : 0;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_LE(taken, 2) << "one that is being sent, and one that waits";
    read.set_value();
  }
  EXPECT_EQ(taken, 20);
  EXPECT_EQ(answered, 20 * 64);
  expect_sums();
}

TEST_F(GrpcServerTest, a_question_of_too_many_fields_is_refused_once_it_is_known_who_asks) {
  v1::LookUpRequest request;
  request.set_tenant("acme");
  for (int i = 0; i < 20'000; ++i) request.GetReflection()->MutableUnknownFields(&request)->AddVarint(1000, 1);
  for (const auto& [token, code] : {std::pair{world_.token(Role::reader, "acme"), Code::INVALID_ARGUMENT},
                                    {std::string("cms_0_0"), Code::UNAUTHENTICATED}}) {
    grpc::ClientContext context;
    identify(context, token);
    v1::LookUpResponse response;
    EXPECT_EQ(v1::Scores::NewStub(channel_)->LookUp(&context, request, &response).error_code(), code);
  }
}

TEST_F(GrpcServerTest, nothing_more_is_taken_of_a_stream_whose_token_is_withdrawn_or_expired_or_says_something_else) {
  struct Case {
    const char* what;
    Change change;
    Code code;
  };
  const Case cases[] = {
      {"withdrawn", [](auto& tap) { tap.reset(); }, Code::UNAUTHENTICATED},
      {"expired", [](auto& tap) { tap->expiry = ServeWorld::kNow; }, Code::UNAUTHENTICATED},
      {"a reader's", [](auto& tap) { tap->identity.role = Role::reader; }, Code::PERMISSION_DENIED},
      {"an admin's", [](auto& tap) { tap->identity.role = Role::admin; }, Code::PERMISSION_DENIED},
      {"another tenant's", [](auto& tap) { tap->identity.tenant = "other"; }, Code::PERMISSION_DENIED}};
  for (const auto& one : cases) {
    change_tap([](auto&) {});
    Stream stream(channel_, world_.token(Role::tap, "acme"));
    EXPECT_TRUE(stream.send(batch("acme", "alice", 1))) << one.what;
    change_tap([](auto&) {});
    EXPECT_TRUE(stream.send(batch("acme", "alice", 1))) << one.what << ": the file was read again, and says the same";
    const auto before = requests_of("acme", "alice");
    change_tap(one.change);
    EXPECT_FALSE(stream.send(batch("acme", "alice", 1))) << one.what;
    EXPECT_EQ(stream.finish().error_code(), one.code) << one.what;
    EXPECT_EQ(requests_of("acme", "alice"), before) << one.what;
  }
  expect_sums();
}

TEST_F(GrpcServerTest, a_stream_whose_token_is_withdrawn_is_told_so_also_where_its_address_failed_often) {
  Stream stream(channel_, world_.token(Role::tap, "acme"));
  EXPECT_TRUE(stream.send(batch("acme", "alice", 1)));
  for (int failure = 0; failure < 30; ++failure) look_up("cms_0_0", "acme", "alice");
  EXPECT_EQ(look_up("cms_0_0", "acme", "alice").code, Code::RESOURCE_EXHAUSTED);
  change_tap([](auto& tap) { tap.reset(); });
  EXPECT_FALSE(stream.send(batch("acme", "alice", 1)));
  EXPECT_EQ(stream.finish().error_code(), Code::UNAUTHENTICATED);
}

TEST_F(GrpcServerTest, a_tap_that_answers_nothing_more_loses_its_connection_and_its_place_is_free) {
  GrpcOptions few;
  few.streams_max = 1;
  few.silence_s = 1.5;
  start(few);
  const auto& tap = world_.token(Role::tap, "acme");
  Client silent(server_->port());  // gRPC's own would answer pings
  silent.send(stream_by_hand(tap, batch("acme", "alice", 1).SerializeAsString()));
  std::set<int> kinds;  // of frames
  for (auto head = silent.read_bytes(9); head.size() == 9; head = silent.read_bytes(9)) {
    kinds.insert(head[3]);
    std::size_t bytes = 0;
    for (int i = 0; i < 3; ++i) bytes = bytes << 8 | static_cast<std::uint8_t>(head[i]);
    silent.read_bytes(bytes);
  }
  EXPECT_TRUE(kinds.contains(0)) << "no acknowledgement came";
  EXPECT_TRUE(kinds.contains(6)) << "it was not asked whether it is there";
  auto after = send(tap, batch("acme", "alice", 1));
  for (int i = 0; i < 200 && after.code != Code::OK; ++i) {  // the stream ends a moment after its connection
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    after = send(tap, batch("acme", "alice", 1));
  }
  EXPECT_EQ(after.code, Code::OK) << after.message;
}

TEST_F(GrpcServerTest, a_producer_is_told_of_each_batch_whether_it_was_the_next_and_which_one_is) {
  struct Case {
    std::uint64_t epoch = 0, sequence = 0;
    v1::Status status = v1::STATUS_DONE;
    std::uint64_t expected = 0;
  };
  constexpr Case kCases[] = {
      {2, 1, v1::STATUS_DONE, 2},  {2, 2, v1::STATUS_DONE, 3}, {2, 1, v1::STATUS_DUPLICATE, 3},
      {2, 4, v1::STATUS_GAP, 3},   {2, 0, v1::STATUS_GAP, 3},  {1, 3, v1::STATUS_STALE, 3},
      {3, 2, v1::STATUS_GAP, 1},   {3, 1, v1::STATUS_DONE, 2}, {2, 3, v1::STATUS_STALE, 2}};
  std::uint64_t done = 0;
  for (const auto& one : kCases) {
    auto next = batch("acme", "paula", 2);
    next.set_producer("tap");
    next.set_epoch(one.epoch);
    next.set_sequence(one.sequence);
    const auto sent = send(world_.token(Role::tap, "acme"), next);
    ASSERT_TRUE(sent.acknowledgement);
    EXPECT_EQ(sent.acknowledgement->status(), one.status) << one.epoch << '/' << one.sequence;
    EXPECT_EQ(sent.acknowledgement->expected(), one.expected) << one.epoch << '/' << one.sequence;
    done += one.status == v1::STATUS_DONE ? 2 : 0;
    EXPECT_EQ(requests_of("acme", "paula"), done);
  }
  expect_sums();
}

}  // namespace
}  // namespace cms::serve
