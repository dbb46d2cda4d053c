// The coverage-clustering frontier: what a white-box attacker covers at each PoH floor, and what that costs it.
//
// Coverage is measured on a yardstick: an atlas of its own, fitted on the calibrate part, whose charts weigh what the
// texts of that part put into them. The attacker (white_box.hpp) knows it, and the product's model too. C(tau) is the
// cost of 80% of the mass within reach of the pool with every account's PoH >= tau throughout, over the cost of the
// same unwatched: requests + accounts x account cost, the least over ways of opening accounts. What was asked trains a
// student (student.hpp), whose fidelity says what the coverage is worth.
// Threads: see options. docs/lab/frontier.md has the protocol.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/families.hpp"
#include "lab/outcome.hpp"
#include "lab/student.hpp"
#include "lab/texts_used.hpp"
#include "score/score.hpp"

namespace cms::lab {

struct FrontierOptions {
  std::filesystem::path data;  // as read_data takes it (ground.hpp)
  Families families = shared_families();
  std::vector<std::uint64_t> seeds = {1, 2, 3};
  std::vector<double> floors = {0, .001, .01, .05, .10, .25};  // the first is unwatched
  // Requests after which an account is left; 0 = when it gets no further. Below 16 nothing is evaluated.
  std::vector<std::uint32_t> account_requests = {0, 128, 64, 32, 15};
  std::vector<std::uint32_t> paces = {0, 1, 3, 7, 15};  // of an attacker with one account
  std::uint32_t requests_max = 4'000;
  std::uint32_t ranking_accounts = 500;
  std::uint32_t examination = 500;  // texts that students are examined on
  score::Options score;
  unsigned threads = 1;
};

inline constexpr double kReached = .8;
inline constexpr std::array<std::uint32_t, 4> kCheckpoints = {100, 200, 400, 1'000};
inline constexpr std::array<double, 4> kAccountCosts = {0, 10, 100, 1'000};  // of opening one, in requests

// One way of going about it, under one seed.
struct FrontierRun {
  double floor = 0;
  std::uint32_t account_requests = 0;
  bool one_account = false;
  std::uint32_t pace = 0;
  std::uint32_t requests = 0;           // until kReached; 0 = not within the cap
  std::uint32_t requests_sent = 0;      // in all
  std::uint32_t accounts = 0;           // opened by then
  double coverage = 0;                  // at the end, share of the mass within reach
  std::array<double, 4> at_checkpoints{};
  double poh_min = 1;
  Fidelity fidelity;  // of a student of everything that was asked; 0 of nothing
};

// Coverage of honest accounts of one kind after 100 requests: mean over accounts and seeds.
struct HonestCoverage {
  std::string kind;
  double coverage = 0;
};

struct FrontierResult {
  std::vector<std::vector<FrontierRun>> runs;  // per seed
  std::vector<HonestCoverage> honest;
};

// Adds to `texts` which served what. Errors: `bad_input` when the data are not there or too small. Cost: about a minute
// a seed on two cores.
Result<FrontierResult> run_frontier(const FrontierOptions& options, TextsUsed& texts);

// C(tau) of one seed at one account cost. `reached` is false when no way got there within the cap: then `multiplier` is
// what those who tried have paid so far, or 0 when the unwatched one did not get there either.
struct Cost {
  double multiplier = 0;
  bool reached = false;
};
Cost cost_at(const std::vector<FrontierRun>& runs, double floor, double account_cost, bool one_account);

// The tables, for people; one JSON goal line each.
std::string describe(const FrontierResult& result);
std::string goal_lines(const FrontierResult& result);
// What 80% costs at each floor, and what one account covers at each.
nlohmann::json plots(const FrontierResult& result);

}  // namespace cms::lab
