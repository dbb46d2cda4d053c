#include "lab/price_rules.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/progress.hpp"
#include "pipeline/parallel.hpp"
#include "pipeline/step.hpp"
#include "pipeline/tariff.hpp"

namespace cms::lab {
namespace {

constexpr double kLevel = .994;       // of envelopes, as pipeline::tariff
constexpr double kPriceMax = 100;     // of every rule
constexpr double kLadderFrom = .05;   // the ladder's `price` rung (policy::Ladder)
constexpr double kRankFrom = .05;     // the widest twentieth
constexpr std::uint32_t kPlanes = 12;
constexpr std::size_t kTeachers = 50;

// B4B's noise at u percent of the buckets occupied, with its code's constants, as a share of what it is at 80%.
double b4b(double share) {
  constexpr double kAlpha = .8, kBeta = 80, kLambda = 1e-6;
  return std::max(0.0, kLambda * std::expm1(std::log(kAlpha / kLambda) * 100 * share / kBeta)) / kAlpha;
}

std::uint16_t bucket_of(std::span<const float> point) {
  std::uint32_t bucket = 0;
  for (std::uint32_t p = 0; p < kPlanes && p < point.size(); ++p) bucket |= std::uint32_t{point[p] > 0} << p;
  return static_cast<std::uint16_t>(bucket);
}

// Without labels: the teachers are the nearest rows of the fit part, their votes are their charts, and what a query
// leaks is how little they agree.
double leakage_of(const Ground& ground, std::uint32_t row) {
  const auto& study = ground.study;
  const UsedTexts none(study.corpus);
  std::map<std::uint16_t, std::size_t> votes;
  const auto teachers = nearest_unused(study.corpus, study.split.fit, row, kTeachers, none);
  std::size_t most = 0;
  for (const auto teacher : teachers) most = std::max(most, ++votes[study.projected[teacher].chart]);
  return most > 0 ? -std::log(static_cast<double>(most) / static_cast<double>(teachers.size())) : 0;
}

// Share of half A's accounts of the purse's next age that have opened as many charts as it would have; beyond the
// widest it goes on falling as over the last tenth.
double rank_of(const PriceGround& prices, const Purse& purse, std::uint32_t chart) {
  const auto& by_age = prices.covered;
  const auto age = purse.ledger.distinct + 1;
  double opened = purse.ledger.covered() + (purse.ledger.covers(chart) ? 0.0 : 1.0);
  if (age > by_age.size()) {
    const auto last = static_cast<double>(by_age.size());
    opened -= policy::allowance_at(prices.tariff, static_cast<double>(age)) - policy::allowance_at(prices.tariff, last);
  }
  const auto& honest = by_age[std::min<std::size_t>(age, by_age.size()) - 1];
  const auto above = honest.end() - std::lower_bound(honest.begin(), honest.end(), opened);
  const double rank = static_cast<double>(above + 1) / static_cast<double>(honest.size() + 1);
  const double tail = std::max(1.0, (honest.back() - honest[honest.size() * 9 / 10]) / 2);
  return rank * std::exp(-std::max(0.0, opened - honest.back()) / tail);
}

double surcharge_of_charts(const PriceGround& prices, const Purse& purse, std::uint32_t chart) {
  if (purse.ledger.covers(chart)) return 0;
  const auto age = static_cast<double>(purse.ledger.distinct + 1);
  return std::max(0.0, purse.ledger.covered() + 1 - policy::allowance_at(prices.tariff, age));
}

double surcharge_of_mass(const PriceGround& prices, const Purse& purse, std::uint32_t chart) {
  if (purse.ledger.covers(chart)) return 0;
  const double beyond = purse.mass + prices.masses[chart] - prices.mass.value(purse.ledger.distinct + 1);
  return std::max(0.0, beyond) * static_cast<double>(prices.masses.size());
}

double ladder(double from, double poh) {
  return poh < from ? std::log(from / std::max(poh, 1e-6)) : 0;
}

}  // namespace

std::string name(RuleKind kind) {
  constexpr std::array<const char*, kRuleCount> kNames = {
      "flat", "ladder",      "charts",     "charts+ladder", "charts+ladder, fitted", "mass",
      "rank", "B4B buckets", "B4B charts", "proof of work"};
  return kNames[static_cast<std::size_t>(kind)];
}

bool uses_poh(RuleKind kind) {
  using enum RuleKind;
  return kind == ladder || kind == charts_ladder || kind == charts_ladder_fitted;
}

double Envelope::value(std::uint64_t age) const {
  if (age <= at.size()) return at[age - 1];
  const double doubling = at.back() - at[at.size() / 2 - 1];
  const double doublings = std::log2(static_cast<double>(age) / static_cast<double>(at.size()));
  return at.back() + policy::PriceOptions{}.growth * doubling * doublings;
}

Purse make_purse(const PriceGround& prices) {
  Purse purse;
  purse.ledger = *policy::make_ledger(static_cast<std::uint32_t>(prices.masses.size()));
  purse.buckets.assign(std::size_t{1} << kPlanes, false);
  return purse;
}

double price(const PriceGround& prices, const Rule& rule, const Purse& purse, std::uint32_t row, double poh) {
  const auto chart = prices.charts[row];
  double surcharge = 0;
  switch (rule.kind) {
    case RuleKind::flat: break;
    case RuleKind::ladder: surcharge = rule.scale * ladder(kLadderFrom, poh); break;
    case RuleKind::charts: surcharge = rule.scale * surcharge_of_charts(prices, purse, chart); break;
    case RuleKind::charts_ladder:
    case RuleKind::charts_ladder_fitted:
      surcharge = rule.scale * (surcharge_of_charts(prices, purse, chart) + ladder(kFlagged, poh));
      break;
    case RuleKind::mass: surcharge = rule.scale * surcharge_of_mass(prices, purse, chart); break;
    case RuleKind::rank: surcharge = rule.scale * ladder(kRankFrom, rank_of(prices, purse, chart)); break;
    case RuleKind::b4b_buckets: {
      const double occupied = purse.bucket_count + (purse.buckets[prices.buckets[row]] ? 0.0 : 1.0);
      surcharge = rule.scale * b4b(occupied / static_cast<double>(purse.buckets.size()));
      break;
    }
    case RuleKind::b4b_charts: {
      const double occupied = purse.ledger.covered() + (purse.ledger.covers(chart) ? 0.0 : 1.0);
      surcharge = rule.scale * b4b(occupied / static_cast<double>(prices.masses.size()));
      break;
    }
    case RuleKind::proof_of_work: {
      const double expected = prices.leakage_mean * static_cast<double>(purse.ledger.requests + 1);
      const double beyond = purse.leakage + prices.leakage[row] - expected;
      surcharge = std::expm1(std::min(10.0, rule.scale * std::max(0.0, beyond)));
      break;
    }
  }
  return std::clamp(1 + surcharge, 1.0, kPriceMax);
}

void pay(const PriceGround& prices, Purse& purse, std::uint32_t row, double price) {
  const auto chart = prices.charts[row];
  if (!purse.ledger.covers(chart)) purse.mass += prices.masses[chart];
  policy::enter(purse.ledger, chart, false, price);
  const auto bucket = prices.buckets[row];
  if (!purse.buckets[bucket]) purse.bucket_count += 1;
  purse.buckets[bucket] = true;
  purse.leakage += prices.leakage[row];
}

std::vector<Honest> with_poh(const Ground& ground, std::span<const ComposedAccount> accounts, unsigned threads) {
  std::vector<Honest> made(accounts.size());
  Progress progress("honest accounts", "accounts", accounts.size());
  pipeline::parallel_for(accounts.size(), threads, [&](unsigned, std::size_t i) {
    made[i] = {accounts[i].kind, accounts[i].rows, poh_of(ground, accounts[i].rows)};
    progress.advance(1);
  });
  return made;
}

PriceGround make_price_ground(const Ground& ground, std::span<const ComposedAccount> half_a, unsigned threads) {
  PriceGround prices;
  prices.tariff = pipeline::tariff(ground.model);
  const auto& study = ground.study;
  for (const auto& projected : study.projected) prices.charts.push_back(projected.chart);
  for (const auto& chart : study.atlas.charts) prices.masses.push_back(std::exp(chart.log_density));
  const double all = std::accumulate(prices.masses.begin(), prices.masses.end(), 0.0);
  for (double& mass : prices.masses) mass /= all;
  for (std::uint32_t row = 0; row < study.corpus.rows.size(); ++row) {
    prices.buckets.push_back(bucket_of(study.corpus.point(row)));
  }
  prices.leakage.resize(study.corpus.rows.size());
  pipeline::parallel_for(prices.leakage.size(), threads, [&](unsigned, std::size_t row) {
    prices.leakage[row] = leakage_of(ground, static_cast<std::uint32_t>(row));
  });
  std::vector<std::vector<double>> masses;
  double leaked = 0, requests = 0;
  for (const auto& account : half_a) {
    auto purse = make_purse(prices);
    for (std::size_t i = 0; i < account.rows.size(); ++i) {
      pay(prices, purse, account.rows[i], 1);
      if (masses.size() <= i) masses.emplace_back(), prices.covered.emplace_back();
      masses[i].push_back(purse.mass);
      prices.covered[i].push_back(purse.ledger.covered());
    }
    leaked += purse.leakage;
    requests += static_cast<double>(account.rows.size());
  }
  prices.leakage_mean = leaked / std::max(1.0, requests);
  for (auto& one : masses) prices.mass.at.push_back(quantile(one, kLevel));
  for (auto& one : prices.covered) std::sort(one.begin(), one.end());
  return prices;
}

double surcharge(const PriceGround& prices, const Rule& rule, const Honest& account, std::size_t requests) {
  auto purse = make_purse(prices);
  const std::size_t count = std::min(requests, account.rows.size());
  double paid = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double charged = price(prices, rule, purse, account.rows[i], account.poh[i]);
    pay(prices, purse, account.rows[i], charged);
    paid += charged;
  }
  return count > 0 ? paid / static_cast<double>(count) - 1 : 0;
}

