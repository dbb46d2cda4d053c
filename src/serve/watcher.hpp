// What the daemon tells the world of durable changes: event log, webhooks, event stream.
//
// The engine's committer calls take(): nothing here waits for a disk or a network, and a change that nobody has to
// hear of costs a comparison while no account is announced, else a keyed hash of its name.
// The campaigns, where there are some, outlive it.
// Threads: take() and durable() from the committer alone; the rest from any.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/engine.hpp"
#include "policy/policy.hpp"
#include "serve/campaigns.hpp"
#include "serve/config.hpp"
#include "serve/event_log.hpp"
#include "serve/event_ring.hpp"
#include "serve/log.hpp"
#include "serve/overrides.hpp"
#include "serve/webhook.hpp"

namespace cms::serve {

// The secret of a webhook, of its file or variable, without the newline that files end with. Errors: `bad_input` for a
// variable that is not set, and those of read_text_file().
Result<std::string> secret_of(const WebhookConfig& target);

class Watcher {
 public:
  // Opens the event log where there is to be one, and goes on from what it says. Errors: those of the log and of the
  // webhooks' secrets.
  static Result<Watcher> start(const Config& config, const store::Store& store, const Overrides& overrides,
                               std::string atlas, EventRing& ring, Log& log,
                               std::function<std::shared_ptr<const policy::Policy>()> policy,
                               std::function<double()> clock, const Campaigns* campaigns = nullptr);
  Watcher(Watcher&&) noexcept;
  Watcher& operator=(Watcher&&) noexcept;
  ~Watcher();

  void take(std::span<const pipeline::Change> changes);

  // Commits fail from now on, or succeed again. From the committer.
  void durable(bool now);
  // Nothing of an account is remembered. Where it was erased, and not only in part, that is told. From any thread.
  void forget(const store::AccountName& name, bool erased);
  // Tells in words of what is no change of an account's action. Without an account the event is of the tenant, with an
  // empty name of the whole daemon. From any thread.
  void tell(EventKind kind, const store::AccountName& name, const std::string& why);
  // So many requests of a tenant were shed: told at once, then once a minute at most. From the committer. What is left
  // then is told by tell_shed(), to be called now and then, and at the end. From any thread.
  void shed(const std::string& tenant, std::uint64_t requests);
  void tell_shed();

  // A campaign has begun, grown or ended. From any thread.
  void campaign(const std::string& tenant, const CampaignEvent& event);

  // What event log and webhooks have counted; nothing where there are none.
  [[nodiscard]] std::optional<EventLogCounters> event_log() const;
  [[nodiscard]] std::vector<WebhookCounters> webhooks() const;

 private:
  struct State;
  explicit Watcher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cms::serve
