// Campaigns over time: communities are made anew with every update; a campaign that somebody was told of keeps its
// name.
//
// A community whose PoH comes to the level or below is a campaign from then on. It stays the same one while most of its
// members that are still there are in one community, and ends when they are not, or when its PoH rises beyond the
// level times `release`. Its members are whom it is told of: those that the community tells now, and those that were
// members before and are kept; so who wavers round a border of who is told does not come and go. What counts is the
// held PoH: it falls with the PoH and rises no further than PoH / release (a Schmitt trigger at every height), so that
// a PoH which wavers round any threshold changes nothing.
//
// Invariants: members of campaigns are disjoint; an identifier is never given to two; equal calls, equal results.
// Threads: plain values and functions of them. Cost: linear in members of communities.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace cms::fleet {

struct TrackOptions {
  double level = .01;   // PoH at which a community becomes a campaign, in (0, 1]
  double release = 1.5; // >= 1
  double grown = 1.25;  // who was told hears of it again when it has grown by this factor
};

// A judged community of this update. Accounts are any numbers that stay their own; ascending.
struct Sighting {
  std::vector<std::uint64_t> members;  // all of the community
  double poh = 1;
  bool all = true;  // every member is a campaign's, also above the level; otherwise who is says what follows
  // Whom it is told of at the level, and who stays a member that was one; the first among the second, and these among
  // the members. Where it is of nobody, nobody is a member of what it becomes.
  std::vector<std::uint64_t> told = {}, kept = {};
};

struct TrackedCampaign {
  std::uint64_t id = 0;
  double since = 0;                     // seconds, of when it became one
  double poh = 1;                       // as it was judged last
  double held_poh = 1;                  // what counts; at most the level while it is a campaign
  std::uint32_t told = 0;               // members when it was told of last
  std::vector<std::uint64_t> members;   // ascending

  bool operator==(const TrackedCampaign&) const = default;
};

enum class CampaignChange : std::uint8_t { flagged, grown, released };
std::string_view name(CampaignChange change);

struct TrackUpdate {
  struct Event {
    CampaignChange change = CampaignChange::flagged;
    TrackedCampaign campaign;           // as it is now; of a released one, as it was judged last
    std::optional<std::size_t> seen;    // the community it is now
  };
  std::vector<Event> events;            // released ones first
  std::vector<std::size_t> seen;        // of each campaign, in their order: the community it is now
};

// Takes in the communities of an update at `now`, seconds. Communities are disjoint. `there` says whether an account is
// still in the fleet at all.
TrackUpdate track(std::vector<TrackedCampaign>& campaigns, std::span<const Sighting> communities, double now,
                  const TrackOptions& options, const std::function<bool(std::uint64_t)>& there);

// Takes an account out, wherever it is.
void forget(std::vector<TrackedCampaign>& campaigns, std::uint64_t member);

// Layout: docs/formats/fleet.md.
Bytes encode(std::span<const TrackedCampaign> campaigns);

// Campaigns as they lay in the store. Documents of version 1 have members by pseudonym, later ones by number
// (Store::number).
struct KeptCampaigns {
  std::vector<TrackedCampaign> campaigns;
  bool by_pseudonym = false;
};
// Errors: `bad_input` when the bytes are none that encode() gives, or gave in version 1.
Result<KeptCampaigns> decode_campaigns(std::span<const std::uint8_t> bytes);

}  // namespace cms::fleet
