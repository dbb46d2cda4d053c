#include "serve/proxy.hpp"

#include <fmt/format.h>

#include <boost/asio/ssl.hpp>
#include <optional>

#include "serve/proxy_session.hpp"

namespace cms::serve {
namespace {

namespace ssl = boost::asio::ssl;

Result<std::shared_ptr<ssl::context>> make_upstream_tls(const std::filesystem::path& authorities) {
  auto tls = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_2_VERSION);
  boost::system::error_code error;
  if (authorities.empty()) {
    tls->set_default_verify_paths(error);
  } else {
    tls->load_verify_file(authorities.string(), error);
  }
  if (error) return fail(ErrorCode::bad_input, fmt::format("{}: no certificates in PEM form", authorities.string()));
  tls->set_verify_mode(ssl::verify_peer);
  return tls;
}

}  // namespace

struct Proxy::State {
  ProxyShared shared;
  std::optional<Listener> listener;  // refers to what is shared
};

Result<Proxy> Proxy::start(const ProxyOptions& options, ProxyParts parts) {
  auto state = std::make_unique<State>();
  auto& shared = state->shared;
  auto upstream = parse_url(options.upstream);
  if (!upstream) return fail_in("the proxy's upstream", std::move(upstream).error());
  shared.options = options;
  shared.parts = std::move(parts);
  shared.upstream = std::move(*upstream);
  if (shared.upstream.tls) {
    CMS_TRY(tls, make_upstream_tls(options.upstream_ca));
    shared.upstream_tls = std::move(tls);
  }
  CMS_TRY(listener, Listener::start({.listen = options.listen,
                                     .tls = options.tls,
                                     .threads = options.threads,
                                     .connections_max = options.connections_max},
                                    [&shared](boost::asio::ip::tcp::socket socket, std::shared_ptr<ssl::context> tls) {
                                      return make_proxy_connection(shared, std::move(socket), std::move(tls));
                                    }));
  state->listener.emplace(std::move(listener));
  return Proxy(std::move(state));
}

Proxy::Proxy(std::unique_ptr<State> state) : state_(std::move(state)) {}
Proxy::Proxy(Proxy&&) noexcept = default;
Proxy::~Proxy() {
  if (state_) drain(1);
}

std::uint16_t Proxy::port() const { return state_->listener->port(); }

Result<void> Proxy::reload_certificates() { return state_->listener->reload_certificates(); }

void Proxy::drain(double seconds) {
  state_->shared.draining = true;
  state_->listener->drain(seconds);
}

ProxyCounters Proxy::counters() const {
  const auto& shared = state_->shared;
  const auto listening = state_->listener->counters();
  return {.connections = listening.connections,
          .accepted = listening.accepted,
          .turned_away = listening.turned_away,
          .requests = shared.requests,
          .answered = shared.answered,
          .limited = shared.limited,
          .malformed = shared.malformed,
          .upstream_failures = shared.upstream_failures,
          .hung_up = shared.hung_up,
          .oversized = shared.oversized};
}

}  // namespace cms::serve
