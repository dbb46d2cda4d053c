#include "serve/grpc_tls.hpp"

#include <grpc/grpc.h>

#include "base/files.hpp"

namespace cms::serve {

Result<GrpcTls::Texts> GrpcTls::read(const TlsFiles& files) {
  CMS_CHECK(make_tls(files));  // says which file is wrong, and why
  Texts texts;
  CMS_TRY(certificate, read_text_file(files.certificate));
  CMS_TRY(key, read_text_file(files.key));
  texts.certificate = std::move(certificate);
  texts.key = std::move(key);
  if (files.client_ca.empty()) return texts;
  CMS_TRY(authority, read_text_file(files.client_ca));
  texts.client_ca = std::move(authority);
  return texts;
}

Result<std::shared_ptr<GrpcTls>> GrpcTls::make(const TlsFiles& files) {
  CMS_TRY(texts, read(files));
  std::shared_ptr<GrpcTls> made(new GrpcTls(files));
  made->texts_ = std::move(texts);
  const auto whom = files.client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                            : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  made->credentials_ = grpc_ssl_server_credentials_create_with_options(
      grpc_ssl_server_credentials_create_options_using_config_fetcher(whom, &asked, made.get()));
  return made;
}

GrpcTls::~GrpcTls() { grpc_server_credentials_release(credentials_); }

Result<void> GrpcTls::reload() {
  CMS_TRY(texts, read(files_));
  const std::lock_guard lock(mutex_);
  texts_ = std::move(texts);
  fresh_ = true;
  return {};
}

grpc_ssl_certificate_config_reload_status GrpcTls::asked(void* self, grpc_ssl_server_certificate_config** config) {
  auto& tls = *static_cast<GrpcTls*>(self);
  const std::lock_guard lock(tls.mutex_);
  if (!tls.fresh_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const grpc_ssl_pem_key_cert_pair pair{tls.texts_.key.c_str(), tls.texts_.certificate.c_str()};
  // gRPC asserts that there is an authority, also where no caller is asked for a certificate and it says nothing.
  const auto& authority = tls.texts_.client_ca.empty() ? tls.texts_.certificate : tls.texts_.client_ca;
  *config = grpc_ssl_server_certificate_config_create(authority.c_str(), &pair, 1);
  tls.fresh_ = false;
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

int GrpcTls::AddPortToServer(const std::string& address, grpc_server* server) {
  return grpc_server_add_http2_port(server, address.c_str(), credentials_);
}

// Callers show who they are in grpc_caller.hpp, call by call.
void GrpcTls::SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) {}

}  // namespace cms::serve
