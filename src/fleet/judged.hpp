// The communities of a live fleet as they are judged, from update to update: what has changed is read anew, and of what
// is large only the difference.
//
// Invariants: in the order of their first members; after an update each is, bit for bit, what judge() says of it
// (judged_test.cpp). All updates have one calibration.
// Threads: one owner; readings run on several (use_threads in live.hpp) and are the same for any number. Cost: an
// update is linear in accounts, by some comparisons each, and in the members of small communities that are read
// (docs/lab/fleet.md#cost); 4 bytes an account and 4.7 KB a community of kSummedMin members or more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "fleet/campaign.hpp"
#include "fleet/stop.hpp"

namespace cms::fleet {

// Of fewer members none are kept: sums take more memory than reading takes time.
inline constexpr std::size_t kSummedMin = 256;

// An account whose signature or PoH is another than at the last update, and its signature then: an empty one where it
// was not there.
struct AccountChange {
  std::uint32_t account = 0;
  Signature before;
};

// A community and what it was found to be.
struct JudgedCommunity {
  Campaign community;
  bool anew = true;  // judged by the last update
};

class JudgedCommunities {
 public:
  // `communities` are all there are, disjoint, by first member, of numbers below accounts.size(). Each account that
  // has changed since the last update is among `changed` once. Communities that the calibration does not judge are
  // passed over. Errors: `failed` when it is told to stop: nothing is other than before then, and what had changed has
  // to be told again.
  Result<void> update(const CampaignCalibration& calibration, std::vector<Members> communities,
                      std::span<const Signature> accounts, Pohs pohs, std::span<const AccountChange> changed,
                      const Stop& stop = {});
  // Forgets all: the next update reads everything, whatever has changed.
  void clear();

  // By first member.
  [[nodiscard]] std::span<const JudgedCommunity> all() const { return all_; }
  // How many accounts are in them, and what they take.
  [[nodiscard]] std::uint64_t accounts() const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Look;
  [[nodiscard]] std::uint32_t place_of(std::uint32_t account) const;
  [[nodiscard]] bool is_as_before(const Look& look, const Members& members) const;
  [[nodiscard]] CommunitySums sums_now(const Look& look, const Members& members) const;
  [[nodiscard]] std::optional<CommunitySums> followed(const Look& look, std::uint32_t place,
                                                      const Members& members) const;

  std::vector<JudgedCommunity> all_;
  std::vector<std::unique_ptr<CommunitySums>> sums_;  // of all_, null of small ones
  std::vector<std::uint32_t> places_;                 // by account: in all_, or kNowhere
};

}  // namespace cms::fleet
