// The HTTP/1.1 server: connections in, requests to a Service, answers out; with TLS and client certificates or without.
//
// A few threads carry all connections (coroutines, no thread a connection); a connection has one request at a time, and
// requests that were sent ahead wait their turn in its buffer. Everything a peer can make large or slow is bounded:
// header, body, bytes of all bodies together, connections, and the time for each of handshake, header, body and answer.
// Threads: all functions from any thread. Cost: docs/api.md.
// Library: Boost.Beast on Asio. Reference: RFC 9110, RFC 9112; TLS 1.2 and 1.3.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "serve/http_message.hpp"

namespace cms::serve {

struct HttpOptions {
  std::string listen = "127.0.0.1:8420";  // address:port, [address]:port; port 0 = any free one
  std::filesystem::path tls_certificate{}, tls_key{};  // PEM; both empty = no TLS
  std::filesystem::path tls_client_ca{};             // PEM; set = a client certificate signed by it is required
  std::uint32_t threads = 2;
  std::uint32_t connections_max = 1024;            // more are closed at once and counted
  std::uint32_t header_bytes_max = 16 << 10;
  std::uint64_t bodies_bytes_max = 256ULL << 20;   // of all requests under way together; more are answered 503
  double handshake_s = 10, header_s = 10, body_s = 60, answer_s = 60;  // a peer that takes longer is closed
  double idle_s = 75;                              // without a request, after the first (which has header_s)
  double stream_s = 3600;                          // of a stream of events; its reader comes back and is known anew
  double heartbeat_s = 15;                         // a comment in a stream of events that has nothing else to say
};

struct HttpCounters {
  std::uint64_t connections = 0;           // open now
  std::uint64_t accepted = 0, turned_away = 0, handshake_failures = 0, timeouts = 0;
  std::uint64_t requests = 0, malformed = 0;
  std::uint64_t by_class[5] = {};          // answers 1xx to 5xx
  std::uint64_t bodies_bytes = 0;          // under way now
};

class HttpServer {
 public:
  // Binds, and starts the threads. What `service` refers to must outlive the server. Errors: `usage` for an address
  // that is none, `failed` when it cannot be bound, `bad_input` when certificate or key cannot be read.
  static Result<HttpServer> start(const HttpOptions& options, Service service);
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  // Drains for no longer than a second.
  ~HttpServer();

  [[nodiscard]] std::uint16_t port() const;

  // Reads certificate, key and client authority again, for connections to come; what was there stays when it cannot.
  // Errors: `bad_input`.
  Result<void> reload_certificates();

  // Stops accepting, lets requests under way be answered, closes idle connections, and after `seconds` the rest.
  // Returns when no connection is left.
  void drain(double seconds);

  [[nodiscard]] HttpCounters counters() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cms::serve
