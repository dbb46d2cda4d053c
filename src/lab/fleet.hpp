// The fleet: are campaigns found that no account gives away?
//
// Thousands of honest accounts are composed, groups that look like campaigns among them (teams, resellers, proxies, one
// job on many keys); a campaign is hidden among them; links, communities and the Campaign PoH are made from activations
// alone. Beside it the best that judging accounts one by one does. Calibration fleets are composed from other texts.
// Threads: see options. Page: docs/lab/fleet.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "fleet/campaign.hpp"
#include "lab/families.hpp"
#include "lab/fleet_accounts.hpp"
#include "lab/fleet_cost.hpp"
#include "lab/fleet_picture.hpp"
#include "lab/student.hpp"
#include "lab/texts_used.hpp"
#include "score/score.hpp"

namespace cms::lab {

struct FleetStudyOptions {
  std::filesystem::path data;  // as read_data takes it (ground.hpp)
  Families families = shared_families();
  std::vector<std::uint64_t> seeds = {1, 2, 3};
  FleetOptions fleet;
  std::uint32_t calibration_fleets = 44;  // half of them fix the evidence, half rank
  std::uint32_t looks = 4;                // at honest fleets, each after as many requests more of every account
  bool by_kind = false;                   // honest groups of each kind rank for themselves
  std::uint32_t test_fleets = 4;          // honest ones; campaigns are hidden in them in turn
  std::uint32_t update_accounts = 1'000'000;  // made up, for the time of one update; 0 = not measured
  std::uint32_t update_changed = 1'000;       // of them that have sent something since the last update
  // Choose on tune campaigns and the calibrate part's people. Every row of the tune sets is read, also those of the
  // test part: chatdoctor5k and the mea_* families are attackers that the first study reports.
  bool tune = false;
  bool costs = true;                      // what campaigns pay, which takes most of the time
  std::uint32_t ranking_accounts = 500;   // of the PoH beside
  fleet::CampaignOptions campaign;
  fleet::SignatureOptions signature;
  score::Options score;
  unsigned threads = 1;
};

inline constexpr std::uint64_t kYoungRequests = 24;

// Communities that are flagged at Campaign PoH .01, by how much evidence they have: what is found is told at that level
// and above any bar of evidence, so that it can be read where just 1% of the honest communities under test are flagged,
// whatever is promised there. Of a campaign gathered of several, the most that one of them has by itself.
struct Told {
  double evidence = 0;  // nats
  double share = 0;     // of a campaign's members who are told of it; communities, where they are honest
  std::uint64_t honest = 0;  // accounts told of it that are not the campaign's
};

// A community that holds part of a campaign, before any is gathered.
struct CampaignPart {
  double share = 0;   // of the campaign's accounts
  double purity = 0;  // share of the community that they are
  double evidence = 0;  // nats
  double poh = 1;
};

// One campaign hidden in one fleet.
struct CampaignRow {
  std::string name;
  std::optional<double> goal;  // least share of members found
  std::uint32_t accounts = 0;
  double requests = 0;         // mean of its accounts
  double found = 0;            // share of members flagged by the fleet, Campaign PoH <= .01
  std::vector<Told> told;      // by which campaigns
  // Of members that have sent fewer than kYoungRequests: newcomers; nothing where there are none.
  std::optional<double> found_young;
  std::optional<double> precision;  // of flagged accounts that are members; nothing where none is flagged
  // Beside it, at Campaign PoH .01: communities more than half of which are honest, before any is gathered.
  std::uint64_t honest_communities = 0, honest_communities_flagged = 0;
  std::vector<Told> honest_communities_told;  // such ones by the campaigns that tell them, also where they are gathered
  std::uint64_t honest_told = 0;  // accounts
  std::uint64_t honest_groups = 0, honest_groups_flagged = 0;  // by more than half of their members
  double poh = 1;              // Campaign PoH of the community that holds most of its members
  double evidence = 0;
  double together = 0;         // share of members in that campaign, gathered at .01
  double purity = 0;           // share of that campaign who are members
  std::vector<CampaignPart> parts;  // that hold a tenth of it or more, greatest first
  double coverage = 0;         // of the yardstick's mass, by all that the campaign extracts: its cover is left out
  std::optional<Fidelity> fidelity;  // of a student that was shown the answers to that; not in the tune mode, for
                                     // the examination is of the test part
  double paid = 1;             // by members, each for itself at the product's prices: ordinary requests a request
  double shared_texts = 0;     // between two of its accounts
  double pairs_area = .5;      // AUC of its pairs against honest pairs: by distance, and by link weight
  double links_area = .5;
  double suspects = 0;         // share of members who are by themselves, at their last request (fleet::kSuspect)
  double best_account = 0;     // share of members that the per-account PoH flags
  double prada = 0, mmd = 0;   // the same of baselines at 1% of honest accounts
};

struct GroupRow {
  std::string kind;  // "" = people on their own
  std::uint32_t accounts = 0;
  bool flagged = false;  // more than half of its members are
};

// How many of an account's nearest the inverted file proposes, of those that a plain search does.
struct LinkRecall {
  std::uint32_t accounts = 0;  // honest ones seen together
  double nearest = 0;          // share of links, mean over the accounts asked for
  double weight = 0;           // share of their weight
};
// Links of some of the accounts by an inverted file, beside those with all of its cells looked through.
LinkRecall link_recall(std::span<const fleet::Signature> accounts, fleet::Pohs pohs, const fleet::BreadthNorm& norm,
                       const fleet::LinkOptions& options);

struct FleetResult {
  std::vector<std::uint64_t> seeds;
  std::vector<std::vector<CampaignRow>> campaigns;  // per seed, in one order
  std::vector<LinkRecall> recalls;                  // of the first seed: one calibration fleet, ten of them
  std::vector<FleetCosts> costs;                    // per seed, what campaigns pay
  FleetSight sight;                                 // of the first seed
  std::vector<GroupRow> groups;                     // of all honest test fleets
  std::uint64_t honest_communities = 0;
  std::vector<Told> honest_told;  // of those flagged at the last look
  // Followed over all looks (fleet::follow_communities), and flagged at any.
  std::uint64_t honest_communities_followed = 0;
  std::vector<Told> honest_ever_told;  // of those flagged at any, with the most evidence each had then
  std::uint32_t looks = 1;
  std::uint64_t honest_accounts = 0, honest_accounts_flagged = 0;
  double honest_shared_texts = 0;     // between two accounts of a test fleet, mean over seeds
  std::vector<std::uint32_t> ranked;  // communities that rank, per seed
  double look_seconds = 0;            // links, communities, readings of one whole test fleet, gathered at .01
  double update_seconds = 0;          // of a live fleet, links, communities, judgement; 0 = not measured
  std::uint32_t update_accounts = 0, update_changed = 0;
};

// Adds to `texts` which served what. Errors: `bad_input` when the data are not there or too small. Cost:
// docs/lab/fleet.md.
Result<FleetResult> run_fleet(const FleetStudyOptions& options, TextsUsed& texts);

// Seconds of an update of a live fleet of made-up accounts, links, communities and their judgement, own PoH not known:
// the median of the last sixteen of 120. Errors: as LiveFleet. Cost: making the fleet takes most of the time
// (docs/lab/fleet.md); some 6 kilobytes an account.
Result<double> time_update(std::uint32_t accounts, std::uint32_t changed, const fleet::CampaignOptions& options,
                           std::uint64_t seed);

std::string describe(const FleetResult& result);
std::string goal_lines(const FleetResult& result);
// What is found, evidence of communities, the fleet around two campaigns and what they cover, what campaigns pay.
nlohmann::json plots(const FleetResult& result);

}  // namespace cms::lab
