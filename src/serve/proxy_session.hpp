// One connection of the proxy, with the connection to the server behind that belongs to it. For proxy.cpp alone.
//
// Threads: a connection's coroutine runs on its strand, and so does everything that touches its two sockets.
#pragma once

#include "serve/http_message.hpp"
#include "serve/proxy.hpp"

namespace cms::serve {

// What all connections share.
struct ProxyShared {
  ProxyOptions options;
  ProxyParts parts;
  Url upstream;
  std::shared_ptr<boost::asio::ssl::context> upstream_tls;  // null without TLS
  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> copies_bytes{0};  // for the tap, held now
  std::atomic<std::uint64_t> requests{0}, answered{0}, limited{0}, malformed{0}, upstream_failures{0}, hung_up{0},
      oversized{0};
};

std::shared_ptr<Connection> make_proxy_connection(ProxyShared& shared, boost::asio::ip::tcp::socket socket,
                                                  std::shared_ptr<boost::asio::ssl::context> tls);

// What goes on to the other side: all but what concerns one connection alone (RFC 9110, 7.6.1), what frames the body
// anew, and X-CMS- headers, which are ours.
Headers forwarded(const Headers& headers);

// Nothing that reaches beyond the path of the upstream, and no two keys of which the server might take the other one.
// `headers` are those that go on.
bool may_pass(const ProxyShared& shared, const std::string& target, const Headers& headers);

// A redirection (Location) to the server itself, as the client can follow it: it knows the proxy alone.
std::string outside(const ProxyShared& shared, std::string location, const Request& head);

// An error as inference servers word it: {"error":{"message":...,"type":...,"code":...}}.
Response api_error(unsigned status, std::string_view message, std::string_view type, std::string_view code);

}  // namespace cms::serve
