// What comes to gRPC's port from who does not keep to it: connections that say nothing, names that are nobody's.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <string>

#include "cms.grpc.pb.h"
#include "pipeline/model_example.hpp"
#include "serve/grpc_example.hpp"

namespace cms::serve {
namespace {

using Code = grpc::StatusCode;

class GrpcStrangersTest : public ::testing::Test {
 protected:
  void start(const GrpcOptions& options = {}) {
    server_.emplace(start_grpc(world_, options).value());
    channel_ = grpc::CreateChannel(fmt::format("127.0.0.1:{}", server_->port()), grpc::InsecureChannelCredentials());
  }

  void identify(grpc::ClientContext& context, Role role) {
    context.AddMetadata("authorization", "Bearer " + world_.token(role, "acme"));
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  }

  Code look_up(const std::string& account) {
    grpc::ClientContext context;
    identify(context, Role::reader);
    v1::LookUpRequest request;
    request.set_tenant("acme");
    request.set_account(account);
    v1::LookUpResponse response;
    return v1::Scores::NewStub(channel_)->LookUp(&context, request, &response).error_code();
  }

  ServeWorld world_{"grpc_strangers"};
  std::optional<GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(GrpcStrangersTest, connections_that_say_nothing_end) {
  GrpcOptions hasty;
  hasty.handshake_ms = 300;
  start(hasty);
  Client silent(server_->port());
  const auto began = std::chrono::steady_clock::now();
  silent.read_rest();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(8)) << "reading gave up";
  EXPECT_EQ(look_up("alice"), Code::OK);
}

TEST_F(GrpcStrangersTest, connections_without_a_call_end_and_come_again) {
  GrpcOptions hasty;
  hasty.idle_ms = 300;
  start(hasty);
  ASSERT_EQ(look_up("alice"), Code::OK);
  ASSERT_EQ(channel_->GetState(false), GRPC_CHANNEL_READY);
  const auto patience = std::chrono::system_clock::now() + std::chrono::seconds(20);
  EXPECT_TRUE(channel_->WaitForStateChange(GRPC_CHANNEL_READY, patience)) << "it is open still";
  EXPECT_EQ(look_up("alice"), Code::OK);
}

TEST_F(GrpcStrangersTest, look_ups_of_names_that_no_account_has_are_refused_and_the_disk_is_not_asked) {
  start();
  for (const auto& name : {std::string(), std::string(257, 'x'), std::string("a\0b", 3)}) {
    EXPECT_EQ(look_up(name), Code::INVALID_ARGUMENT) << name;
  }
  EXPECT_EQ(look_up(std::string(256, 'x')), Code::OK);
  EXPECT_EQ(world_.overrides().unread(), 0U);
}

TEST_F(GrpcStrangersTest, an_item_whose_account_is_no_text_is_refused_and_the_rest_of_its_batch_is_taken) {
  start();
  v1::ActivationBatch batch;
  batch.set_tenant("acme");
  batch.set_model(world_.model().atlas.manifest.fingerprint());
  const auto stream = pipeline::example_stream(world_.model(), 1, 3);
  for (std::size_t i = 0; i < 3; ++i) {
    auto& activation = *batch.add_activations();
    activation.set_account(i == 1 ? "al\xffice" : "alice");
    activation.set_time(ServeWorld::kNow + static_cast<double>(i));
    activation.set_float32(reinterpret_cast<const char*>(stream.row(i).data()), stream.row(i).size_bytes());
  }
  grpc::ClientContext context;
  identify(context, Role::tap);
  const auto wire = v1::Ingest::NewStub(channel_)->Activations(&context);
  v1::Acknowledgement answer;
  ASSERT_TRUE(wire->Write(batch) && wire->Read(&answer));
  EXPECT_EQ(answer.scored(), 2U);
  ASSERT_EQ(answer.refused_size(), 1);
  EXPECT_EQ(answer.refused(0).index(), 1U);
  EXPECT_EQ(answer.refused(0).reason(), "account");
  wire->WritesDone();
  EXPECT_TRUE(wire->Finish().ok());
}

}  // namespace
}  // namespace cms::serve
