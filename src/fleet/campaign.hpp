// Campaigns: communities that cover together what honest ones as like one another do not.
//
// Honest groups are alike because they do the same narrow thing, or broad because their members differ. Who shares out
// one extraction is alike and broad. So evidence against a community is the log of the charts its members cover
// together (evenly: Hill number of order 1, over visits) above what honest communities as far apart cover.
//
// Where it is told how accounts stand by themselves there is evidence of a second kind: how many members are
// *suspects*, accounts whose own PoH is at most kSuspect, above what honest communities have. Honest accounts come to
// that one by one, extractors of one campaign together. The rarer of the two counts. Members who are no suspects
// are let be where only suspicion speaks and fewer than kTellAll of all are suspects. How accounts stand by themselves
// also says who is linked with whom (links.hpp).
//
// The two are set against each other by how rare they are among honest communities (Tail), so the evidence is in nats:
// minus the log of the share of honest communities that have as much, as far as a generalised Pareto tail tells.
// It is ranked among other honest fleets' communities: a conformal p-value, the Campaign PoH.
//
// The promise: for a community exchangeable with those of the ranking fleets (of its kind),
// P(Campaign PoH <= a) <= a for a >= 1 / (N + 1). A ranking fleet that was looked at several times while its accounts
// went on has each community, followed over the looks (looks.hpp), rank by the most evidence it ever had. So
// the promise is that of a community of a fleet that is looked at likewise: P(Campaign PoH is ever <= a) <= a. Fleets
// that fix the evidence take no part in ranking. Nothing is said of other looks than these, or of kinds of honest
// groups that calibration did not see.
// Threads: as communities.hpp. Cost: links and communities; reading one is linear in its members.
// References: Hill, Diversity and evenness, Ecology 54, 1973; Vovk, Gammerman, Shafer, Algorithmic learning in a
// random world, 2005.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/pareto.hpp"
#include "base/result.hpp"
#include "fleet/communities.hpp"
#include "fleet/community_reading.hpp"
#include "fleet/links.hpp"
#include "fleet/signature.hpp"

