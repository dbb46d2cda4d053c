// What a campaign pays when accounts are seen together, and when they are not.
//
// A campaign sends lines of requests, each through one account after another. An account is left for a fresh one before
// the request that would take its own PoH below the floor, after as many requests as the campaign gives it, and when a
// look at the fleet flags it: it is refused from then on, the harshest that can follow from a flag, and a fresh one
// goes on where it was. Refused and finished accounts stay in sight. A request costs 1, an account what opening one
// costs; both ways send the same requests, so the fleet makes a campaign dearer by the accounts that it takes away.
// Threads: one look at a time (fleet/communities.hpp). Cost: a step a request, and the looks. Page: docs/lab/fleet.md.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "fleet/campaign.hpp"
#include "lab/corpus_account.hpp"
#include "lab/frontier.hpp"
#include "lab/ground.hpp"

namespace cms::lab {

struct CampaignPlan {
  std::string attacker;
  std::vector<ComposedAccount> lines;  // requests, and which of them the attacker wants; others are cover
  std::uint32_t at_once = 1;           // lines that are sent side by side; when one ends the next begins
  std::uint32_t account_requests = 0;  // after so many an account is left; 0 = never
};

struct Wanted {
  std::uint32_t answers = 2'400;  // to requests the attacker wants
  double coverage = kReached;     // share of the yardstick's mass that they cover
  double floor = .01;             // PoH below which no account falls
};

// What had been spent when a prize was won.
struct Spent {
  bool reached = false;
  std::uint32_t requests = 0;
  std::uint32_t accounts = 0;
};
struct Spending {
  Spent coverage, answers;
  std::uint32_t refused = 0;  // accounts
};

// Accounts with their own PoH, as many.
struct SeenAccounts {
  std::span<const fleet::Signature> signatures;
  std::span<const float> pohs;
};

// Which of a campaign's accounts (those it has opened, in that order) are flagged now. Empty: nobody looks.
using Look = std::function<Result<std::vector<bool>>(const SeenAccounts&)>;

// Requests of each account in line between two looks: who is opened after one look can be linked at the next.
inline constexpr std::uint32_t kLookEvery = fleet::kRequestsMin;

// Sends the plan until both prizes are won or its lines end. Looks after every kLookEvery requests of those in line.
// Errors: the look's.
Result<Spending> spend(const Ground& ground, const Yardstick& yardstick, const CampaignPlan& plan,
                       const Wanted& wanted, const Look& look);

// A look at the campaign's accounts among `honest` ones, from the first moment that enough of them to be judged have
// kRequestsMin requests: earlier flags would be honest communities' own. Both outlive the look.
Look look_among(const fleet::CampaignCalibration& calibration, const SeenAccounts& honest, double level);

// One way of going about it under one seed.
struct FleetCostRow {
  std::string attacker;
  std::uint32_t at_once = 0;
  std::uint32_t account_requests = 0;
  Spending off, on;  // nobody looks; the fleet does
};
struct FleetCosts {
  double unwatched = 0;  // requests for the coverage, of one greedy account that nobody watches; 0 = not within reach
  std::uint32_t answers = 0;
  std::vector<FleetCostRow> rows;
};

// Plans over the rows that a campaign can ask: streams dealt in turn over everything, instruction sets and people's
// prompts; slices, overlapping ones, runs by topic and streams half of honest cover over everything; clusters of
// people's prompts; each with few lines side by side, with as many as kLinesAtOnce, and in accounts too young for the
// fleet. And greedy white-box attackers who know the yardstick, in accounts as long as they last and in short ones.
struct AskedRows {
  Pool sets, people;
};
inline constexpr std::uint32_t kLineRequests = 120;
inline constexpr std::uint32_t kFewAtOnce = 6, kLinesAtOnce = 20;
std::vector<CampaignPlan> cost_plans(const Ground& ground, const Yardstick& yardstick, const AskedRows& asked,
                                     const Wanted& wanted, std::uint64_t seed);

// All plans with nobody looking and with `look`. Errors: the look's, and the yardstick's.
Result<FleetCosts> fleet_costs(const Ground& ground, const Yardstick& yardstick, const AskedRows& asked,
                               const Look& look, std::uint64_t seed);

enum class PrizeKind : std::uint8_t { coverage, answers };

// What those pay whose name begins with `attacker` (all: empty), the least over their ways, over what it costs one
// account that nobody watches. `reached` is false where nobody won the prize; then the multiplier is 0.
struct FleetCostQuestion {
  PrizeKind prize = PrizeKind::coverage;
  double account_cost = 0;
  bool watched = false;  // by the fleet
  std::string attacker;
};
Cost cost_of(const FleetCosts& costs, const FleetCostQuestion& question);

// Multipliers with the fleet off and on, and their ratio: medians over the seeds in which the prize was won both ways.
// `watched` of the question is not read.
struct CostBoth {
  double off = 0, on = 0, ratio = 0;
  std::size_t seeds = 0;
};
CostBoth cost_both(std::span<const FleetCosts> seeds, FleetCostQuestion question);
inline constexpr double kCostPlotted = 100;  // of an account, where figures are of one

// Medians over seeds: the tables, for people; one JSON goal line each.
std::string describe(std::span<const FleetCosts> seeds);
std::string goal_lines(std::span<const FleetCosts> seeds);

}  // namespace cms::lab
