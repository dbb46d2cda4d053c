// cms serve: the daemon, until it is told to stop.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <memory>

#include "command.hpp"
#include "serve/daemon.hpp"
#include "serve/library_log.hpp"
#include "serve/swap.hpp"

namespace {

using cms::Result;

constexpr double kDrain_s = 20;
// Heaps of the allocator. It would make up to eight for each core, and each keeps what was most in it at any time:
// under a flood those of dozens of threads come to more than the limits of memory allow for.
constexpr int kHeaps = 2;

struct Words {
  std::string config;
};

double now_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// For threads that were there before main(): OpenBLAS starts its own when it is loaded, and they block nothing. One
// that gets a signal blocks it from then on, and gives it back to the process.
void pass_on(int signal, siginfo_t*, void* context) {
  sigaddset(&static_cast<ucontext_t*>(context)->uc_sigmask, signal);
  kill(getpid(), signal);
}

// SIGTERM and SIGINT end, SIGHUP reads again. Blocked before we start any thread, so that only this one gets them.
sigset_t block_signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, signal);
  pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  struct sigaction passing {};
  passing.sa_sigaction = pass_on;
  passing.sa_flags = SA_SIGINFO | SA_RESTART;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaction(signal, &passing, nullptr);
  // A peer that is gone, and a file beyond the limit of its size, are errors of the call that meets them.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  return wanted;
}

// Activations, prompts and keys are in memory: no core dump writes them to a disk, and no debugger of the same user
// reads them. Only where the unit does not say so already does it change anything.
Result<void> keep_memory_private() {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0) return {};
  return cms::fail(cms::ErrorCode::failed, "core dumps cannot be turned off");
}

// As many files and connections as the machine lets us have; gives how many. A shell gives 1,024, of which HTTP may
// take all, and then the store cannot begin a file.
std::uint64_t raise_open_files() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  getrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_cur;
}

// The store's tables and log, gRPC's connections and the rest.
constexpr std::uint64_t kOtherFiles = 2048;

std::uint64_t files_needed(const cms::serve::Config& config) {
  const bool proxy = !config.proxy.upstream.empty();
  return kOtherFiles + config.connections_max + (proxy ? 2 * std::uint64_t{config.proxy.connections_max} : 0);
}

Result<void> run(const Words& words) {
  CMS_CHECK(keep_memory_private());
  mallopt(M_ARENA_MAX, kHeaps);
  const auto files = raise_open_files();
  const auto signals = block_signals();
  CMS_TRY(config, cms::serve::read_config(words.config));
  CMS_TRY(daemon, cms::serve::Daemon::start(config, words.config, now_s));
  const cms::serve::LibraryLog libraries(daemon.log());
  const auto say = [&](cms::serve::Level level, const char* kind, const std::string& text) {
    daemon.log().write(level, cms::serve::Scope::serve, kind, text);
  };
  using cms::serve::Level;
  const auto grpc = daemon.grpc_port() == 0 ? "" : fmt::format(", gRPC on port {}", daemon.grpc_port());
  const auto proxy = daemon.proxy_port() == 0 ? "" : fmt::format(", proxy on port {}", daemon.proxy_port());
  if (cms::serve::may_swap()) {
    say(Level::warning, "swap",
        "memory may be swapped out in the clear, prompts and keys with it: turn swap off, or set MemorySwapMax=0 as "
        "the unit does");
  }
  if (files < files_needed(config)) {
    say(Level::warning, "open_files",
        fmt::format("{} files and connections may be open at once, and {} may be needed: raise the limit (LimitNOFILE, "
                    "ulimit -Hn), or lower connections", files, files_needed(config)));
  }
  say(Level::info, "ready", fmt::format("HTTP on port {}{}{}", daemon.http_port(), grpc, proxy));
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal != SIGHUP) break;
    const auto reloaded = daemon.reload();
    if (reloaded) say(Level::info, "reloaded", "policy, tokens and certificates read again");
    if (!reloaded) say(Level::error, "reload_failed", "what is wrong stays as it was: " + reloaded.error().message);
  }
  say(Level::info, "stopping", "stopping: what was taken is answered first");
  daemon.drain(kDrain_s);
  return {};
}

}  // namespace

void add_serve(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto* command = app.add_subcommand("serve", "The daemon: activations in, decisions out");
  command->add_option("--config", words->config, "Configuration; `cms config default` prints one")->required();
  command->callback([words, &chosen] { chosen = [words] { return run(*words); }; });
}
