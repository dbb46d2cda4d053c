// The live fleet: links and communities of all accounts, kept while accounts change.
//
// An account's neighbours change when it moves, when one of them moves away and when somebody moves near. So each holds
// a few more than it is linked to, with everybody within a bound of its own; whoever moves is measured against the
// bounds of those it may have come near, and an account looks around anew only when too few are left within its bound.
// Links are those that fleet::find_links would make of the same signatures and PoHs, where all cells are looked
// through; with fewer probes both miss some neighbours. Communities: a component of few accounts is clustered anew
// whenever a link of it changes, as find_communities() would; in greater ones accounts that have changed, or whose
// links have by a tenth, move to the community of greatest gain, which stirs those they are linked to in turn (dynamic
// frontier). Such moves never lower modularity at fixed links; communities split or merge as wholes in rebuild() alone.
//
// Invariants: strengths and totals are whole numbers, so nothing drifts; equal calls in equal order leave equal states,
// for any number of threads. What takes long asks `stop` now and then; after a call that failed or was stopped half-way
// only accounts() is of use: make another.
// Threads: one owner; OpenMP inside. Cost: docs/fleet.md.
// References: Blondel et al., Fast unfolding of communities, 2008 (moves); Sahu, Kothapalli, Banerjee, Fast Leiden
// algorithm for community detection in shared memory setting, and DF Leiden, 2024 (dynamic frontier).
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "fleet/cells.hpp"
#include "fleet/communities.hpp"
#include "fleet/links.hpp"
#include "fleet/signature.hpp"

namespace cms::fleet {

struct LiveOptions {
  LinkOptions links;
  CommunityOptions communities;
  std::uint32_t cells = 0;                // of the inverted file; 0 = as CellOptions has it
  std::uint32_t component_max = 4'096;    // accounts of a component that is clustered anew
  double stirred = .1;                    // share of its links' weight after which an account is looked at again
};

// What an update did, in accounts.
struct LiveUpdate {
  std::uint32_t changed = 0;      // whose signature or PoH is another
  std::uint32_t looked_anew = 0;  // that had too few neighbours left
  std::uint32_t visited = 0;      // looked at for a move
  std::uint32_t moved = 0;        // to another community, one by one
  std::uint32_t clustered = 0;    // in components clustered anew
};

// From now on what this thread asks of any fleet is done by so many threads, itself among them; by one for who works
// beside others. Requires one.
void use_threads(unsigned threads);

class LiveFleet {
 public:
  // Links all accounts; each is alone until rebuild(). Errors: `bad_input` when there is none or links by style are
  // asked for, `failed` when it is told to stop; the accounts are then where they were.
  static Result<LiveFleet> make(std::vector<Signature>&& accounts, Pohs pohs, const BreadthNorm& norm,
                                const LiveOptions& options, const Stop& stop = {});
  static Result<LiveFleet> make(const std::vector<Signature>& accounts, Pohs pohs, const BreadthNorm& norm,
                                const LiveOptions& options) {
    return make(std::vector(accounts), pohs, norm, options);
  }

  // Communities from scratch, of all links. Errors: as find_communities.
  Result<void> rebuild(const Stop& stop = {});

  // Gives accounts new signatures and PoHs; a number beyond the last adds an account, without gaps. Those that already
  // have theirs cost nothing. Of an account named twice the last counts. Errors: `bad_input` when the spans
  // differ in length or a number leaves a gap: then nothing has changed; `failed` when it is told to stop; as
  // find_communities.
  Result<LiveUpdate> update(std::span<const std::uint32_t> accounts, std::span<const Signature> signatures, Pohs pohs,
                            const Stop& stop = {});

