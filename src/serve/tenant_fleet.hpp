// The fleet of one tenant: its accounts seen together as they change, and the campaigns among them.
//
// Plain state without threads or clocks: campaigns.hpp feeds it. What the rest of the daemon reads is an immutable
// picture of it, made anew by every update. What is measured: docs/fleet.md.
// Invariants: an account is in one place at most; a campaign's name is its own while it keeps most of its members
// (fleet/tracking.hpp); pictures hold flagged campaigns whole, of the last kReleasedMax that ended kReleasedMembers
// members at most. Of more than accounts_max accounts it holds every member of a campaign and a random sample of the
// others, which only the tenant's key foresees.
// Threads: one owner; pictures are shared. Cost: docs/fleet.md; some 2.6 KB an account.
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
#include <unordered_set>
#include <utility>
#include <vector>

#include "fleet/judged.hpp"
#include "fleet/live.hpp"
#include "fleet/tracking.hpp"
#include "pipeline/engine.hpp"
#include "serve/campaign_picture.hpp"

namespace cms::serve {

struct FleetOptions {
  std::filesystem::path calibration;      // of `cms fleet fit`; empty = no fleet
  double level = .01;                     // Campaign PoH at which a community is flagged
  double update_s = 10;                   // between updates
  double rebuild_s = 3600;                // between looks at all links anew
  std::uint32_t accounts_max = 100'000;   // of each tenant; of more a random part is seen
  double idle_days = 7;                   // an account that rests for longer is no part of the fleet; 0 = never
};

struct CampaignEvent {
  fleet::CampaignChange change = fleet::CampaignChange::flagged;
  double time = 0;
  std::shared_ptr<const CampaignPicture> campaign;
};

class TenantFleet {
 public:
  static constexpr std::size_t kReleasedMax = 100, kReleasedMembers = 1000, kDrawnMax = 200, kLinksMax = 2000;

  using Names = std::unordered_map<std::uint64_t, std::string>;  // by key

  // `recalled` are the campaigns of before, at the start, and `names` who their members are. The calibration outlives
  // it.
  TenantFleet(const fleet::CampaignCalibration& calibration, const FleetOptions& options,
              std::vector<fleet::TrackedCampaign> recalled, Names names = {});

  // An account as it is now. `key` is its own for ever, and cannot be told without the tenant's key (Store::number). It
  // counts from the next update on. False when there was no room: this account is left out, or another has left for it.
  bool put(const std::string& account, std::uint64_t key, const pipeline::Engine::Trace& now);
  void remove(const std::set<std::string>& accounts);
  // Takes out who is not to be seen with the others; nothing else that is known of them changes.
  void leave_out(const std::set<std::string>& accounts);
  // Takes out who has sent nothing since `before`.
  void remove_idle(double before);
  [[nodiscard]] bool holds(const std::string& account) const { return places_.contains(account); }
  [[nodiscard]] std::size_t accounts() const { return places_.size(); }

  // Makes campaigns of what has changed, and the picture anew. Until `filled` recalled campaigns stay what they were
  // and nobody is judged: half a fleet has other communities. Errors: those of the live fleet, `failed` when it is told
  // to stop; campaigns and picture stay, and the next update catches up.
  Result<std::vector<CampaignEvent>> update(double now, bool filled, const fleet::Stop& stop = {});

  [[nodiscard]] std::shared_ptr<const FleetPicture> picture() const { return picture_; }
  [[nodiscard]] const std::vector<fleet::TrackedCampaign>& campaigns() const { return tracked_; }
  [[nodiscard]] std::size_t bytes() const;

 private:
  using Picture = std::shared_ptr<const CampaignPicture>;
  struct Place {
    const std::string* account = nullptr;  // null: free
    std::uint64_t key = 0;
    double time = 0;
    float poh = 1;
  };
  struct Seat {
    std::uint64_t rank = 0;
    std::uint32_t place = 0;
  };
  [[nodiscard]] std::uint64_t rank_of(std::uint64_t key) const;
  void find_seats();
  bool make_room(std::uint64_t key);
  void free_place(std::uint32_t place);
  [[nodiscard]] std::vector<float> own_pohs() const;  // by place
  Result<void> make_live(const fleet::Stop& stop);
  void start_over(std::span<const fleet::Signature> known);
  Result<std::vector<fleet::AccountChange>> follow(double now, const fleet::Stop& stop);
  Result<void> see(double now, const fleet::Stop& stop);
  std::vector<CampaignEvent> track(double now);
  // What the tracking has to know of a community.
  [[nodiscard]] fleet::Sighting sighting_of(const fleet::Campaign& community) const;
  void draw(CampaignPicture& picture, std::span<const std::uint32_t> members) const;
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
  fleet::JudgedCommunities judged_;                         // of places
  std::vector<fleet::TrackedCampaign> tracked_;
  std::unordered_map<std::uint64_t, Picture> pictures_;     // of tracked ones, by identifier
  Names names_;                                             // of recalled members
  std::vector<Seat> seats_;                                 // who may be put out: a heap, greatest rank first
  std::unordered_set<std::uint64_t> members_;               // keys of those who may not
  bool seats_found_ = false;                                // these two are of now
  double epoch_ = 0;                                        // of the ranks
  std::deque<Picture> released_;                            // newest first
  std::shared_ptr<const FleetPicture> picture_ = std::make_shared<FleetPicture>();
  double rebuilt_ = 0;
  std::size_t made_of_ = 0;                                 // accounts that the live fleet was made of
};

}  // namespace cms::serve
