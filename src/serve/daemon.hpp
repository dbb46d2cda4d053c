// The daemon: everything that serves, put together from a configuration, and taken apart in order.
//
// What fails at the start is said at once and nothing is left behind. Later, decisions fail open (what was known,
// marked stale), the store fails closed (nothing is acknowledged), authority fails closed. docs/operate.md is its page.
// Threads: all functions from one. Cost: the parts'.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "base/result.hpp"
#include "serve/config.hpp"
#include "serve/log.hpp"

namespace cms::serve {

class Daemon {
 public:
  using Clock = std::function<double()>;  // seconds since 1970

  // Loads the atlas, opens the store, starts everything that the configuration names. `file` is where the
  // configuration was read from, for reload(). Errors: those of the parts.
  static Result<Daemon> start(const Config& config, const std::filesystem::path& file, Clock clock);
  Daemon(Daemon&&) noexcept;
  ~Daemon();

  // Reads policy, tokens and certificates again, after an entry into the audit log; each stays what it was where it
  // cannot be read, and all where the entry cannot be written. Errors: of the first that could not.
  Result<void> reload();

  // Takes nothing new, lets what is under way be answered for so long, commits and answers everything admitted.
  void drain(double seconds);

  // The daemon's own log.
  Log& log();

  // 0 where it is off.
  [[nodiscard]] std::uint16_t http_port() const;
  [[nodiscard]] std::uint16_t grpc_port() const;
  [[nodiscard]] std::uint16_t proxy_port() const;

 private:
  struct State;
  explicit Daemon(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cms::serve
