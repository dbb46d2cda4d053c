// Price rules side by side: the product's, and those of the field, each with one scale that makes it dearer.
//
// A rule sees what an operator sees of an account (Purse) and the next request, and says what that request costs, in
// ordinary ones. Scales are set so that all rules charge honest accounts alike (fit_scale), so that what is compared is
// what they cost an attacker. Tables come from calibration accounts of half A, scales from those of half B; on the test
// part scales are set for one table only, which chooses nothing (economics.hpp). docs/lab/economics.md says what of the
// published rules is approximated.
// Threads: a PriceGround is read-only once made. Cost: microseconds a price.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lab/ground.hpp"
#include "policy/price.hpp"

namespace cms::lab {

enum class RuleKind : std::uint8_t {
  flat,                  // 1
  ladder,                // PoH below .05: every factor e costs `scale`
  charts,                // charts beyond what honest accounts of the age have opened: policy::price without PoH
  charts_ladder,         // both: policy::price with its defaults; the ladder from .01
  charts_ladder_fitted,  // the same, its scale fitted as the others' are
  mass,                  // as charts, counting benign mass
  rank,                  // every request of an account among the widest twentieth of its age, by the log of its rank
  b4b_buckets,           // Dubinski et al., arXiv 2310.08571: exponential in the share of 2^12 hyperplane buckets
  b4b_charts,            // the same in the share of the atlas' charts
  proof_of_work,         // Dziedzic et al., ICLR 2022: exponential in leakage beyond a standard user's
};
inline constexpr std::size_t kRuleCount = 10;
std::string name(RuleKind kind);
// Whether the price depends on the account's PoH.
bool uses_poh(RuleKind kind);

struct Rule {
  RuleKind kind = RuleKind::flat;
  double scale = 0;
};

// By age in requests, from 1 (index 0) to the horizon; beyond it grows as over the doubling before it.
struct Envelope {
  std::vector<double> at;
  [[nodiscard]] double value(std::uint64_t age) const;
};

struct PriceGround {
  policy::Tariff tariff;                       // of the ground's model
  std::vector<std::uint16_t> charts;           // of every row, in the product's atlas
  std::vector<double> masses;                  // of its charts, smoothed, sum 1
  Envelope mass;                               // of half A, at .994
  std::vector<std::vector<double>> covered;    // of half A by age, ascending: charts opened
  std::vector<std::uint16_t> buckets;          // of every row: signs of its 12 leading coordinates
  std::vector<double> leakage;                 // of every row, nats
  double leakage_mean = 0;                     // of half A, a request
};

// Everything an operator knows of an account, or of a group that it charges as one.
struct Purse {
  policy::Ledger ledger;
  double mass = 0;
  std::vector<bool> buckets;
  std::uint32_t bucket_count = 0;
  double leakage = 0;
};
Purse make_purse(const PriceGround& prices);

// The price of `row` as the next request, `poh` as it stands with that request taken in; 1 to 100.
double price(const PriceGround& prices, const Rule& rule, const Purse& purse, std::uint32_t row, double poh);
void pay(const PriceGround& prices, Purse& purse, std::uint32_t row, double price);

// An honest account with its PoH after every request.
struct Honest {
  std::string kind;
  std::vector<std::uint32_t> rows;
  std::vector<double> poh;
};
// Runs accounts through the ground's model. By index, whatever the number of threads. Cost: a step a request.
std::vector<Honest> with_poh(const Ground& ground, std::span<const ComposedAccount> accounts, unsigned threads);

// `half_a`: calibration accounts that make the tables. Cost: one cosine a row and row of the fit part.
PriceGround make_price_ground(const Ground& ground, std::span<const ComposedAccount> half_a, unsigned threads);

// What an account pays for its first `requests` beyond one each, as a share; all of them where it has fewer.
double surcharge(const PriceGround& prices, const Rule& rule, const Honest& account, std::size_t requests);

// The bound on what the dearest hundredth of honest accounts of any kind pays beyond ordinary requests.
inline constexpr double kSurchargeHighMax = .10;
inline constexpr double kScaleMin = 1e-6, kScaleMax = 1e8;

// Honest accounts and the prices of their seed.
struct Charged {
  const PriceGround* prices = nullptr;
  std::span<const Honest> honest;
};

// The greatest scale up to kScaleMax at which every kind keeps the bound, its accounts of all seeds together; kScaleMin
// when none does. 0 of flat. Cost: 31 times the price of every request.
Rule fit_scale(RuleKind kind, std::span<const Charged> seeds);

// The rule as it is shown beside the others: charts_ladder has the product's own scale, the others a fitted one.
Rule rule_of(RuleKind kind, std::span<const Charged> seeds);

// Quantile of values by linear interpolation between order statistics (Hazen); 0 of none.
double quantile(std::vector<double> values, double p);

}  // namespace cms::lab
