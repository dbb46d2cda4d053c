#include <fmt/format.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl.hpp>

#include "base/files.hpp"
#include "serve/listener.hpp"

namespace cms::serve {

namespace ssl = boost::asio::ssl;

namespace {

Result<TlsTexts> texts_of(const TlsFiles& files) {
  TlsTexts texts;
  if (files.certificate.empty() && files.key.empty() && files.client_ca.empty()) return texts;
  if (files.certificate.empty() || files.key.empty()) {
    return fail(ErrorCode::usage, "TLS needs both a certificate and its key");
  }
  const std::pair<const std::filesystem::path&, std::string&> both[] = {
      {files.certificate, texts.certificate}, {files.key, texts.key}, {files.client_ca, texts.client_ca}};
  for (const auto& [file, text] : both) {
    if (file.empty()) continue;
    CMS_TRY(read, read_text_file(file));
    text = std::move(read);
  }
  return texts;
}

Result<std::shared_ptr<ssl::context>> context_of(const TlsFiles& files, const TlsTexts& texts) {
  if (texts.certificate.empty() && texts.key.empty()) return nullptr;
  auto tls = std::make_shared<ssl::context>(ssl::context::tls_server);
  auto* native = tls->native_handle();
  // 1.3 is taken wherever the other end knows it. No renegotiation, and no compression of what is secret.
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  // A session that is taken up again brings no certificate with it.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(native, 0);
  SSL_CTX_set_options(native, SSL_OP_NO_TICKET);
  // An encrypted key would make OpenSSL ask on the terminal; an empty answer makes it fail instead.
  SSL_CTX_set_default_passwd_cb(native, [](char*, int, int, void*) { return 0; });
  boost::system::error_code error;
  tls->use_certificate_chain(boost::asio::buffer(texts.certificate), error);
  if (error) {
    return fail(ErrorCode::bad_input, fmt::format("{}: no certificate in PEM form", files.certificate.string()));
  }
  tls->use_private_key(boost::asio::buffer(texts.key), ssl::context::pem, error);
  if (error) {
    return fail(ErrorCode::bad_input, fmt::format("{}: no private key in PEM form, or not that of the certificate",
                                                  files.key.string()));
  }
  if (files.client_ca.empty()) return tls;
  tls->add_certificate_authority(boost::asio::buffer(texts.client_ca), error);
  if (error) {
    return fail(ErrorCode::bad_input, fmt::format("{}: no certificates in PEM form", files.client_ca.string()));
  }
  tls->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
  return tls;
}

}  // namespace

Result<Tls> read_tls(const TlsFiles& files) {
  CMS_TRY(texts, texts_of(files));
  CMS_TRY(context, context_of(files, texts));
  return Tls{std::move(texts), std::move(context)};
}

}  // namespace cms::serve