namespace {

// The worst kind's 99th percentile.
double worst_high(const Rule& rule, std::span<const Charged> seeds) {
  std::map<std::string, std::vector<double>> by_kind;
  for (const auto& [prices, honest] : seeds) {
    for (const auto& account : honest) {
      by_kind[account.kind].push_back(surcharge(*prices, rule, account, account.rows.size()));
    }
  }
  double worst = 0;
  for (const auto& [kind, values] : by_kind) worst = std::max(worst, quantile(values, .99));
  return worst;
}

}  // namespace

Rule fit_scale(RuleKind kind, std::span<const Charged> seeds) {
  if (kind == RuleKind::flat) return {kind, 0};
  // Bisection in the logarithm: surcharges do not fall as the scale rises.
  double low = std::log(kScaleMin), high = std::log(kScaleMax);
  if (worst_high({kind, kScaleMax}, seeds) <= kSurchargeHighMax) return {kind, kScaleMax};
  for (int step = 0; step < 30; ++step) {
    const double middle = (low + high) / 2;
    (worst_high({kind, std::exp(middle)}, seeds) <= kSurchargeHighMax ? low : high) = middle;
  }
  return {kind, std::exp(low)};
}

Rule rule_of(RuleKind kind, std::span<const Charged> seeds) {
  if (kind == RuleKind::charts_ladder) return {kind, policy::PriceOptions{}.steepness};
  return fit_scale(kind, seeds);
}

double quantile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto last = static_cast<double>(values.size() - 1);
  const double position = std::clamp(p * static_cast<double>(values.size()) - .5, 0.0, last);
  const auto low = static_cast<std::size_t>(position);
  const auto high = std::min(low + 1, values.size() - 1);
  return values[low] + (position - static_cast<double>(low)) * (values[high] - values[low]);
}

}  // namespace cms::lab
