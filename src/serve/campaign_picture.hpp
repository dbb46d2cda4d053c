// What is known of a tenant's fleet and its campaigns at one moment, for whoever looks. Immutable once it is shared.
//
// Threads: plain values. Cost: without() copies what it changes; moved_between() a hash a member.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fleet/campaign.hpp"

namespace cms::serve {

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
  std::vector<std::string> drawn;  // some of the members, for the graph
  std::vector<fleet::Link> links;  // the heaviest among them, by their places in `drawn`
};

// What is known of a tenant's fleet at an update. Immutable.
struct FleetPicture {
  using Campaign = std::shared_ptr<const CampaignPicture>;
  std::vector<Campaign> flagged;   // lowest Campaign PoH first
  std::vector<Campaign> released;  // that ended lately, newest first
  std::unordered_map<std::string, Campaign> members;  // of flagged ones, by account
  double time = 0;                 // seconds, of the update; 0 = none yet
  bool filled = false;             // what the store had at the start is in it, and communities are judged
  bool capped = false;             // no room: of accounts beyond these a sample is seen
  std::uint64_t accounts = 0;      // in the fleet
  std::uint64_t judged_accounts = 0, judged_communities = 0;
  double poh_least = 1;            // of all judged communities
};

// Keeps the first `most` members alone, and in the graph who is among them.
void cut(CampaignPicture& campaign, std::size_t most);

// The same without these accounts, itself where none is in it. What was judged of a campaign stays as it was judged.
std::shared_ptr<const CampaignPicture> without(const std::shared_ptr<const CampaignPicture>& campaign,
                                               const std::set<std::string>& accounts);
std::shared_ptr<const FleetPicture> without(const std::shared_ptr<const FleetPicture>& fleet,
                                            const std::set<std::string>& accounts);

// Accounts that stand otherwise in `now` than in `before`: in a campaign or not, or in one of another held PoH.
std::vector<std::string> moved_between(const FleetPicture& before, const FleetPicture& now);

}  // namespace cms::serve
