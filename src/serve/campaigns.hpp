// Campaigns as the daemon keeps them: accounts of each tenant seen together, all the time, beside everything else.
//
// Fed with the names that durable changes carry; every few seconds one thread takes the signatures of those that have
// changed from the engine, brings each tenant's fleet up to date (tenant_fleet.hpp) and publishes what it has found:
// an immutable table, exchanged as a whole, that look-ups read without waiting. Tenants never see one another.
//
// Invariants
//  1. Nothing that others wait for is held by a thread of idle priority: the computing is done by a thread of that
//     priority, which holds no lock; what is shared is touched by an ordinary one alone.
//  2. A campaign that is flagged is still flagged, under its name, after any restart: each tenant's are a document of
//     the store, written before a beginning or end is told, when a member is erased, and once a minute while members
//     come and go. Its members count from the first look-up on. Where the disk does not give the document there is no
//     start. A damaged one is begun anew. One of the first version, of which not all members could be found, stays as
//     it is until the next start, and what is found until then is told and not kept (docs/formats/fleet.md).
//  3. Memory is bounded: accounts_max accounts of each tenant with kRequestsMin requests or more, 2.6 KB each; of more
//     a part is seen, and `capped` says so; kRememberedMax accounts that were read at the start and wait for an update,
//     of more the names alone; kWaitingMax names of changed accounts, and of each tenant as many that the disk does not
//     give (missing_accounts.hpp); beyond them the fleet waits for an account's next request.
//  4. An erased account is in no table once forget() has returned (of more than 64 within one update, once that has),
//     and not in the fleet after the next update, which follows at once.
//  5. Declared automation is no part of it: whom the policy lets off by name is left out from the next update on, until
//     its first request after the allowance has ended.
//  6. Nobody is judged before everything that the store had at the start, and all that waited then, has been taken in,
//     or asked of the disk in vain for half a minute.
// Threads: every function from any thread, but for keep(), which has its own. Cost: take() a hash and an insertion for
// each change; member() a hash, and nothing where there is no campaign; forget() of a member a copy of its tenant's
// table. docs/fleet.md has what an update takes.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/engine.hpp"
#include "policy/policy.hpp"
#include "serve/tenant_fleet.hpp"
#include "store/store.hpp"

namespace cms::serve {

struct CampaignCounters {
  std::uint64_t flagged = 0, members = 0;  // campaigns, accounts in them, of all tenants
  std::uint64_t accounts = 0;              // in the fleets
  std::uint64_t bytes = 0;                 // that they take
  std::uint64_t waiting = 0;               // changed accounts that no update has taken in
  std::uint64_t updates = 0, failures = 0;
  std::uint64_t left_out = 0;              // times that an account or a name found no room
  std::uint64_t capped = 0;                // tenants with as many accounts as are seen together, or more
  double update_s = 0;                     // that the last update took
  bool filled = false;
};

class Campaigns {
 public:
  static constexpr std::size_t kWaitingMax = std::size_t{1} << 20;  // names, of all tenants
  static constexpr std::size_t kReadsMax = 4096;                    // accounts whose signatures one update reads
  static constexpr std::size_t kRememberedMax = 16'384;             // of all tenants, 1 KB each

  struct Hooks {
    std::function<void(const std::string& tenant, const CampaignEvent&)> tell;
    std::function<void(const std::string&)> warn;  // in words, for the daemon's log
    // Accounts that have become members of a flagged campaign, are none any more, or whose campaign stands otherwise.
    std::function<void(const std::string& tenant, std::span<const std::string> accounts)> moved;
    // Declared automation of a tenant, now: accounts that the fleet leaves out. None where there is no function.
    std::function<std::set<std::string>(const std::string& tenant)> declared = {};
  };

  // Recalls what the store has of each tenant, and whom it speaks of: members of its campaigns are members when it
  // returns. The store outlives it. `clock` in seconds since 1970. Errors: `failed` when the disk does not give a
  // tenant's document. Cost: a read for each of these members, of documents of the first version a list of all
  // accounts.
  static Result<std::unique_ptr<Campaigns>> recall(const FleetOptions& options, fleet::CampaignCalibration calibration,
                                                   store::Store& store, std::span<const std::string> tenants,
                                                   std::function<double()> clock, Hooks hooks);
  ~Campaigns();
  Campaigns(const Campaigns&) = delete;
  Campaigns& operator=(const Campaigns&) = delete;

  // Takes in the names of durable changes.
  void take(std::span<const pipeline::Change> changes);

  // Takes in an account of before the start as it lies in the store. False when accounts were erased since `erasures`
  // was read, it may be one of them: look again.
  bool remember(const store::AccountName& name, const pipeline::Engine::Trace& trace, std::uint64_t erasures);
  [[nodiscard]] std::uint64_t erasures() const { return erasures_.load(); }
  // Everything that the store had at the start has been taken in: from now on communities are judged.
  void set_filled();

  // An account of before the start could not be read: an update reads it again.
  void again(const store::AccountName& name);

  // An account was erased.
  void forget(const store::AccountName& name);

  // Follows the accounts until it is told to stop. An update under way is given up at the next of its stages
  // (docs/fleet.md, Cost).
  void keep(pipeline::Engine& engine, const std::stop_token& stop);
  // Writes what there is, without those erased since the last update: when keep() has ended and nobody erases any more.
  void finish();
  // One update, for who has no thread for keep().
  void update(pipeline::Engine& engine);

  // The flagged campaign that an account is a member of; null when it is in none. Waits for nothing.
  [[nodiscard]] std::shared_ptr<const CampaignPicture> member(const store::AccountName& name) const;
  // What the policy has to know of that.
  [[nodiscard]] static policy::Membership membership(const CampaignPicture& campaign) { return {campaign.held_poh}; }

  // Of a tenant that is there.
  [[nodiscard]] std::shared_ptr<const FleetPicture> picture(std::string_view tenant) const;
  [[nodiscard]] const FleetOptions& options() const { return options_; }
  [[nodiscard]] double poh_min() const { return poh_min_; }
  [[nodiscard]] CampaignCounters counters() const;

 private:
  Campaigns(const FleetOptions& options, fleet::CampaignCalibration calibration, store::Store& store,
            std::function<double()> clock, Hooks hooks);

  struct State;
  using Table = std::map<std::string, std::shared_ptr<const FleetPicture>, std::less<>>;

  FleetOptions options_;
  double poh_min_ = 1;
  std::atomic<std::uint64_t> erasures_{0};
  // Shared, since who reads must not lose it under way; empty while no tenant has a campaign.
  std::atomic<std::shared_ptr<const Table>> table_, flagged_;
  std::unique_ptr<State> state_;
};

}  // namespace cms::serve
