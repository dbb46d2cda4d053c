// What the dashboard shows of a whole tenant: traffic by the minute, accounts by PoH and by action, who fell lately.
//
// Fed with every durable change by the engine's committer. What it knows of an account is its PoH at its last request;
// actions are what the policy in force says of that and of the campaign it is a member of, shadow left aside,
// allowances and jitter counted, analysts' overrides not: they lie on disk. Nobody *falls* by a campaign: that is told
// by the campaign. After a start it knows nobody: remember_all() reads the accounts of before, slowly.
//
// Invariants
//  1. The bins of a tenant's accounts sum to those that have a score; the actions to all of them.
//  2. Under another policy every account is judged anew before anything is said.
//  3. Memory is bounded: kAccountsMax accounts (some 100 bytes each and their names), beyond them new ones are left out
//     and `capped` says so; kMinutes, kFells.
// Threads: every function from any thread; one mutex. Cost: docs/performance.md. lowest() and a change of policy walk
// over all accounts of a tenant with the mutex, 7 ms for 100,000.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/backtest.hpp"
#include "pipeline/engine.hpp"
#include "policy/policy.hpp"
#include "serve/campaigns.hpp"
#include "store/store.hpp"

namespace cms::serve {

// Bins of PoH: bin i holds (kPohEdges[i], kPohEdges[i + 1]], the first its lower edge too.
inline constexpr std::array<double, 16> kPohEdges{0,  .001, .003, .01, .03, .05, .1, .2,
                                                  .3, .4,   .5,   .6,  .7,  .8,  .9, 1};
inline constexpr std::size_t kPohBins = kPohEdges.size() - 1;

class Overview {
 public:
  static constexpr std::size_t kAccountsMax = std::size_t{1} << 20;  // of all tenants
  static constexpr std::size_t kMinutes = 120;
  static constexpr std::size_t kFells = 100;
  static constexpr double kRelease = 1.5;  // an account has recovered once PoH / kRelease deserves a milder action too

  using Policies = std::function<std::shared_ptr<const policy::Policy>()>;

  // `policy` gives the one in force; `now` is when counting begins, seconds since 1970. The campaigns, where there are
  // some, outlive it.
  Overview(std::span<const std::string> tenants, Policies policy, double now, std::size_t accounts_max = kAccountsMax,
           const Campaigns* campaigns = nullptr);
  ~Overview();
  Overview(const Overview&) = delete;
  Overview& operator=(const Overview&) = delete;

  // Takes in durable changes at `now`. Those of tenants that are not there are passed over.
  void take(std::span<const pipeline::Change> changes, double now);

  // Takes in an account that has sent nothing since the start, as it stood at its last request; one that is known is
  // passed over. False when accounts were erased since `erasures` was read, it may be one of them: look again.
  bool remember(const store::AccountName& name, const Score& score, double now, std::uint64_t erasures);
  [[nodiscard]] bool knows(const store::AccountName& name) const;
  // Erasures so far: read before an account is, given to remember() after.
  [[nodiscard]] std::uint64_t erasures() const;
  // Everything that the store had at the start has been taken in.
  void set_filled();

  // These accounts have become members of a campaign, or are none any more: their actions are judged anew.
  void judge_anew(const std::string& tenant, std::span<const std::string> accounts, double now);

  // An account was erased: it is in no count and no list.
  void forget(const store::AccountName& name);

  struct Minute {
    double time = 0;  // seconds since 1970, of its begin
    std::uint64_t requests = 0;
    std::array<std::uint32_t, kPohBins> poh{};  // requests by the score after each; those without a score in none
  };
  struct Fell {
    std::string account;
    double time = 0;  // of the request
    double poh = 1;
    Action action = Action::allow;
  };
  struct View {
    double since = 0;  // seconds since 1970: what came before is in no minute
    bool filled = false;
    bool capped = false;
    bool shadow = false;
    std::uint64_t accounts = 0;
    std::uint64_t computed = 0;  // of them with a score
    pipeline::ByAction actions{};
    std::array<std::uint64_t, kPohBins> poh{};
    std::vector<Minute> minutes;  // oldest first, without gaps; the last is under way
    std::vector<Fell> fell;       // newest first
  };
  // Of a tenant that is there.
  [[nodiscard]] View view(std::string_view tenant, double now);

  // Accounts with a score whose PoH is `poh` at most, lowest first (of equals by name), `most` of them, and how many
  // there are.
  struct Low {
    std::string account;
    double poh = 1;
  };
  struct Lowest {
    std::vector<Low> accounts;
    std::uint64_t total = 0;
  };
  [[nodiscard]] Lowest lowest(std::string_view tenant, double poh, std::size_t most) const;

  // Requests made durable over the minute before `now`, of all tenants, a second.
  [[nodiscard]] double scored_per_s(double now) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Takes in all accounts of these tenants that the store has, resting as long as each took to read, until it is told to
// stop; then the overview is not `filled`. What cannot be read is passed over: who looks at it hears of it. A list that
// the disk does not give is asked for thirty times, a second apart; the tenant's rest is passed over then, and `warn`
// is told. `clock` gives seconds since 1970. What is read is shown to `campaigns` too, where there are some.
void remember_all(Overview& overview, Campaigns* campaigns, const store::Store& store, const pipeline::Model& model,
                  pipeline::Engine& engine, std::span<const std::string> tenants,
                  const std::function<double()>& clock, const std::function<void(const std::string&)>& warn,
                  const std::stop_token& stop);

}  // namespace cms::serve
