// The daemon of the proofs: as `cms serve`, over a file system that loses what was not synced.
//   cms_service_daemon CONFIG sync|no-sync
// `no-sync` is the store that does not sync: the harness has to find it out.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <string_view>

#include "serve/daemon.hpp"
#include "tests/service/lossy_env.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const auto environment = cms::service::lossy_env();
  auto config = cms::serve::read_config(argv[1]);
  if (!config) {
    fmt::print(stderr, "{}\n", config.error().message);
    return 3;
  }
  config->store.environment = environment.get();
  config->store.sync = std::string_view(argv[2]) == "sync";
  const auto now = [] {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  };
  auto daemon = cms::serve::Daemon::start(*config, argv[1], now);
  if (!daemon) {
    fmt::print(stderr, "{}\n", daemon.error().message);
    return 1;
  }
  fmt::print(stderr, "ready\n");
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}
