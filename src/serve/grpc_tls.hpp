// The certificates of gRPC, which can be read anew while it runs: a connection has those of its handshake.
//
// grpc::SslServerCredentials keeps for good what it was made with, and gRPC's watcher of files reads when it likes. The
// core library asks whoever made the credentials before every handshake (grpc_ssl_server_certificate_config_callback),
// and that is us.
//
// One server, one listening socket: gRPC takes connections of a socket one after another, and between two sockets of
// one port it would use what it has just thrown away. So an address is one of digits.
// Threads: reload() from any; gRPC's own ask. Cost: a lock a handshake; after a reload the next makes a TLS context.
#pragma once

#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <mutex>
#include <string>

#include "base/result.hpp"
#include "serve/listener.hpp"

namespace cms::serve {

class GrpcTls final : public grpc::ServerCredentials {
 public:
  // Outlives the server that it is given to. Errors: `bad_input` naming the file that cannot be read, or a key that
  // is not the certificate's.
  static Result<std::shared_ptr<GrpcTls>> make(const TlsFiles& files);
  ~GrpcTls() override;

  // Whether callers are asked for a certificate stays as it was made. Errors: as make(); what was there stays.
  Result<void> reload();

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>& processor) override;

 private:
  explicit GrpcTls(TlsFiles files) : files_(std::move(files)) {}
  static grpc_ssl_certificate_config_reload_status asked(void* self, grpc_ssl_server_certificate_config** config);
  int AddPortToServer(const std::string& address, grpc_server* server) override;

  TlsFiles files_;
  std::mutex mutex_;
  TlsTexts texts_;     // under mutex_
  bool fresh_ = true;  // under mutex_: gRPC has not asked for them yet
  grpc_server_credentials* credentials_ = nullptr;
};

}  // namespace cms::serve
