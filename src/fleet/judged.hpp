// The communities of a live fleet as they are judged, from update to update: what has changed is read anew.
//
// Invariants: in the order of their first members; each is what judge() says of it now (Judged tests).
// Threads: one owner; readings run on several (use_threads in live.hpp) and are the same for any number. Cost: an
// update is linear in accounts, and in the members of the communities that are read (docs/lab/fleet.md#cost).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fleet/campaign.hpp"
#include "fleet/stop.hpp"

namespace cms::fleet {

struct JudgedCommunity {
  Campaign community;
  bool anew = true;  // read by the last update
};

class JudgedCommunities {
 public:
  // `communities` are all there are, disjoint, by first member; `changed` are the accounts whose signature or PoH is
  // another than at the last update. Communities that the calibration does not judge are passed over. Errors: `failed`
  // when it is told to stop: nothing has changed then.
  Result<void> update(const CampaignCalibration& calibration, std::vector<Members> communities,
                      std::span<const Signature> accounts, Pohs pohs, std::span<const std::uint32_t> changed,
                      const Stop& stop = {});
  void clear() { all_.clear(); }

  [[nodiscard]] std::span<const JudgedCommunity> all() const { return all_; }
  [[nodiscard]] std::uint64_t accounts() const;  // in them
  [[nodiscard]] std::size_t bytes() const;

 private:
  [[nodiscard]] JudgedCommunity* before(const Members& members);

  std::vector<JudgedCommunity> all_;
};

}  // namespace cms::fleet
