// Whether a client is still there while nothing is read from it: a generation that nobody reads any more is ended.
//
// The first sign that something has arrived may be the end, TLS' farewell before it, or a request sent ahead; from then
// on the state of the connection is looked at every 200 ms. A client that closes its sending half counts as gone.
// Threads: one strand, that of the socket. Cost: a wait in the kernel; some wake-ups where something has arrived.
#pragma once

#include <utility>  // Asio 1.74 needs it and does not name it

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>

namespace cms::serve {

class ClientWatch {
 public:
  // Calls `gone` once, where the client goes before end(). The socket outlives the watch.
  ClientWatch(boost::asio::ip::tcp::socket& socket, std::function<void()> gone);
  ClientWatch(const ClientWatch&) = delete;
  ClientWatch& operator=(const ClientWatch&) = delete;
  ~ClientWatch();

  // Watches no longer. True when the client went meanwhile.
  bool end();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with what waits, which may be called after the end
};

}  // namespace cms::serve
