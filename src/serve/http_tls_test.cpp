// TLS and client certificates, with certificates made here.
#include <gtest/gtest.h>
#include <utility>  // Asio 1.74 needs it and does not name it

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

#include "serve/serve_example.hpp"
#include "serve/tls_example.hpp"

namespace cms::serve {
namespace {

namespace ssl = boost::asio::ssl;
class http_tls : public testing::Test {
 protected:
  std::filesystem::path at(const std::string& name) const { return certificates_.at(name); }
  HttpOptions options(bool mutual) const {
    HttpOptions options;
    options.tls_certificate = at("server.pem");
    options.tls_key = at("server.key");
    if (mutual) options.tls_client_ca = at("ca.pem");
    return options;
  }

  // One request under TLS as `who` (a certificate's name, empty = none) and what came; empty when there was no
  // handshake. Fills version_.
  std::string ask(std::uint16_t port, const std::string& who, const std::string& text,
                  const std::function<void(SSL_CTX*)>& set = {}) {
    ssl::context context(ssl::context::tls_client);
    context.load_verify_file(at("ca.pem").string());
    context.set_verify_mode(ssl::verify_peer);
    if (!who.empty()) {
      context.use_certificate_chain_file(at(who + ".pem").string());
      context.use_private_key_file(at(who + ".key").string(), ssl::context::pem);
    }
    if (set) set(context.native_handle());
    boost::asio::io_context io;
    ssl::stream<boost::asio::ip::tcp::socket> stream(io, context);
    stream.next_layer().connect({boost::asio::ip::make_address("127.0.0.1"), port});
    boost::system::error_code error;
    stream.handshake(ssl::stream_base::client, error);
    if (error) return "";
    version_ = SSL_get_version(stream.native_handle());
    boost::asio::write(stream, boost::asio::buffer(text), error);
    std::string answer;
    boost::asio::read(stream, boost::asio::dynamic_buffer(answer), error);
    return answer;
  }

  Certificates certificates_{"http_tls"};
  std::string version_;
};

constexpr std::string_view kClose = "Connection: close\r\n";

TEST_F(http_tls, requests_are_answered_under_1_3_and_1_2_and_nothing_older) {
  ServeWorld world("tls", {}, options(false));
  const auto text = request_text("GET", "/v1/atlas", world.as(Role::reader) + std::string(kClose));
  const auto port = world.server->port();
  EXPECT_TRUE(ask(port, "", text).starts_with("HTTP/1.1 200"));
  EXPECT_EQ(version_, "TLSv1.3");
  const auto up_to = [](int version) {
    return [version](SSL_CTX* context) {
      SSL_CTX_set_security_level(context, 0);
      SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
      SSL_CTX_set_max_proto_version(context, version);
    };
  };
  EXPECT_TRUE(ask(port, "", text, up_to(TLS1_2_VERSION)).starts_with("HTTP/1.1 200"));
  EXPECT_EQ(ask(port, "", text, up_to(TLS1_1_VERSION)), "");
  Client plain(port);
  plain.send(request_text("GET", "/healthz"));
  EXPECT_EQ(plain.read_rest().find("HTTP"), std::string::npos);
  EXPECT_GE(world.server->counters().handshake_failures, 2U);
}

TEST_F(http_tls, a_client_certificate_is_who_the_tokens_file_says) {
  const auto identity = parse_credentials("gw reader acme - cn:gateway").value().at(0);
  ServeWorld world("mtls", {}, options(true));
  ASSERT_TRUE(append_credential(world.folder() / "tokens", identity));
  ASSERT_TRUE(world.authority().reload());
  const auto port = world.server->port();
  const auto text = request_text("GET", "/v1/atlas", kClose);
  EXPECT_TRUE(ask(port, "gateway", text).starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(ask(port, "stranger", text).starts_with("HTTP/1.1 401"));
  EXPECT_EQ(ask(port, "forged", text), "");
  EXPECT_EQ(ask(port, "", text), "");
  // A token says more exactly who it is, and a wrong one is not made up for by the certificate.
  const auto wrong = request_text("GET", "/v1/atlas", "Authorization: Bearer x\r\n" + std::string(kClose));
  EXPECT_TRUE(ask(port, "gateway", wrong).starts_with("HTTP/1.1 401"));
  const auto other = request_text("GET", "/v1/tenants/other/accounts", kClose);
  EXPECT_TRUE(ask(port, "gateway", other).starts_with("HTTP/1.1 404"));
}

TEST_F(http_tls, a_new_certificate_is_taken_up_without_a_restart_and_a_wrong_one_is_not) {
  ServeWorld world("reload", {}, options(false));
  const auto text = request_text("GET", "/healthz", kClose);
  write_pem(make_certificate("renewed", &certificates_.authority()), at("server.pem"), at("server.key"));
  ASSERT_TRUE(world.server->reload_certificates());
  std::string seen;
  const auto remember = [&](SSL_CTX* context) {
    SSL_CTX_set_cert_verify_callback(context, [](X509_STORE_CTX* store, void* out) {
      char name[64] = {};
      X509_NAME_get_text_by_NID(X509_get_subject_name(X509_STORE_CTX_get0_cert(store)), NID_commonName, name, 64);
      *static_cast<std::string*>(out) = name;
      return 1;
    }, &seen);
  };
  EXPECT_TRUE(ask(world.server->port(), "", text, remember).starts_with("HTTP/1.1 200"));
  EXPECT_EQ(seen, "renewed");
  ASSERT_TRUE(write_file(at("server.pem"), "nonsense"));
  EXPECT_FALSE(world.server->reload_certificates());
  EXPECT_TRUE(ask(world.server->port(), "", text).starts_with("HTTP/1.1 200"));
}

TEST_F(http_tls, who_does_not_finish_the_handshake_is_closed) {
  auto slow = options(false);
  slow.handshake_s = .05;
  ServeWorld world("handshake", {}, slow);
  Client client(world.server->port());
  client.send("\x16\x03\x01");
  EXPECT_EQ(client.read_rest(), "");
  EXPECT_EQ(world.server->counters().requests, 0U);
}

TEST_F(http_tls, files_that_are_wrong_are_named) {
  const auto error = [](HttpOptions options) {
    options.listen = "127.0.0.1:0";
    const auto server = HttpServer::start(options, {});
    return server ? std::string() : server.error().message;
  };
  EXPECT_EQ(error(options(true)), "");
  auto wrong = options(false);
  wrong.tls_key.clear();
  EXPECT_NE(error(wrong).find("both"), std::string::npos);
  wrong = options(false);
  wrong.tls_key = at("gateway.key");
  EXPECT_NE(error(wrong).find("gateway.key"), std::string::npos);
  wrong = options(false);
  wrong.tls_certificate = at("missing.pem");
  EXPECT_NE(error(wrong).find("missing.pem"), std::string::npos);
  wrong = options(true);
  wrong.tls_client_ca = at("server.key");
  EXPECT_NE(error(wrong).find("server.key"), std::string::npos);
}

}  // namespace
}  // namespace cms::serve
