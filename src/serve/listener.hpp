// What accepts connections: a port, a few threads, and the connections until their end. For the HTTP server and the
// proxy, which say what a connection does.
//
// No thread a connection: each is a coroutine on a strand of its own. A connection beyond the bound is closed at once.
// Threads: all functions from any thread. Cost: an allocation or two a connection.
// Library: Boost.Asio.
#pragma once

#include <utility>  // Asio 1.74 needs it and does not name it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace cms::serve {

// PEM files. All empty: no TLS.
struct TlsFiles {
  std::filesystem::path certificate{}, key{};
  std::filesystem::path client_ca{};  // set = a client certificate signed by it is required
};

// What was in them, and the context made of it: read once, so that what was checked is what is used.
struct TlsTexts {
  std::string certificate{}, key{}, client_ca{};
};
struct Tls {
  TlsTexts texts;
  std::shared_ptr<boost::asio::ssl::context> context;  // shared: connections outlive a reload; null without TLS
};

struct ListenOptions {
  std::string listen;  // address:port, [address]:port; port 0 = any free one
  TlsFiles tls{};
  std::uint32_t threads = 2;
  std::uint32_t connections_max = 1024;
};

struct ListenCounters {
  std::uint64_t connections = 0;  // open now
  std::uint64_t accepted = 0, turned_away = 0;
};

// What may be asked of a connection, on its strand.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;  // of several kinds, kept in one list
  virtual boost::asio::any_io_executor executor() = 0;
  virtual void close_if_idle() = 0;
  virtual void close() = 0;
  virtual boost::asio::awaitable<void> run() = 0;
};

class Listener {
 public:
  // Makes the connection of a socket; `tls` is null without TLS, and shared because a reload must not take it from
  // those who use it.
  using Make = std::function<std::shared_ptr<Connection>(boost::asio::ip::tcp::socket,
                                                         std::shared_ptr<boost::asio::ssl::context> tls)>;

  // Binds, and starts the threads. Errors: `usage` for an address that is none, `failed` when it cannot be bound,
  // `bad_input` when certificate or key cannot be read.
  static Result<Listener> start(const ListenOptions& options, Make make);
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;
  // Drains for no longer than a second.
  ~Listener();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] ListenCounters counters() const;

  // Reads the files again, for connections to come; what was there stays when it cannot. Errors: `bad_input`.
  Result<void> reload_certificates();

  // Stops accepting, closes idle connections, and after `seconds` the rest. Returns when no connection is left; their
  // owner tells them before that they are not to go on.
  void drain(double seconds);

 private:
  struct State;
  explicit Listener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Certificate, key and client authority of a server. Errors: `bad_input` naming the file that is wrong; `usage` for
// certificate or key without the other.
Result<Tls> read_tls(const TlsFiles& files);

// An address of digits, of IPv6 in brackets, and a port. Errors: `usage`.
Result<boost::asio::ip::tcp::endpoint> parse_listen(const std::string& listen);

}  // namespace cms::serve
