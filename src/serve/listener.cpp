#include "serve/listener.hpp"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <charconv>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace cms::serve {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Error = boost::system::error_code;

Result<Tcp::endpoint> parse_listen(const std::string& listen) {
  const auto colon = listen.rfind(':');
  const auto wrong = [&] {
    return fail(ErrorCode::usage,
                fmt::format("\"{}\" is no address:port, such as 127.0.0.1:8420 or [::1]:8420", listen));
  };
  if (colon == std::string::npos) return wrong();
  std::string host = listen.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const char* end = listen.data() + listen.size();
  const auto [at, bad] = std::from_chars(listen.data() + colon + 1, end, port);
  Error error;
  const auto address = asio::ip::make_address(host, error);
  if (error || bad != std::errc() || at != end) return wrong();
  // Whether ::1:80 has a port nobody can tell; gRPC reads neither [127.0.0.1] nor [::1%lo].
  if (bracketed != address.is_v6() || host.find('%') != std::string::npos) return wrong();
  return Tcp::endpoint(address, port);
}

struct Listener::State {
  State(ListenOptions chosen, Make making)
      : options(std::move(chosen)), make(std::move(making)), acceptor(asio::make_strand(io)),
        work(asio::make_work_guard(io)) {}

  asio::awaitable<void> accept_all();
  void begin(Tcp::socket socket);
  // Calls `what` for each connection, on its strand.
  void for_each(void (Connection::*what)());
  bool wait_until_empty(double seconds);

  ListenOptions options;
  Make make;
  asio::io_context io;
  Tcp::acceptor acceptor;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::mutex mutex;
  std::condition_variable ended;
  // Shared with the coroutine that runs it: whoever closes it may come after its end.
  std::list<std::shared_ptr<Connection>> connections;
  std::shared_ptr<asio::ssl::context> tls;
  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> count{0}, accepted{0}, turned_away{0};
  std::uint16_t port = 0;
  bool accepting = false;
  std::vector<std::jthread> threads;
};

void Listener::State::begin(Tcp::socket socket) {
  const std::lock_guard lock(mutex);
  const std::shared_ptr<Connection> connection = make(std::move(socket), tls);
  const auto at = connections.insert(connections.end(), connection);
  count = connections.size();
  asio::co_spawn(
      connection->executor(), [connection] { return connection->run(); },
      // What a library throws there (memory is out) ends that connection and no other.
      [this, at](const std::exception_ptr&) {
        const std::lock_guard guard(mutex);
        connections.erase(at);
        count = connections.size();
        ended.notify_all();
      });
}

asio::awaitable<void> Listener::State::accept_all() {
  while (!draining) {
    Error error;
    Tcp::socket socket(asio::make_strand(io));
    co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (draining || error == asio::error::operation_aborted) break;
    if (error) {  // out of descriptors, most likely: others must end first
      asio::steady_timer timer(io, std::chrono::milliseconds(100));
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    ++accepted;
    if (count >= options.connections_max) {
      ++turned_away;
      continue;
    }
    begin(std::move(socket));
  }
  acceptor.close();
  const std::lock_guard lock(mutex);
  accepting = false;
  ended.notify_all();
}

void Listener::State::for_each(void (Connection::*what)()) {
  const std::lock_guard lock(mutex);
  for (const auto& connection : connections) {
    asio::post(connection->executor(), [connection, what] { (connection.get()->*what)(); });
  }
}

bool Listener::State::wait_until_empty(double seconds) {
  std::unique_lock lock(mutex);
  return ended.wait_for(lock, std::chrono::duration<double>(seconds),
                        [&] { return connections.empty() && !accepting; });
}

Listener::Listener(std::unique_ptr<State> state) : state_(std::move(state)) {}
Listener::Listener(Listener&&) noexcept = default;

Listener& Listener::operator=(Listener&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Listener::~Listener() {
  if (!state_) return;
  drain(1);
  state_->work.reset();
  state_->io.stop();
  state_->threads.clear();
}

Result<Listener> Listener::start(const ListenOptions& options, Make make) {
  CMS_TRY(endpoint, parse_listen(options.listen));
  CMS_TRY(tls, read_tls(options.tls));
  auto state = std::make_unique<State>(options, std::move(make));
  state->tls = tls.context;
  Error error;
  auto& acceptor = state->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return fail(ErrorCode::failed, fmt::format("cannot listen on {}: {}", options.listen, error.message()));
  }
  state->port = acceptor.local_endpoint().port();
  state->accepting = true;
  asio::co_spawn(acceptor.get_executor(), [raw = state.get()] { return raw->accept_all(); }, asio::detached);
  for (std::uint32_t i = 0; i < std::max(1U, options.threads); ++i) {
    state->threads.emplace_back([raw = state.get()] { raw->io.run(); });
  }
  return Listener(std::move(state));
}

std::uint16_t Listener::port() const { return state_->port; }

ListenCounters Listener::counters() const { return {state_->count, state_->accepted, state_->turned_away}; }

Result<void> Listener::reload_certificates() {
  CMS_TRY(tls, read_tls(state_->options.tls));
  const std::lock_guard lock(state_->mutex);
  state_->tls = tls.context;
  return {};
}

void Listener::drain(double seconds) {
  auto& state = *state_;
  state.draining = true;
  asio::post(state.acceptor.get_executor(), [&state] {
    Error ignored;  // it is closed already where this is not the first time
    state.acceptor.cancel(ignored);
  });
  state.for_each(&Connection::close_if_idle);
  if (state.wait_until_empty(seconds)) return;
  // What is left is closed; answers that the service still owes are waited for, since they refer to it.
  do {
    state.for_each(&Connection::close);
  } while (!state.wait_until_empty(1));
}

}  // namespace cms::serve
