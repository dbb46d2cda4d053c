#include "serve/http_server.hpp"

#include <optional>

#include "serve/http_session.hpp"

namespace cms::serve {

struct HttpServer::State {
  Shared shared;
  std::optional<Listener> listener;  // refers to what is shared
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;

HttpServer& HttpServer::operator=(HttpServer&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

HttpServer::~HttpServer() {
  if (state_) drain(1);
}

Result<HttpServer> HttpServer::start(const HttpOptions& options, Service service) {
  auto state = std::make_unique<State>();
  auto& shared = state->shared;
  shared.options = options;
  shared.service = std::move(service);
  CMS_TRY(listener,
          Listener::start({.listen = options.listen,
                           .tls = {options.tls_certificate, options.tls_key, options.tls_client_ca},
                           .threads = options.threads,
                           .connections_max = options.connections_max},
                          [&shared](boost::asio::ip::tcp::socket socket,
                                    std::shared_ptr<boost::asio::ssl::context> tls) {
                            return make_connection(shared, std::move(socket), std::move(tls));
                          }));
  state->listener.emplace(std::move(listener));
  return HttpServer(std::move(state));
}

std::uint16_t HttpServer::port() const { return state_->listener->port(); }

Result<void> HttpServer::reload_certificates() { return state_->listener->reload_certificates(); }

void HttpServer::drain(double seconds) {
  state_->shared.draining = true;
  state_->listener->drain(seconds);
}

HttpCounters HttpServer::counters() const {
  const auto& shared = state_->shared;
  HttpCounters counters;
  const auto listening = state_->listener->counters();
  counters.connections = listening.connections;
  counters.accepted = listening.accepted;
  counters.turned_away = listening.turned_away;
  counters.handshake_failures = shared.handshake_failures;
  counters.timeouts = shared.timeouts;
  counters.requests = shared.requests;
  counters.malformed = shared.malformed;
  counters.bodies_bytes = shared.bodies_bytes;
  for (std::size_t i = 0; i < shared.by_class.size(); ++i) counters.by_class[i] = shared.by_class[i];
  return counters;
}

}  // namespace cms::serve
