// Webhooks: events sent to other people's servers over HTTP and HTTPS, signed as Standard Webhooks says.
//
// Invariants
//  1. send() never waits: events go through a bounded queue for each target, and one thread carries all targets, each
//     with one connection at a time. A slow target delays no other.
//  2. A target's events arrive in order, each at least once; webhook-id tells a second delivery.
//  3. Any answer but 2xx, and none within timeout_s, is tried again with growing pauses until the event has waited for
//     give_up_s; then it is given up and counted. Each event is tried at least once, so a target that comes back gets
//     the next one. 410 Gone ends a target until the daemon starts again.
//  4. Certificates are checked against name and authorities, always. Redirects are not followed. A secret, a path or a
//     query is in no message and no counter.
// Threads: every function from any thread. Cost: send makes the body, about 10 us a target that wants the event; a
// delivery is a connection of its own. Docs: docs/webhooks.md. Library: Boost.Beast.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "serve/event.hpp"

namespace cms::serve {

struct WebhookTarget {
  std::string url;                   // http:// or https://
  std::string secret;                // "whsec_..."; several, parted by blanks, sign together
  std::string tenant;                // whose events, beside those of the whole daemon; empty = all tenants'
  std::vector<std::string> actions;  // changes into and out of these are sent; empty = every change
  std::filesystem::path authorities{};  // PEM that an https:// one is verified with; empty = those of the machine
};

struct WebhookOptions {
  std::size_t queue_events = 1024;  // of each target; >= 1
  double timeout_s = 10;            // of one attempt, from connecting to answer (names: as the machine does); > 0
  double retry_first_s = 1;         // pause after the first failure; doubles with each, > 0
  double retry_max_s = 300;         // and goes no further
  double give_up_s = 3600;          // an event that has waited for so long is not tried again
  double drain_s = 2;               // at the end: for events that were never tried
  std::uint64_t seed = 0;           // of the pauses' jitter
};

struct WebhookCounters {
  std::string target;           // scheme, host and port
  std::uint64_t delivered = 0;  // events
  std::uint64_t given_up = 0;   // events
  std::uint64_t dropped = 0;    // events: the queue was full, or the target has ended
  std::uint64_t attempts = 0;
  std::uint64_t failures = 0;   // attempts
  std::uint64_t queued = 0;     // events, now
  bool failing = false;         // since the last attempt
  bool ended = false;           // by 410 Gone
};

// Pause in seconds after `failures` failures in a row (from 1): first x 2^(failures - 1), at most max, times a number
// in [.5, 1) for `uniform` in [0, 1).
double webhook_pause(const WebhookOptions& options, std::uint32_t failures, double uniform);

class Webhooks {
 public:
  using Clock = std::function<double()>;  // seconds since 1970, for webhook-timestamp
  // Told in words, from the webhooks' thread, when a target begins to fail, recovers, ends, or an event is given up.
  using Report = std::function<void(const std::string&)>;

  // Errors: `bad_input` for a URL, secret, action or file of authorities that is none, naming the target by its number.
  static Result<Webhooks> start(const std::vector<WebhookTarget>& targets, const WebhookOptions& options, Clock clock,
                                Report report = {});
  Webhooks(Webhooks&&) noexcept;
  Webhooks& operator=(Webhooks&&) noexcept;
  // Gives events that were never tried drain_s; what is left then is dropped and counted.
  ~Webhooks();

  // Queues the event for each target that wants it.
  void send(const Event& event);

  // In the order of the targets.
  [[nodiscard]] std::vector<WebhookCounters> counters() const;

 private:
  struct State;
  explicit Webhooks(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cms::serve
