#include "serve/grpc_tls.hpp"

#include <grpc/grpc.h>

namespace cms::serve {

Result<std::shared_ptr<GrpcTls>> GrpcTls::make(const TlsFiles& files) {
  CMS_TRY(tls, read_tls(files));
  std::shared_ptr<GrpcTls> made(new GrpcTls(files));
  made->texts_ = std::move(tls.texts);
  const auto whom = files.client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                            : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  made->credentials_ = grpc_ssl_server_credentials_create_with_options(
      grpc_ssl_server_credentials_create_options_using_config_fetcher(whom, &asked, made.get()));
  return made;
}

GrpcTls::~GrpcTls() { grpc_server_credentials_release(credentials_); }

Result<void> GrpcTls::reload() {
  const std::lock_guard lock(mutex_);  // before the files are read: of two reloads the later one stays
  CMS_TRY(tls, read_tls(files_));  // checks too: gRPC would say in its log alone that it goes on with what it had
  texts_ = std::move(tls.texts);
  fresh_ = true;
  return {};
}

grpc_ssl_certificate_config_reload_status GrpcTls::asked(void* self, grpc_ssl_server_certificate_config** config) {
  auto& tls = *static_cast<GrpcTls*>(self);
  const std::lock_guard lock(tls.mutex_);
  if (!tls.fresh_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const grpc_ssl_pem_key_cert_pair pair{tls.texts_.key.c_str(), tls.texts_.certificate.c_str()};
  // gRPC (1.51, Debian's build) asserts that there is an authority, also where no caller is asked for a certificate.
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