  [[nodiscard]] std::span<const Signature> accounts() const { return accounts_; }
  // As find_links(). Cost: linear in accounts.
  [[nodiscard]] std::vector<Link> links() const;
  // Those of links() of which both ends are among `accounts`, ascending. Cost: some hundred comparisons for each.
  [[nodiscard]] std::vector<Link> links_among(std::span<const std::uint32_t> accounts) const;
  // As find_communities(). Cost: linear in accounts.
  [[nodiscard]] std::vector<Members> communities() const;
  [[nodiscard]] std::uint32_t community_of(std::uint32_t account) const { return community_[account]; }
  [[nodiscard]] std::size_t bytes() const;  // held beside the signatures, reserve included

 private:
  struct Change;
  using Weight = std::uint32_t;  // in units of kWeightUnit
  struct Held {
    Near near;
    Weight weight = 0;  // of the link; 0 where there is none, and maybe where only the other end is linked to this one
  };
  struct Tie {
    std::uint32_t account = 0;
    Weight weight = 0;
  };
  LiveFleet(std::vector<Signature> accounts, Pohs pohs, const BreadthNorm& norm, const LiveOptions& options);

  [[nodiscard]] std::size_t held_wanted() const;  // after a look; between looks as few as are linked, and
  [[nodiscard]] std::size_t held_max() const;     // at most this
  [[nodiscard]] Place place_of(std::uint32_t account) const;
  [[nodiscard]] std::span<const Held> linked(std::uint32_t account) const;  // its nearest, so many as are linked
  [[nodiscard]] std::vector<Tie> ties_of(std::uint32_t account) const;      // ascending
  [[nodiscard]] Weight weigh(std::uint32_t a, std::uint32_t b) const;
  void set_weight(std::uint32_t account, std::uint32_t other, Weight weight);
  void put(std::uint32_t account, const Near& near);
  void release(std::uint32_t account);
  void hold(std::uint32_t account, std::vector<Near> nearest);
  void trim(std::uint32_t account);
  void touch(std::uint32_t account, Change& change);
  Result<Change> begin(std::span<const std::uint32_t> accounts, std::span<const Signature> signatures, Pohs pohs);
  void move_places(Change& change);
  void measure_holders(Change& change);
  void look_around(Change& change, LiveUpdate& done, const Stop& stop);
  [[nodiscard]] std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs_of(const Change& change) const;
  std::vector<std::uint32_t> settle_weights(const Change& change);
  Result<std::vector<std::uint32_t>> cluster_small(std::span<const std::uint32_t> stirred, LiveUpdate& done,
                                                   const Stop& stop);
  Result<void> cluster(std::span<const std::uint32_t> members, const Stop& stop);
  void move_accounts(std::vector<std::uint32_t> waiting, LiveUpdate& done, const Stop& stop);
  [[nodiscard]] std::uint32_t best_community(std::uint32_t account, std::span<const Tie> ties) const;
  [[nodiscard]] std::int64_t counted(std::uint32_t account) const;  // its strength in the null model, in units
  [[nodiscard]] std::int64_t present(std::uint32_t account) const;  // its presence in the null model
  [[nodiscard]] double whole() const;                               // of the null model, in units
  void join(std::uint32_t account, std::uint32_t community);
  void leave(std::uint32_t account);
  std::uint32_t fresh_community();
  bool stir(std::uint32_t account, std::int64_t weight);  // whether it is to be looked at

  std::vector<Signature> accounts_;
  BreadthNorm norm_;
  LiveOptions options_;
  std::vector<double> outlyingness_;
  Cells cells_;
  std::vector<std::vector<Held>> near_;               // everybody before the bound, ascending
  std::vector<Near> bound_;
  std::vector<std::vector<Tie>> holders_;             // in whose `near_` an account is, in no order; weights as there
  std::vector<std::int64_t> strength_, stirring_;     // sum of its links; of their changes since it was looked at
  std::vector<std::uint32_t> community_, mark_;       // mark_: 1 + its place in a Change, 0 between updates
  std::vector<std::int64_t> total_of_;                // by community: what its members' strengths count
  std::vector<std::uint32_t> size_of_, free_;         // members; communities without any
  std::int64_t total_ = 0;                            // weight of all links
  std::int64_t present_ = 0;                          // presence of all accounts
};

}  // namespace cms::fleet
