// gRPC under TLS: who is asked for a certificate, and what one that the tokens file knows may do.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "cms.grpc.pb.h"
#include "serve/grpc_example.hpp"
#include "serve/tls_example.hpp"

namespace cms::serve {
namespace {

using Code = grpc::StatusCode;

class GrpcTls : public testing::Test {
 protected:
  GrpcTls() {
    const auto identity = parse_credentials("gw reader acme - cn:gateway").value().at(0);
    EXPECT_TRUE(append_credential(world_.folder() / "tokens", identity));
    EXPECT_TRUE(world_.authority().reload());
  }

  GrpcOptions options(bool mutual) const {
    GrpcOptions options;
    options.tls_certificate = certificates_.at("server.pem");
    options.tls_key = certificates_.at("server.key");
    if (mutual) options.tls_client_ca = certificates_.at("ca.pem");
    return options;
  }
  Result<GrpcServer> start(const GrpcOptions& options) { return start_grpc(world_, options); }
  std::string file(const std::string& name) const { return read_text_file(certificates_.at(name)).value(); }

  // A look-up by who has this certificate (its name, empty = none) and token (empty = none).
  Code look_up(const GrpcServer& server, const std::string& who, const std::string& token = "",
               const std::string& tenant = "acme") const {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = file("ca.pem");
    if (!who.empty()) {
      tls.pem_cert_chain = file(who + ".pem");
      tls.pem_private_key = file(who + ".key");
    }
    return look_up_by(server, grpc::SslCredentials(tls), token, tenant);
  }
  static Code look_up_by(const GrpcServer& server, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                         const std::string& token, const std::string& tenant) {
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride("server");
    const auto channel = grpc::CreateCustomChannel(fmt::format("127.0.0.1:{}", server.port()), credentials, arguments);
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    v1::LookUpRequest request;
    request.set_tenant(tenant);
    request.set_account("alice");
    v1::LookUpResponse response;
    return v1::Scores::NewStub(channel)->LookUp(&context, request, &response).error_code();
  }

  Certificates certificates_{"grpc_tls"};
  ServeWorld world_{"grpc_tls"};
};

TEST_F(GrpcTls, a_token_is_asked_for_under_tls_and_nobody_is_answered_without_it) {
  const auto server = start(options(false));
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(look_up(*server, "", world_.token(Role::reader, "acme")), Code::OK);
  EXPECT_EQ(look_up(*server, ""), Code::UNAUTHENTICATED);
  EXPECT_EQ(look_up(*server, "gateway"), Code::UNAUTHENTICATED) << "a certificate that was not asked for says nothing";
  EXPECT_EQ(look_up_by(*server, grpc::InsecureChannelCredentials(), world_.token(Role::reader, "acme"), "acme"),
            Code::UNAVAILABLE);
}

TEST_F(GrpcTls, a_client_certificate_is_who_the_tokens_file_says) {
  const auto server = start(options(true));
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(look_up(*server, "gateway"), Code::OK);
  EXPECT_EQ(look_up(*server, "gateway", "", "other"), Code::NOT_FOUND);
  EXPECT_EQ(look_up(*server, "stranger"), Code::UNAUTHENTICATED);
  // A token says more exactly who it is, and a wrong one is not made up for by the certificate.
  EXPECT_EQ(look_up(*server, "stranger", world_.token(Role::reader, "acme")), Code::OK);
  EXPECT_EQ(look_up(*server, "gateway", "cms_0_0"), Code::UNAUTHENTICATED);
  for (const std::string who : {"forged", ""}) {
    EXPECT_EQ(look_up(*server, who, world_.token(Role::reader, "acme")), Code::UNAVAILABLE) << who;
  }
}

TEST_F(GrpcTls, connections_after_a_reload_have_the_certificates_of_the_reload) {
  auto server = start(options(true));
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(look_up(*server, "gateway"), Code::OK);
  // Another authority's, for the server and for who may call: whoever trusts the old one is not served any more.
  const auto authority = make_certificate("another authority");
  write_pem(authority, certificates_.at("ca.pem"), certificates_.at("ca.key"));
  EXPECT_EQ(look_up(*server, "gateway"), Code::UNAVAILABLE) << "only the client knows the new authority";
  write_pem(make_certificate("server", &authority), certificates_.at("server.pem"), certificates_.at("server.key"));
  ASSERT_TRUE(server->reload_certificates());
  EXPECT_EQ(look_up(*server, "gateway"), Code::UNAVAILABLE) << "the old authority's";
  write_pem(make_certificate("gateway", &authority), certificates_.at("gateway.pem"), certificates_.at("gateway.key"));
  EXPECT_EQ(look_up(*server, "gateway"), Code::OK);
}

TEST_F(GrpcTls, what_cannot_be_read_at_a_reload_stays_as_it_was) {
  auto server = start(options(false));
  ASSERT_TRUE(server) << server.error().message;
  for (const std::string name : {"server.pem", "server.key"}) {
    const auto good = file(name);
    for (const auto& bad : {std::string("nonsense"), file("gateway" + name.substr(6))}) {  // or another's
      ASSERT_TRUE(write_file(certificates_.at(name), bad));
      const auto done = server->reload_certificates();
      ASSERT_FALSE(done) << name;
      EXPECT_NE(done.error().message.find("server."), std::string::npos) << done.error().message;
      EXPECT_EQ(look_up(*server, "", world_.token(Role::reader, "acme")), Code::OK) << name;
    }
    ASSERT_TRUE(write_file(certificates_.at(name), good));
  }
  EXPECT_TRUE(server->reload_certificates());
  EXPECT_EQ(look_up(*server, "", world_.token(Role::reader, "acme")), Code::OK);
}

TEST_F(GrpcTls, a_wrong_authority_at_a_reload_lets_nobody_in_whom_the_old_one_did_not) {
  auto server = start(options(true));
  ASSERT_TRUE(server) << server.error().message;
  ASSERT_TRUE(write_file(certificates_.at("ca.pem"), file("forged.pem").substr(0, 40)));
  const auto done = server->reload_certificates();
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("ca.pem"), std::string::npos) << done.error().message;
  write_pem(certificates_.authority(), certificates_.at("ca.pem"), certificates_.at("ca.key"));
  EXPECT_EQ(look_up(*server, "gateway"), Code::OK);
  EXPECT_EQ(look_up(*server, "forged"), Code::UNAVAILABLE);
}

TEST_F(GrpcTls, an_address_is_one_of_digits_since_a_name_may_be_two_sockets) {
  GrpcOptions named;
  named.listen = "localhost:0";
  const auto server = GrpcServer::start(named, {});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::usage);
}

TEST_F(GrpcTls, files_that_are_wrong_are_an_error) {
  auto wrong = options(false);
  wrong.tls_certificate = certificates_.at("missing.pem");
  const auto server = start(wrong);
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find("missing.pem"), std::string::npos);
  wrong = options(false);
  wrong.tls_key = certificates_.at("gateway.key");  // another's
  EXPECT_FALSE(start(wrong));
}

}  // namespace
}  // namespace cms::serve
