// Economics: what extraction costs under each price rule, and what honest accounts pay for it.
//
// C(tau) is the sum of prices plus accounts x the cost of opening one, for 80% of the yardstick's mass with every
// account's PoH >= tau throughout, over the same minimum unwatched at the flat price; the least over all runs of an
// attacker. Attackers: white-box ones, greedy and planning for the price rule; naive, systematic and sorted streams;
// and replayers of the fastest hundredth of honest accounts, who set the ceiling of every rule that honest accounts can
// live with. Rules charge honest calibration accounts alike (price_rules.hpp); what that comes to for the honest
// accounts of the test part differs, so one table more has scales that make them charge those alike.
// Threads: see options. docs/lab/economics.md has the protocol.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/economics_attacks.hpp"
#include "lab/families.hpp"
#include "lab/frontier.hpp"
#include "lab/outcome.hpp"
#include "lab/student.hpp"
#include "lab/texts_used.hpp"

namespace cms::lab {

struct EconomicsOptions {
  std::filesystem::path data;  // as read_data takes it (ground.hpp)
  Families families = shared_families();
  std::vector<std::uint64_t> seeds = {1, 2, 3};
  std::vector<double> floors = {0, .001, .01, .05, .10, .25};  // the first is 0: unwatched
  double scale = .2;                    // of the first study's numbers of honest accounts, at least 10 a kind
  std::uint32_t requests_max = 1'500;   // of one attacker
  std::uint32_t long_requests = 1'000;  // of old honest accounts, fewer where texts run out
  std::uint32_t long_accounts = 200;    // composed, for the fastest hundredth
  std::uint32_t examination = 300;      // texts on which students are judged
  std::uint32_t ranking_accounts = 500;
  // Where choices are made: attackers and honest accounts are of the calibrate part, the test part stays unread.
  bool tune = false;
  score::Options score;
  unsigned threads = 1;
};

// What a student learns from what a white-box attacker with one account and PoH >= .01 buys for a budget.
struct Bought {
  RuleKind rule = RuleKind::flat;
  double budget = 0;
  double coverage = 0;
  Fidelity fidelity;
};

// What a student has when an attacker has its 80%.
struct Learnt {
  std::string attacker;
  std::uint32_t requests = 0;
  Fidelity fidelity;
};

struct EconomicsSeed {
  double unwatched = 0;        // requests for 80%, flat price, one account
  double unwatched_blind = 0;  // the same of one who does not know the yardstick
  Rules rules;
  std::vector<Attack> attacks;
  std::vector<Bill> bills;
  std::vector<Bill> teams;  // honest accounts charged as one
  std::vector<Bought> bought;
  std::vector<Learnt> learnt;
  std::uint32_t median_honest = 0;  // requests after which half of old generalists have 80%; UINT32_MAX = not half
};

struct EconomicsResult {
  std::vector<EconomicsSeed> seeds;
  std::vector<double> floors;
  std::vector<EconomicsSeed> equal;  // the same seeds at_equal_surcharge
  bool tune = false;                 // as EconomicsOptions
};

// Whom a seed charged, and by which tables.
struct Kept {
  PriceGround prices;
  std::vector<Honest> honest;  // of ordinary length
  std::uint32_t requests = 0;  // of these that are billed
  std::vector<Honest> old;
  std::uint32_t old_requests = 0;
  std::vector<WhiteBoxRun> runs;  // of the seed's attacks, in their order
};
// Attacks and bills of `seeds`, charged by rules whose scales are set on these very honest accounts of ordinary length,
// all seeds together: in the worst kind every rule's 99th percentile is kSurchargeHighMax, but for flat and for a rule
// that no scale brings there. Only reported: nothing may be chosen by it. Without teams and students.
// Requires one of `kept` a seed.
std::vector<EconomicsSeed> at_equal_surcharge(std::span<const EconomicsSeed> seeds, std::span<const Kept> kept,
                                              unsigned threads);

// What the names of attackers begin with who know everything but the yardstick, and want charts of their own.
inline constexpr const char* kBlind = "blind";
// Replays people's prompts in clusters: no account of theirs is flagged, so it is the price that has to stop them.
inline constexpr const char* kClusteredPeople = "clustered people";

// Adds to `texts` which served what. Errors: `usage` when floors are not 0 and then numbers in (0, 1]; `bad_input` when
// the data are not there or too small. Cost: some minutes a seed.
Result<EconomicsResult> run_economics(const EconomicsOptions& options, TextsUsed& texts);

// The runs that one figure is the least over.
struct CostQuestion {
  RuleKind rule = RuleKind::flat;
  double floor = 0;
  double account_cost = 0;
  std::uint32_t accounts_max = 0;  // 0 = any number
  bool as_one = false;             // charged by somebody who knows which accounts are one
  std::string attacker;            // what its name begins with; empty = all who know the yardstick or nothing
};
// C of one seed; where nobody reached 80%, what the most persistent of those who tried has paid, and `reached` is
// false; 0 where nobody tried.
Cost cost_of(const EconomicsSeed& seed, const CostQuestion& question);

// The rule that the product has.
inline constexpr RuleKind kProductRule = RuleKind::charts_ladder;

// The tables, for people; one JSON goal line each.
std::string describe(const EconomicsResult& result);
std::string goal_lines(const EconomicsResult& result);
// What extraction costs at the floor .01 under each price rule.
nlohmann::json plots(const EconomicsResult& result);

}  // namespace cms::lab
