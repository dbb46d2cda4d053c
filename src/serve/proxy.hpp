// Proxy mode: an OpenAI-compatible reverse proxy before any inference server, with the gate in front of it.
//
// A request goes through as it comes: its head is looked at, everything else is passed on in pieces while it arrives,
// and so is the answer. Whose it is says its API key (caller.hpp); whether it may pass says the gate; what it asks is
// read afterwards, from a copy, by the daemon's own tap (prompt_reader.hpp), and only where the server has answered
// 2xx, so that who is unknown there leaves no trace here.
// Invariants
//  1. Bodies and answers reach the other side byte for byte, in order, each piece as soon as it is there.
//  2. Nothing that CMS knows reaches the client: X-CMS- headers are taken out in both directions, and a 429 looks like
//     any server's.
//  3. Whatever fails in CMS, requests pass: decisions fail open, unless the gate is told otherwise (GateOptions), and a
//     full queue of the tap only leaves prompts unread.
//  4. Memory: some 180 KiB a connection at most, and 64 MiB for all copies that the tap is to read together; what does
//     not fit passes, and is not read.
// Threads: all functions from any thread. Cost: docs/proxy.md.
// Reference: RFC 9110, 7.6 (message forwarding); RFC 9112.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "serve/gate.hpp"
#include "serve/listener.hpp"
#include "serve/url.hpp"

namespace cms::serve {

struct ProxyOptions {
  std::string listen = "127.0.0.1:8422";
  TlsFiles tls{};                               // of the proxy itself
  std::string upstream{};                       // http(s)://HOST[:PORT][/PATH] of the inference server; empty = off
  std::filesystem::path upstream_ca{};          // PEM that an https upstream is verified with; empty = the machine's
  std::string tenant{};                         // whose accounts come through here
  std::string account_header{};                 // names the account, set by who stands in front; empty = API keys
  std::string key_header{};                     // holds the API key; empty = Authorization, else x-api-key, api-key
  std::uint32_t threads = 2;
  std::uint32_t connections_max = 1024;
  std::uint64_t prompt_bytes_max = 1ULL << 20;  // bodies larger than this pass, and are not read
  double upstream_s = 600;                      // between two pieces of an answer, and until its first
};

struct ProxyParts {
  Gate* gate = nullptr;
  const store::Store* store = nullptr;
  // Whose request, and its whole body; empty = requests are not read.
  std::function<void(std::string account, std::string body)> read;
  // Told of what went wrong with the server behind, in words; may be empty.
  std::function<void(const std::string& why)> upstream_failed;
};

struct ProxyCounters {
  std::uint64_t connections = 0, accepted = 0, turned_away = 0;
  std::uint64_t requests = 0;           // whose head was read
  std::uint64_t answered = 0;           // that had the server's whole answer
  std::uint64_t limited = 0;            // that the gate held back
  std::uint64_t malformed = 0;          // that are no HTTP/1.1
  std::uint64_t upstream_failures = 0;  // no connection, no answer in time, or one that broke off
  std::uint64_t hung_up = 0;            // whose client went before the answer's end
  std::uint64_t oversized = 0;          // whose body was too large to be read
};

class Proxy {
 public:
  // Binds, and starts the threads. What `parts` refers to outlives the proxy. Errors: those of Listener::start();
  // `bad_input` for an upstream that is no address, or authorities that cannot be read.
  static Result<Proxy> start(const ProxyOptions& options, ProxyParts parts);
  Proxy(Proxy&&) noexcept;
  ~Proxy();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] ProxyCounters counters() const;
  // As Listener's.
  Result<void> reload_certificates();
  void drain(double seconds);

 private:
  struct State;
  explicit Proxy(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cms::serve
