// For tests of the proxy: the real engine, store and gate behind it, a scripted server behind that, and chunked bodies.
//
// Threads: those of the parts; the fixture has one owner.
#pragma once

#include <chrono>
#include <mutex>
#include <thread>

#include "serve/caller.hpp"
#include "serve/proxy.hpp"
#include "serve/serve_example.hpp"
#include "serve/upstream_example.hpp"

namespace cms::serve {

// The real engine, store and gate behind the proxy, and what the tap was given.
class ProxyFixture {
 public:
  ProxyFixture(std::string_view name, std::uint16_t upstream, ProxyOptions options = {}, GateOptions gating = {},
               rocksdb::Env* environment = nullptr)
      : world(name, {}, {}, {}, environment),
        gate(world.engine(), world.overrides(), [this] { return world.policy; }, [this] { return world.now.load(); },
             gating) {
    options.listen = "127.0.0.1:0";
    options.upstream = fmt::format("http://127.0.0.1:{}", upstream) + options.upstream;
    options.tenant = "acme";
    ProxyParts parts;
    parts.gate = &gate;
    parts.store = &world.store();
    parts.read = [this](std::string account, std::string body) {
      const std::lock_guard lock(mutex_);
      read_.emplace_back(std::move(account), std::move(body));
    };
    proxy.emplace(Proxy::start(options, std::move(parts)).value());
  }

  Answer ask(std::string_view text) {
    Client client(proxy->port());
    client.send(text);
    return client.read_answer();
  }
  std::vector<std::pair<std::string, std::string>> read() {
    const std::lock_guard lock(mutex_);
    return read_;
  }
  // Counters are written after the client has its last byte.
  bool comes(const std::function<bool(const ProxyCounters&)>& wanted) {
    for (int i = 0; i < 1000; ++i) {
      if (wanted(proxy->counters())) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<std::string, std::string>> read_;

 public:
  ServeWorld world;
  Gate gate;
  std::optional<Proxy> proxy;
};

inline std::string chunked(std::string_view body, std::size_t piece) {
  std::string text;
  while (!body.empty()) {
    const auto part = body.substr(0, piece);
    text += fmt::format("{:x}\r\n{}\r\n", part.size(), part);
    body.remove_prefix(part.size());
  }
  return text + "0\r\n\r\n";
}

inline std::string unchunked(Client& client) {
  std::string body;
  for (;;) {
    const auto line = client.read_until("\r\n");
    if (line.size() < 3) return body;
    const auto bytes = std::stoul(line, nullptr, 16);
    body += client.read_bytes(bytes + 2).substr(0, bytes);
    if (bytes == 0) return body;
  }
}

// Answers each request with the body it came with.
inline void echo(Peer& peer) {
  for (;;) {
    const auto head = peer.read_head();
    if (head.empty()) return;
    const auto body = peer.read_body(head);
    peer.send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
  }
}

}  // namespace cms::serve
