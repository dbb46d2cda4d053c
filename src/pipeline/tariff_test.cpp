#include "pipeline/tariff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "pipeline/model_example.hpp"
#include "pipeline/step.hpp"

namespace cms::pipeline {
namespace {

// What an account pays for a stream beyond one a request, by the ledger of its charts.
double surcharge(const Model& model, const policy::Tariff& tariff, const Stream& stream) {
  auto ledger = *policy::make_ledger(model.atlas.chart_count());
  std::vector<Projected> projected(stream.size());
  atlas::ProjectScratch scratch;
  atlas::project(model.atlas, stream.values, scratch, projected);
  double paid = 0;
  for (const auto& one : projected) paid += policy::charge(tariff, ledger, one.chart, false, Score{});
  return paid - static_cast<double>(stream.size());
}

TEST(Tariff, has_a_knot_for_every_age_bin_and_its_ages_and_charts_ascend) {
  const auto model = example_model();
  const auto made = tariff(model);
  ASSERT_EQ(made.allowance.size(), model.calibration.tables.size());
  EXPECT_TRUE(std::ranges::is_sorted(made.allowance, {}, &policy::Knot::age));
  EXPECT_TRUE(std::ranges::is_sorted(made.allowance, {}, &policy::Knot::charts));
  EXPECT_GT(made.allowance.front().age, 16);
  EXPECT_LE(made.allowance.back().age, model.calibration.horizon);
}

TEST(Tariff, has_no_knot_where_nothing_was_evaluated) {
  auto model = example_model();
  model.calibration.options.stride = 8;
  std::vector<double> ages;
  for (const auto& knot : tariff(model).allowance) ages.push_back(knot.age);
  ASSERT_EQ(ages.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto evaluated = 16 + 8 * static_cast<std::uint32_t>(i);
    EXPECT_EQ(score::age_bin(static_cast<std::uint32_t>(ages[i])), score::age_bin(evaluated));
  }
}

TEST(Tariff, of_a_model_with_one_age_bin_is_flat_beyond_it) {
  auto model = example_model();
  model.calibration.tables.resize(1);
  model.calibration.horizon = 16;
  const auto made = tariff(model);
  ASSERT_EQ(made.allowance.size(), 1U);
  EXPECT_EQ(policy::allowance_at(made, 10), 10);
  EXPECT_EQ(policy::allowance_at(made, 1'000), policy::allowance_at(made, 100));
}

// The calibration accounts of example_model(), drawn as it draws them, without repeats of one point.
TEST(Tariff, charges_half_of_the_accounts_it_was_calibrated_on_nothing) {
  const auto model = example_model();
  const auto made = tariff(model, {.steepness = 10});
  std::vector<double> surcharges;
  for (std::uint64_t account = 0; account < 90; ++account) {
    surcharges.push_back(surcharge(model, made, example_stream(model, 100 + account, 40)));
  }
  std::ranges::sort(surcharges);
  EXPECT_EQ(surcharges[45], 0);
  EXPECT_EQ(surcharges.front(), 0);
}

TEST(Tariff, finds_in_a_state_the_ledger_that_entering_its_requests_makes) {
  const auto model = example_model();
  const auto stream = example_stream(model, 5, 80);
  auto state = make_account(model);
  auto entered = *policy::make_ledger(model.atlas.chart_count());
  Scratch scratch;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    const auto distinct = state.window.distinct;
    step(model, state, stream.row(i), 0, scratch);
    policy::enter(entered, scratch.projected[0].chart, state.window.distinct == distinct, 1);
  }
  EXPECT_GT(entered.requests, entered.distinct);
  EXPECT_EQ(*ledger_of(state), entered);
}

TEST(Tariff, charges_an_account_that_opens_a_chart_with_every_request) {
  const auto model = example_model();
  const auto made = tariff(model, {.steepness = 10});
  auto ledger = *policy::make_ledger(model.atlas.chart_count());
  double paid = 0;
  for (std::uint32_t chart = 0; chart < model.atlas.chart_count(); ++chart) {
    paid += policy::charge(made, ledger, chart, false, Score{});
  }
  EXPECT_GT(paid, 2 * model.atlas.chart_count());
}

}  // namespace
}  // namespace cms::pipeline
