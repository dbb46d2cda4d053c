// One connection of the HTTP server, from its handshake to its end. For http_server.cpp alone.
//
// Threads: a connection's coroutine runs on its strand, and so does everything that touches its socket.
#pragma once

#include <atomic>
#include <memory>
#include <utility>  // Asio 1.74 needs it and does not name it

#include <boost/beast/http/message.hpp>

#include "serve/http_server.hpp"
#include "serve/listener.hpp"

namespace cms::serve {

// What all connections share.
struct Shared {
  HttpOptions options;
  Service service;
  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> handshake_failures{0}, timeouts{0};
  std::atomic<std::uint64_t> requests{0}, malformed{0}, bodies_bytes{0};
  std::array<std::atomic<std::uint64_t>, 5> by_class{};
};

// `tls` null: without.
std::shared_ptr<Connection> make_connection(Shared& shared, boost::asio::ip::tcp::socket socket,
                                            std::shared_ptr<boost::asio::ssl::context> tls);

// Method, target and header fields; the rest as it is by default.
Request head_of(const boost::beast::http::request_header<>& message);

// What is wrong with a request's head beyond what the parser refuses: its version, Host, transfer coding or
// expectation. Nothing when it may go on. `version` is 10 times major plus minor.
std::unique_ptr<Response> head_problem(const Request& request, unsigned version, bool chunked);

}  // namespace cms::serve
