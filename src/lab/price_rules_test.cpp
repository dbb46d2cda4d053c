#include "lab/price_rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/random.hpp"

namespace cms::lab {
namespace {

constexpr std::uint32_t kCharts = 64;
constexpr std::uint32_t kRows = 2'000;
constexpr std::size_t kAge = 80;

// Rows that lie anywhere in 64 charts and in as many buckets, and honest accounts that keep to a third of them.
class PriceRules : public testing::Test {
 protected:
  PriceRules() {
    Random random(1);
    prices_.masses.assign(kCharts, 1.0 / kCharts);
    for (std::uint32_t row = 0; row < kRows; ++row) {
      prices_.charts.push_back(static_cast<std::uint16_t>(random.below(kCharts)));
      prices_.buckets.push_back(static_cast<std::uint16_t>(random.below(4'096)));
      prices_.leakage.push_back(random.uniform());
    }
    prices_.leakage_mean = .5;
    prices_.tariff.allowance = {{8, 8}, {20, 13}, {40, 17}, {80, 21}};
    for (std::size_t age = 1; age <= kAge; ++age) {
      const double free = policy::allowance_at(prices_.tariff, static_cast<double>(age));
      prices_.mass.at.push_back(free / kCharts);
      prices_.covered.emplace_back();
      for (int i = 0; i < 50; ++i) prices_.covered.back().push_back(std::floor(free * (.5 + .01 * i)));
    }
    for (int account = 0; account < 60; ++account) {
      Honest one{"kind", {}, {}};
      const auto first = static_cast<std::uint16_t>(random.below(kCharts));
      while (one.rows.size() < kAge) {
        const auto row = static_cast<std::uint32_t>(random.below(kRows));
        const auto apart = static_cast<std::uint16_t>((prices_.charts[row] - first + kCharts) % kCharts);
        if (apart < kCharts / 3) one.rows.push_back(row);
      }
      one.poh.assign(kAge, account == 0 ? .02 : 1);
      honest_.push_back(std::move(one));
    }
  }

  [[nodiscard]] Rule fitted(RuleKind kind) const {
    const Charged all{&prices_, honest_};
    return fit_scale(kind, {&all, 1});
  }
  [[nodiscard]] Rule shown(RuleKind kind) const {
    const Charged all{&prices_, honest_};
    return rule_of(kind, {&all, 1});
  }
  // What the dearest hundredth pays.
  [[nodiscard]] double high(const Rule& rule) const {
    std::vector<double> surcharges;
    for (const auto& account : honest_) surcharges.push_back(surcharge(prices_, rule, account, kAge));
    return quantile(surcharges, .99);
  }

  PriceGround prices_;
  std::vector<Honest> honest_;
};

TEST_F(PriceRules, never_charge_less_than_one_nor_more_than_a_hundred) {
  Random random(2);
  for (std::size_t r = 0; r < kRuleCount; ++r) {
    for (const double scale : {0.0, .1, 10.0, 1e8}) {
      auto purse = make_purse(prices_);
      const Rule rule{static_cast<RuleKind>(r), scale};
      for (int i = 0; i < 200; ++i) {
        const auto row = static_cast<std::uint32_t>(random.below(kRows));
        const double charged = price(prices_, rule, purse, row, random.uniform() * .1);
        ASSERT_GE(charged, 1) << name(rule.kind);
        ASSERT_LE(charged, 100) << name(rule.kind);
        ASSERT_TRUE(scale > 0 || charged == 1) << name(rule.kind);
        pay(prices_, purse, row, charged);
      }
    }
  }
}

TEST_F(PriceRules, charge_what_the_product_charges_where_the_rule_is_the_products) {
  Random random(3);
  auto tariff = prices_.tariff;
  tariff.options.steepness = tariff.options.ladder = .3;
  auto purse = make_purse(prices_);
  bool dearer = false;
  for (int i = 0; i < 300; ++i) {
    const auto row = static_cast<std::uint32_t>(random.below(kRows));
    Score score;
    score.computed = true;
    score.poh = random.uniform() * .02;
    const double charged = price(prices_, {RuleKind::charts_ladder, .3}, purse, row, score.poh);
    EXPECT_NEAR(charged, policy::price(tariff, purse.ledger, prices_.charts[row], false, score), 1e-12);
    dearer = dearer || charged > 2;
    pay(prices_, purse, row, charged);
  }
  EXPECT_TRUE(dearer);
}

TEST_F(PriceRules, have_the_products_scale_where_the_rule_is_the_products) {
  EXPECT_EQ(shown(RuleKind::charts_ladder).scale, policy::PriceOptions{}.steepness);
  EXPECT_EQ(policy::PriceOptions{}.ladder, policy::PriceOptions{}.steepness);
}

TEST_F(PriceRules, show_the_products_rule_at_the_scale_that_the_bound_gives_too) {
  const auto rule = shown(RuleKind::charts_ladder_fitted);
  EXPECT_EQ(rule.scale, fitted(RuleKind::charts_ladder).scale);
  EXPECT_GT(std::abs(rule.scale - policy::PriceOptions{}.steepness), .01);
  EXPECT_NEAR(high(rule), kSurchargeHighMax, 1e-6);
  for (const auto& account : honest_) {
    EXPECT_EQ(surcharge(prices_, rule, account, kAge),
              surcharge(prices_, {RuleKind::charts_ladder, rule.scale}, account, kAge));
  }
}

TEST_F(PriceRules, keep_the_dearest_hundredth_of_honest_accounts_at_a_tenth_and_use_it_up) {
  for (std::size_t r = 1; r < kRuleCount; ++r) {
    const auto rule = fitted(static_cast<RuleKind>(r));
    EXPECT_LT(rule.scale, kScaleMax) << name(rule.kind);
    EXPECT_LE(high(rule), kSurchargeHighMax) << name(rule.kind);
    EXPECT_NEAR(high(rule), kSurchargeHighMax, 1e-6) << name(rule.kind);
  }
}

TEST_F(PriceRules, are_fitted_to_the_accounts_of_all_seeds_together) {
  const std::array<Charged, 2> halves = {
      Charged{&prices_, std::span(honest_).first(20)}, Charged{&prices_, std::span(honest_).subspan(20)}};
  auto dear = prices_;
  dear.tariff.allowance = {{8, 8}, {80, 9}};
  const std::array<Charged, 2> other_prices = {halves[0], Charged{&dear, halves[1].honest}};
  EXPECT_EQ(fit_scale(RuleKind::charts, halves).scale, fitted(RuleKind::charts).scale);
  EXPECT_LT(fit_scale(RuleKind::charts, other_prices).scale, fitted(RuleKind::charts).scale);
}

TEST_F(PriceRules, charge_an_account_something_at_every_scale_or_at_none) {
  for (std::size_t r = 1; r < kRuleCount; ++r) {
    const auto kind = static_cast<RuleKind>(r);
    for (const auto& account : honest_) {
      const bool pays = surcharge(prices_, {kind, 1}, account, kAge) > 0;
      EXPECT_EQ(surcharge(prices_, {kind, .01}, account, kAge) > 0, pays) << name(kind);
      EXPECT_EQ(surcharge(prices_, {kind, 100}, account, kAge) > 0, pays) << name(kind);
    }
  }
}

TEST_F(PriceRules, cost_a_wider_account_no_less_by_every_rule_that_counts_what_it_has_opened) {
  std::vector<std::uint32_t> wide, narrow;
  for (std::uint32_t row = 0; row < kAge; ++row) wide.push_back(row);
  for (std::uint32_t row = 0; narrow.size() < kAge; ++row) {
    if (prices_.charts[row] < 8) narrow.push_back(row);
  }
  const std::vector<double> poh(kAge, 1.0);
  using enum RuleKind;
  for (const auto kind : {charts, charts_ladder, charts_ladder_fitted, mass, rank, b4b_charts}) {
    const Rule rule{kind, .5};
    EXPECT_GT(surcharge(prices_, rule, {"", wide, poh}, kAge), surcharge(prices_, rule, {"", narrow, poh}, kAge))
        << name(kind);
  }
}

TEST(Quantile, interpolates_between_order_statistics) {
  EXPECT_EQ(quantile({}, .5), 0);
  EXPECT_EQ(quantile({3}, .99), 3);
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, .5), 2.5);
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 1), 4);
}

}  // namespace
}  // namespace cms::lab