namespace cms::fleet {

struct CampaignOptions {
  LinkOptions links;
  CommunityOptions communities;
  std::uint32_t members_min = 5;  // smaller communities are not judged
};

// Accounts as one look finds them; pohs[i] is the own PoH of account i at its last request, and there are none where
// these are not known.
struct FleetLook {
  std::vector<Signature> accounts;
  std::vector<float> pohs = {};
};

// Honest accounts seen together, at the last look. kinds[i] says what honest group account i belongs to ("team", ...),
// empty for none. `earlier` is how the same accounts stood before, an empty signature where one had sent nothing yet.
struct HonestFleet {
  std::vector<Signature> accounts;
  std::vector<std::string> kinds;
  std::vector<float> pohs = {};
  std::vector<FleetLook> earlier = {};
};

// Communities that must rank, of all kinds together and of every kind that ranks for itself.
inline constexpr std::uint32_t kRankingCommunitiesMin = 20;

// The upper fifth of what honest communities have of one kind of evidence: what lies beyond `from` follows the law.
// (Peaks over threshold: Davison and Smith, Models for exceedances over high thresholds, J. R. Statist. Soc. B 52,
// 1990.)
struct Tail {
  double from = 0;
  Pareto law;
};
inline constexpr double kTailShare = .2;
inline constexpr double kTailShapeMax = .9;

struct CampaignCalibration {
  CampaignOptions options;
  BreadthNorm breadth;
  std::array<double, 2> coefficients{};  // expected log effective charts: constant, times root of distance
  double scale = 1;                      // standard deviation about it
  double distance = 0;                   // median of honest communities, for words
  std::uint32_t looks = 1;               // at the ranking fleets that had a community to judge, in any of them
  double suspects = -1;                  // share of accounts in honest communities that are; < 0: not known
  double suspects_spread = 1;            // standard deviation of arcsin(sqrt(share)) of a community beyond chance
  Tail breadth_tail, suspicion_tail;     // of the communities that fix; the second where suspects are known
  std::map<std::string, std::vector<double>> rankings;  // evidence of ranking communities, ascending, by kind
  std::map<std::string, std::vector<double>> breadth_rankings;  // the same of breadth alone; empty: breadth is all
};

// Fleets 0, 2, 4, ... fix null model and evidence at their last look, fleets 1, 3, 5, ... rank, each community by the
// most it had at any look. A community is of the kind that most of its members are. Kinds with
// fewer than kRankingCommunitiesMin ranking communities rank together, as kind ""; where these are fewer together too,
// they rank among the largest kind.
// Errors: `bad_input` when there are too few fleets, accounts or communities, or accounts, kinds, accounts of earlier
// looks, or PoHs of fleets that have any, differ in number; as find_communities. Cost: links and communities of every
// fleet, of those that rank at every look.
Result<CampaignCalibration> calibrate(std::span<const HonestFleet> fleets, const CampaignOptions& options);

// What honest communities like this one cover, and how far it is above, in scales.
double expected_charts(const CampaignCalibration& calibration, const CommunityReading& reading);
double evidence_of_breadth(const CampaignCalibration& calibration, const CommunityReading& reading);
// How far its share of suspects is above theirs, in deviations of the variance-stabilised share (Anscombe, Biometrika
// 35, 1948); minus infinity where suspects are not known, here or to the calibration.
double evidence_of_suspicion(const CampaignCalibration& calibration, const CommunityReading& reading);
// The rarer of both, in nats: log(1 / kTailShare), and the rarity of what lies beyond `from` under its law; below it
// less by (from - value) / scale.
double evidence_of(const CampaignCalibration& calibration, const CommunityReading& reading);
// The evidence of breadth, in scales, that is as rare as `evidence`.
double breadth_as_rare_as(const CampaignCalibration& calibration, double evidence);

// (1 + ranking communities with as much evidence) / (N + 1), the greatest over kinds.
double campaign_poh(const CampaignCalibration& calibration, double evidence);
// The least it can be, whatever the evidence: 1 / (N + 1) of the smallest ranking. No level below it flags anything.
double campaign_poh_min(const CampaignCalibration& calibration);

struct Campaign {
  std::vector<std::uint32_t> members;  // indices of accounts, ascending
  CommunityReading reading;
  double evidence = 0;
  double poh = 1;
  double breadth_poh = 1;              // rank of its breadth among theirs
  std::uint32_t communities = 1;       // that it is made of (gather)
  std::vector<std::uint32_t> suspects = {};  // of the members, ascending
};
// Whether all members of a community are campaign's: its breadth alone ranks at `level` or below, or suspects are
// `share` of it or more, so that most of it cannot be honest accounts that happen to be there.
inline constexpr double kTellAll = .5;
bool all_told(const Campaign& campaign, double level, double share = kTellAll);
// Whom a campaign at or below `level` is told of: all members where all_told(), else the suspects. Of one above it
// nobody.
std::span<const std::uint32_t> told(const Campaign& campaign, double level);

// What a calibration can use of PoHs: none where it does not know its own fleets'.
Pohs pohs_for(const CampaignCalibration& calibration, Pohs pohs);

// One community, whatever its size. Requires a member, and every account's PoH where the calibration knows suspects.
// Cost: as read_community().
Campaign judge(const CampaignCalibration& calibration, std::span<const Signature> accounts,
               std::vector<std::uint32_t> members, Pohs pohs = {});
// The same of sums that were kept, of just these members. Cost: that of the charts, and a look at the members' PoHs.
Campaign judge(const CampaignCalibration& calibration, const CommunitySums& sums, std::vector<std::uint32_t> members,
               Pohs pohs = {});

// Every judged community of the fleet, lowest PoH first. `links` are of pohs_for() these PoHs; `pohs` as in
// read_community. Errors: `bad_input` where the calibration knows suspects and not every account's PoH is told, for
// honest fleets were linked and judged with theirs; as find_communities.
Result<std::vector<Campaign>> find_campaigns(const CampaignCalibration& calibration,
                                             std::span<const Signature> accounts, std::span<const Link> links,
                                             Pohs pohs = {});
// The same of links of its own, and gathered at `level` (below); of level 0 nothing is.
Result<std::vector<Campaign>> find_campaigns(const CampaignCalibration& calibration,
                                             std::span<const Signature> accounts, double level, Pohs pohs = {});

// One campaign may be several communities: modularity parts what is large (Fortunato, Barthelemy, Resolution limit in
// community detection, PNAS 104, 2007, is about its other side, that it joins what is small). So one at or below
// `level` takes in others that rank at kTakenIn times `level` or below (and no higher than kTakenInMost, or the level),
// the one that it shares most link weight with in all first, where
//  - members of the one lie as near those of the other as in the closer of the two (by the mean unbiased squared
//    distance; kAlike of the links' distance_scale farther at most);
//  - the evidence of both is no less than its own, or, where both are flagged already, they would be together;
//  - whoever is told of one of them is told of both.
// A gathered campaign keeps the lowest PoH of its parts: what was put together for its evidence has no rank. So the
// promise is what it was, for communities; a neighbour may be flagged with a campaign (Campaign::communities).
// `links` are those of the whole fleet, or those among accounts in communities so low. Order of communities,
// lowest PoH first, in and out. Cost: for each community taken in a pass over the links, and a reading of the campaign
// with each neighbour.
inline constexpr double kTakenIn = 10, kTakenInMost = .1;
inline constexpr double kAlike = .2;
std::vector<Campaign> gather(const CampaignCalibration& calibration, std::span<const Signature> accounts,
                             std::span<const Link> links, std::vector<Campaign> campaigns, double level,
                             Pohs pohs = {});

// Whether the fleet flags each account: it is told of a community whose PoH is at most `level`.
std::vector<bool> flagged(std::span<const Campaign> campaigns, std::size_t accounts, double level);

// Why, in words an analyst can check against the reading.
std::string reasons(const CampaignCalibration& calibration, const Campaign& campaign);

}  // namespace cms::fleet
