#include "policy/price.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cms::policy {
namespace {

// Between two knots, linear in the logarithm of age.
double between(const Knot& a, const Knot& b, double age) {
  const double share = std::log(age / a.age) / std::log(b.age / a.age);
  return a.charts + share * (b.charts - a.charts);
}

// Between the knots; `age` is at least that of the first.
double interpolated(const std::vector<Knot>& knots, double age) {
  const auto after = std::find_if(knots.begin(), knots.end(), [&](const Knot& knot) { return knot.age > age; });
  return after == knots.end() ? knots.back().charts : between(*(after - 1), *after, age);
}

double surcharge_of_poh(const PriceOptions& options, const Score& score) {
  if (!score.computed || !(options.ladder > 0) || score.poh >= options.poh) return 0;
  // What lies below a millionth is no longer told apart.
  return options.ladder * std::log(options.poh / std::max(score.poh, 1e-6));
}

double with_surcharge(const PriceOptions& options, double surcharge) {
  return std::clamp(1 + surcharge, 1.0, std::max(1.0, options.price_max));
}

}  // namespace

double allowance_at(const Tariff& tariff, double age) {
  const auto& knots = tariff.allowance;
  if (knots.empty()) return std::numeric_limits<double>::infinity();
  const auto& first = knots.front();
  const auto& last = knots.back();
  if (age <= first.age) return age;
  double charts = interpolated(knots, std::min(age, last.age));
  if (age > last.age && last.age / 2 >= first.age) {
    const double doubling = last.charts - interpolated(knots, last.age / 2);
    charts += tariff.options.growth * doubling * std::log2(age / last.age);
  }
  return std::max(first.age, tariff.options.slack * charts);
}

double price(const Tariff& tariff, const Ledger& ledger, std::uint32_t chart, bool repeat, const Score& score) {
  if (!repeat && !ledger.covers(chart)) return price_of_new_chart(tariff, ledger, score);
  return with_surcharge(tariff.options, surcharge_of_poh(tariff.options, score));
}

double price_of_new_chart(const Tariff& tariff, const Ledger& ledger, const Score& score) {
  return price_of_new_chart(tariff, ledger.covered(), ledger.distinct, score);
}

double price_of_new_chart(const Tariff& tariff, std::uint32_t covered, std::uint64_t distinct, const Score& score) {
  const auto& options = tariff.options;
  const double beyond = covered + 1 - allowance_at(tariff, static_cast<double>(distinct + 1));
  return with_surcharge(options, surcharge_of_poh(options, score) + options.steepness * std::max(0.0, beyond));
}

double charge(const Tariff& tariff, Ledger& ledger, std::uint32_t chart, bool repeat, const Score& score) {
  const double charged = price(tariff, ledger, chart, repeat, score);
  enter(ledger, chart, repeat, charged);
  return charged;
}

}  // namespace cms::policy
