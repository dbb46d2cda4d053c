// The price of a request: what an account pays for it, in units of one ordinary request.
//
//   price = 1 + steepness x (charts beyond the allowance)   where the request opens a chart beyond it
//             + ladder x ln(poh / PoH)                      where the account's PoH is below `poh`
//
// and at most price_max. The allowance is what nearly all honest accounts of the same age have opened; below it
// coverage costs nothing, beyond it every next chart costs more than the one before: what is paid grows as the square.
// Invariants: 1 <= price <= price_max; at equal age and PoH a wider account never pays less for a new chart.
// Threads: pure functions. Cost: one pass over the ledger's bits and a search among some 20 knots.
// What the defaults were chosen on: docs/lab/economics.md.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/ledger.hpp"
#include "types/score.hpp"

namespace cms::policy {

struct PriceOptions {
  double steepness = .125;  // for the first whole chart beyond the allowance; 0 leaves coverage out
  double slack = 1;        // factor on the allowance
  double growth = 1.5;     // of the allowance beyond the last knot, over that of its last doubling
  double poh = .01;        // PoH from which the ladder charges
  double ladder = .125;    // for every factor e that PoH lies below; 0 leaves PoH out
  double price_max = 100;  // no request costs more
};

// Charts that accounts of an age (distinct requests) have opened, of all but a few honest ones.
struct Knot {
  double age = 0;
  double charts = 0;
};

// Invariant: ages ascend from 1 or more, charts do not fall.
struct Tariff {
  PriceOptions options;
  std::vector<Knot> allowance;
};

// Charts free at an age: as many as requests up to the first knot, linear in the logarithm of age between knots, and
// beyond the last growing as over the doubling before it, times `growth`. Unbounded where there are no knots.
double allowance_at(const Tariff& tariff, double age);

// What the next request costs: `chart` < chart_count, `repeat` as in enter(), `score` with that request taken in.
double price(const Tariff& tariff, const Ledger& ledger, std::uint32_t chart, bool repeat, const Score& score);

// What the next request costs if it opens a new chart, the same otherwise.
double price_of_new_chart(const Tariff& tariff, const Ledger& ledger, const Score& score);
// The same for who has no ledger at hand: charts covered, and distinct requests.
double price_of_new_chart(const Tariff& tariff, std::uint32_t covered, std::uint64_t distinct, const Score& score);

// Prices a request and enters it. Returns the price.
double charge(const Tariff& tariff, Ledger& ledger, std::uint32_t chart, bool repeat, const Score& score);

}  // namespace cms::policy
