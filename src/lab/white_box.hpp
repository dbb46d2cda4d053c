// A white-box attacker: it knows atlas, calibration and score, and takes the request that covers most while its PoH
// stays at or above a floor; where requests have prices, the most for its money.
//
// Before each request it plays the candidates through the real step on a copy of its account's state, so it never
// guesses. Candidates lie in charts not yet covered (those nearest to where it stands, and the heaviest), beside its
// last request (as a person would go on), and anywhere. Of those that keep the floor it sends the one of most new mass,
// the nearest among equals; between two of them it may pace itself with requests beside the last. When none keeps the
// floor, or nothing new came for long, the account is given up. No text twice in an account.
// Told the price rule, it takes the most new mass per price, never pays more than it wants to for one request, and
// looks for new mass where the rule sees nothing new: in charts of the product that its ledger covers already. A
// patient one waits, while nothing is cheap enough, with the requests beside the last that lift its PoH most.
// Threads: pure functions of their arguments. Cost: some 20 steps and one look through the pool a request.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "lab/price_rules.hpp"
#include "lab/study.hpp"
#include "pipeline/model.hpp"

namespace cms::lab {

struct WhiteBoxOptions {
  double floor = 0;                     // PoH that no account may fall below; 0 = nobody watches
  std::uint32_t account_requests = 0;   // an account is left after so many; 0 = never
  std::uint32_t accounts_max = 0;       // 0 = as many as it takes
  std::uint32_t pace = 0;               // requests like the last one, sent after each that covers something new
  std::uint32_t requests_max = 4'000;   // of all accounts
  std::uint32_t idle_max = 64;          // requests without new coverage after which an account is given up
  double coverage_max = 1;              // share of the mass within reach at which the run ends
  const PriceGround* prices = nullptr;  // when it plans for prices
  Rule rule = {};
  double price_max = std::numeric_limits<double>::infinity();  // of one request
  bool one_purse = false;               // all accounts are charged as one
  bool patient = false;
};

// What the attacker wants: charts of any atlas, what each is worth to it, and the rows it can ask.
struct Prize {
  std::span<const std::uint16_t> charts;  // of every row of the corpus
  std::span<const double> mass;           // per chart
  std::span<const std::uint32_t> pool;    // rows of the corpus
  // Whose mass coverage_max is a share of, where it is not the attacker's own: a yardstick it does not know.
  const Yardstick* judged_by = nullptr;
};

struct WhiteBoxRun {
  std::vector<std::uint32_t> rows;      // of the corpus, in the order sent
  std::vector<std::uint32_t> accounts;  // number of the account of each, from 0
  std::vector<double> poh;              // of that account after each
  double poh_min = 1;                   // lowest of any account
};

// The run ends when all mass in the pool is covered, at requests_max, at accounts_max, or when a new account gets no
// further than the one before.
WhiteBoxRun run_white_box(const Study& study, const pipeline::Model& model, const Prize& prize,
                          const WhiteBoxOptions& options, Random random);

}  // namespace cms::lab
