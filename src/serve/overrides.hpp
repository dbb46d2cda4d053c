// What analysts have overridden, in memory: decisions look here and wait for no disk.
//
// After a start it knows of nobody; fill() reads every account's from the store, slowly. Until it has, whoever is not
// known here is looked for in the store, and one that cannot be read counts as none and is told of. So it stays for the
// tenants of which fill() could not read all.
// Invariants
//  1. What is here is what the store has: both change together, one change at a time, and an erased account's goes with
//     it. Where the store does not say what it has after an error, what was here stays.
//  2. Memory grows with the overrides that people have made, not with accounts. One that has ended stays, says nothing
//     (policy::decide() knows the time) and goes when it is taken away or its account is erased.
// Threads: every function from any thread. Cost: of() a shared lock and a search in a tree, nothing of it where nobody
// is overridden; fill() a list of all accounts and a read for each, with pauses as long.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <span>
#include <stop_token>
#include <string>

#include "policy/override.hpp"
#include "serve/patient_list.hpp"
#include "store/store.hpp"

namespace cms::serve {

class Overrides {
 public:
  // Told whose override cannot be read, and why, once of each; without an account, what of a tenant's accounts cannot.
  // From whoever reads.
  using Tell = std::function<void(const store::AccountName&, const std::string&)>;

  // The store outlives it.
  explicit Overrides(store::Store& store, Tell tell = {}) : store_(store), tell_(std::move(tell)) {}

  [[nodiscard]] std::optional<policy::Override> of(const store::AccountName& name) const;

  // Writes the document of an override; an empty one takes it away. False when there is no such account. Errors: those
  // of Store::put_document(), `bad_input` when it is none.
  Result<bool> put(const store::AccountName& name, const std::string& document);

  // An account was erased, or could not be and may be gone.
  void forget(const store::AccountName& name, bool erased);

  // Reads every account of these tenants that had one before the start; to be called once. Where the disk says no it
  // asks as often as `tries`, a second apart, and goes on with the next tenant then. Ends early when told to stop.
  void fill(std::span<const std::string> tenants, const std::stop_token& stop, int tries = kListTries);

  // Times that something was told as not readable.
  [[nodiscard]] std::uint64_t unread() const { return unread_; }

 private:
  static constexpr std::size_t kToldMax = 1000;
  using Found = std::optional<policy::Override>;
  void tell(const store::AccountName& name, const std::string& why) const;
  void read_page(const std::string& tenant, const Result<store::Store::Page>& page);
  Result<Found> read(const store::AccountName& name) const;
  Result<void> read_again(const store::AccountName& name);
  void set(const store::AccountName& name, Found value);

  store::Store& store_;
  Tell tell_;
  mutable std::atomic<std::uint64_t> unread_{0};
  mutable std::mutex telling_;  // of told_
  mutable std::set<std::pair<std::string, std::string>> told_;  // by tenant and name
  std::mutex changing_;               // what the store has and what is here change together
  mutable std::shared_mutex mutex_;   // of what follows
  std::map<std::pair<std::string, std::string>, policy::Override> by_account_;  // by tenant and name
  std::atomic<std::size_t> count_{0};
  std::set<std::string> in_part_;  // tenants of which not all was read; changes no more once `filled_`
  std::atomic<bool> filled_{false};
};

}  // namespace cms::serve
