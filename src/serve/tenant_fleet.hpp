// The fleet of one tenant: its accounts seen together as they change, and the campaigns among them.
//
// Plain state without threads or clocks: campaigns.hpp feeds it. What the rest of the daemon reads is an immutable
// picture of it, made anew by every update. What is measured: docs/fleet.md.
// Invariants: an account is in one place at most; a campaign's name is its own while it keeps most of its members
// (fleet/tracking.hpp); pictures hold flagged campaigns whole, of the last kReleasedMax that ended kReleasedMembers
// members at most.
// Threads: one owner; pictures are shared. Cost: docs/fleet.md; some 2.1 KB an account.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fleet/campaign.hpp"
#include "fleet/live.hpp"
#include "fleet/tracking.hpp"

namespace cms::serve {

struct FleetOptions {
  std::filesystem::path calibration;      // of `cms fleet fit`; empty = no fleet
  double level = .01;                     // Campaign PoH at which a community is flagged
  double update_s = 10;                   // between updates
  double rebuild_s = 3600;                // between looks at all links anew
  std::uint32_t accounts_max = 100'000;   // of all tenants; more are left out
  double idle_days = 7;                   // an account that rests for longer is no part of the fleet; 0 = never
};

// A campaign as it was at an update. Immutable once it is shared.
struct CampaignPicture {
  struct Member {
    std::string account;
    double time = 0;             // seconds, of its last request
    std::uint64_t requests = 0;  // without repeats
    std::uint32_t charts = 0;    // that the fleet remembers
    double breadth = 0;          // deviations above honest accounts of its age
  };
  std::string id;                // 16 hex digits
  double since = 0;              // seconds
  std::optional<double> until;   // of one that is over
  double poh = 1, held_poh = 1;
  std::uint32_t accounts = 0;    // members
  bool judged = false;           // false: known from before a restart, what follows is not there yet
  double evidence = 0;
  fleet::CommunityReading reading;
  std::uint64_t distinct = 0;    // requests that members ever sent, without repeats
  double expected_charts = 0;    // that honest groups as like one another cover
  double honest_distance = 0;    // of honest communities, median
  std::string words;             // the reasons
  std::vector<std::pair<std::uint32_t, std::uint32_t>> charts;  // chart, how many members have seen it
  std::vector<Member> members;   // by name
  std::vector<std::string> drawn;  // members of a sample for the graph
  std::vector<fleet::Link> links;  // among them, by their places in `drawn`
};

// What is known of a tenant's fleet at an update. Immutable.
struct FleetPicture {
  using Campaign = std::shared_ptr<const CampaignPicture>;
  std::vector<Campaign> flagged;   // lowest Campaign PoH first
  std::vector<Campaign> released;  // that ended lately, newest first
  std::unordered_map<std::string, Campaign> members;  // of flagged ones, by account
  double time = 0;                 // seconds, of the update; 0 = none yet
  bool filled = false;             // what the store had at the start is in it
  std::uint64_t accounts = 0;      // in the fleet
  std::uint64_t judged_accounts = 0, judged_communities = 0;
  double poh_least = 1;            // of all judged communities
};

struct CampaignEvent {
  fleet::CampaignChange change = fleet::CampaignChange::flagged;
  double time = 0;
  std::shared_ptr<const CampaignPicture> campaign;
};

class TenantFleet {
 public:
  static constexpr std::size_t kReleasedMax = 100, kReleasedMembers = 1000, kDrawnMax = 200;

  // `recalled` are the campaigns of before, at the start. The calibration outlives it.
  TenantFleet(const fleet::CampaignCalibration& calibration, const FleetOptions& options,
              std::vector<fleet::TrackedCampaign> recalled);

  // An account as it is now. `key` is its own for ever (its pseudonym). It counts from the next update on.
  void put(const std::string& account, std::uint64_t key, const fleet::Signature& signature, double time);
  void remove(const std::set<std::string>& accounts);
  // Takes out who has sent nothing since `before`.
  void remove_idle(double before);
  [[nodiscard]] bool holds(const std::string& account) const { return places_.contains(account); }
  [[nodiscard]] std::size_t accounts() const { return places_.size(); }

  // Keys of recalled members whose names are not known yet, ascending; and the name of one.
  [[nodiscard]] std::vector<std::uint64_t> nameless() const;
  void tell_name(std::uint64_t key, const std::string& account) { names_[key] = account; }

  // Makes campaigns of what has changed, and the picture anew. Until `filled` recalled campaigns stay what they were
  // and nobody is judged: half a fleet has other communities. Errors: those of the live fleet; the picture stays.
  Result<std::vector<CampaignEvent>> update(double now, bool filled);

  [[nodiscard]] std::shared_ptr<const FleetPicture> picture() const { return picture_; }
  [[nodiscard]] const std::vector<fleet::TrackedCampaign>& campaigns() const { return tracked_; }
  [[nodiscard]] std::size_t bytes() const;

 private:
  using Picture = std::shared_ptr<const CampaignPicture>;
  struct Place {
    const std::string* account = nullptr;  // null: free
    std::uint64_t key = 0;
    double time = 0;
  };
  void free_place(std::uint32_t place);
  Result<void> follow(double now);
  void judge_communities(std::span<const std::uint32_t> changed);
  std::vector<CampaignEvent> track(double now);
  void draw(CampaignPicture& picture, const fleet::Campaign& community) const;
  Picture picture_of(const fleet::TrackedCampaign& campaign, const fleet::Campaign& community);
  [[nodiscard]] Picture picture_of(const fleet::TrackedCampaign& recalled) const;
  void make_picture(double now, bool filled);

  const fleet::CampaignCalibration& calibration_;
  FleetOptions options_;
  std::optional<fleet::LiveFleet> live_;
  std::vector<Place> slots_;                                // a place is a number of the live fleet
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::string, std::uint32_t> places_;   // by account
  std::unordered_map<std::uint64_t, std::uint32_t> by_key_;
  std::unordered_map<std::uint32_t, fleet::Signature> waiting_;  // changed since the last update
  struct Judged {
    fleet::Campaign community;
    bool anew = true;                                       // since the last update
  };
  std::unordered_map<std::uint64_t, Judged> judged_;        // by a hash of the members' places
  std::vector<fleet::TrackedCampaign> tracked_;
  std::unordered_map<std::uint64_t, Picture> pictures_;     // of tracked ones, by identifier
  std::unordered_map<std::uint64_t, std::string> names_;    // of recalled members
  std::deque<Picture> released_;                            // newest first
  std::shared_ptr<const FleetPicture> picture_ = std::make_shared<FleetPicture>();
  std::uint64_t judged_accounts_ = 0;
  double rebuilt_ = 0;
  std::size_t made_of_ = 0;                                 // accounts that the live fleet was made of
};

}  // namespace cms::serve
