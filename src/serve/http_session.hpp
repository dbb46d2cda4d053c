// One connection of the HTTP server, from its handshake to its end. For http_server.cpp alone.
//
// Threads: a connection's coroutine runs on its strand, and so does everything that touches its socket.
#pragma once

#include <atomic>
#include <utility>  // Asio 1.74 needs it and does not name it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "serve/http_server.hpp"

namespace cms::serve {

// What all connections share.
struct Shared {
  HttpOptions options;
  Service service;
  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> connections{0}, accepted{0}, turned_away{0}, handshake_failures{0}, timeouts{0};
  std::atomic<std::uint64_t> requests{0}, malformed{0}, bodies_bytes{0};
  std::array<std::atomic<std::uint64_t>, 5> by_class{};
};

// What the server may ask of a connection, on its strand.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;  // two kinds, with TLS and without, are kept in one list
  virtual boost::asio::any_io_executor executor() = 0;
  virtual void close_if_idle() = 0;
  virtual void close() = 0;
  virtual boost::asio::awaitable<void> run() = 0;
};

// `tls` null: without. It is shared, because a reload must not take it from those who use it.
std::unique_ptr<Connection> make_connection(Shared& shared, boost::asio::ip::tcp::socket socket,
                                            std::shared_ptr<boost::asio::ssl::context> tls);

// Certificate, key and client authority as the options name them; null without TLS. Errors: `bad_input`.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls(const HttpOptions& options);

}  // namespace cms::serve
