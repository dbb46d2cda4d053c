// The degradation ladder keeps the promise: honest accounts fall to PoH <= a no more often when work is shed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pipeline/admission.hpp"
#include "pipeline/model_example.hpp"
#include "pipeline/step.hpp"

namespace cms::pipeline {
namespace {

// Requests: the horizon, which is as far as the promise goes.
constexpr std::size_t kCalibration = 500, kHonest = 600, kRequests = 40, kCalibrated = 60;

// As example_model(), calibrated on many accounts, so that a share can be told.
Model calibrated_model() {
  auto model = example_model();
  const auto window = window_options(model);
  std::vector<score::Trajectory> trajectories;
  Scratch scratch;
  for (std::size_t account = 0; account < kCalibration; ++account) {
    const auto stream = example_stream(model, 10'000 + account, kCalibrated);
    std::vector<Projected> projected(stream.size());
    std::vector<const Projected*> requests;
    atlas::project(model.atlas, stream.values, scratch.project, projected);
    for (const auto& one : projected) requests.push_back(&one);
    trajectories.push_back(trajectory(model.atlas, window, {}, requests, scratch));
    trajectories.back().account = fmt::format("a{}", account);
  }
  model.calibration = *score::calibrate(trajectories, 40, {});
  return model;
}

constexpr std::uint32_t kRungs = 4, kSampled = 3;

// The least PoH that each honest account ever had, at a rung.
std::vector<double> lowest_pohs(const Model& model, std::uint32_t rung) {
  Scratch scratch;
  std::vector<double> lowest;
  for (std::size_t account = 0; account < kHonest; ++account) {
    const auto stream = example_stream(model, 90'000 + account, kRequests);
    std::vector<Projected> projected(stream.size());
    atlas::project(model.atlas, stream.values, scratch.project, projected);
    auto state = make_account(model);
    double poh = 1;
    for (std::size_t i = 0; i < projected.size(); ++i) {
      if (rung == kSampled && poh > kCleanPoh && is_left_out(account, i)) continue;
      advance(model, state, projected[i], static_cast<double>(i), scratch, effort_at(rung, model, state));
      poh = score_at(model, state, static_cast<double>(i)).poh;
    }
    lowest.push_back(state.score.poh_min);
  }
  return lowest;
}

TEST(Rungs, keep_the_promise_to_honest_accounts) {
  const auto model = calibrated_model();
  for (std::uint32_t rung = 0; rung < kRungs; ++rung) {
    const auto lowest = lowest_pohs(model, rung);
    for (const double a : {.05, .01}) {
      // The share is of kHonest accounts, ranked among half of the calibration accounts: both are chance.
      const double chance = std::sqrt(a * (1 - a) * (1.0 / kHonest + 2.0 / kCalibration));
      const auto fallen = std::ranges::count_if(lowest, [&](double poh) { return poh <= a; });
      const double share = static_cast<double>(fallen) / kHonest;
      EXPECT_LE(share, a + 3 * chance) << "rung " << rung;
      RecordProperty(fmt::format("rung {} at {}", rung, a), fmt::format("{:.4f}", share));
    }
  }
}

TEST(Rungs, the_last_leaves_out_its_share_of_accounts_that_come_in_turn_and_of_every_tap) {
  constexpr std::uint64_t kBatches = 2'000, kPlaces = 64;
  for (const std::uint64_t turn : {2U, 16U, 18U}) {  // of accounts in a batch, and of taps
    std::size_t by_account = 0, by_tap = 0;
    for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
      for (std::uint64_t place = 0; place < kPlaces; ++place) {
        by_account += (batch * kPlaces + place) % turn == 1 && is_left_out(batch, place) ? 1 : 0;
        by_tap += batch % turn == 1 && is_left_out(batch, place) ? 1 : 0;
      }
    }
    const double each = static_cast<double>(kBatches * kPlaces) / static_cast<double>(turn);
    const double share = 1.0 / kLeftOutOneOf, chance = std::sqrt(share * (1 - share) / each);
    EXPECT_NEAR(static_cast<double>(by_account) / each, share, 4 * chance) << turn;
    EXPECT_NEAR(static_cast<double>(by_tap) / each, share, 4 * chance) << turn;
  }
}

// Sixteen taps in turn, and every account always at one place of its tap's batches: by the sum of both numbers some
// would lose everything and others nothing.
TEST(Rungs, the_last_leaves_out_its_share_of_every_place_of_every_tap) {
  constexpr std::uint64_t kTaps = 16, kPlaces = 64, kBatchesEach = 2'000;
  const double share = 1.0 / kLeftOutOneOf, chance = std::sqrt(share * (1 - share) / kBatchesEach);
  for (std::uint64_t tap = 0; tap < kTaps; ++tap) {
    for (std::uint64_t place = 0; place < kPlaces; ++place) {
      std::size_t left_out = 0;
      for (std::uint64_t turn = 0; turn < kBatchesEach; ++turn) {
        left_out += is_left_out(turn * kTaps + tap, place) ? 1 : 0;
      }
      EXPECT_NEAR(static_cast<double>(left_out) / kBatchesEach, share, 5 * chance) << tap << ", " << place;
    }
  }
}

TEST(Rungs, the_first_measures_h1_at_every_eighth_evaluation_of_an_account_whatever_is_repeated) {
  for (const std::uint32_t stride : {1U, 3U, 8U}) {
    const auto model = with(example_model(), 32, 40, stride);
    const auto stream = example_stream(model, 6, 500);
    Scratch scratch;
    std::vector<Projected> projected(stream.size());
    atlas::project(model.atlas, stream.values, scratch.project, projected);
    auto state = make_account(model);
    std::size_t evaluations = 0, measured = 0, repeats = 0;
    for (const auto& request : projected) {
      const auto distinct = state.window.distinct, evaluated = state.score.distinct;
      advance(model, state, request, 0, scratch, effort_at(1, model, state));
      repeats += state.window.distinct == distinct ? 1 : 0;
      if (state.score.distinct == evaluated) continue;  // of nothing, or of repetition alone
      ++evaluations;
      const bool held = state.reading.held.test(static_cast<std::size_t>(Measure::h1_total));
      measured += state.reading.has(Measure::h1_total) && !held ? 1 : 0;
    }
    EXPECT_GT(repeats, 50U);
    EXPECT_NEAR(double(measured), double(evaluations) / kH1Every, 1) << "stride " << stride;
  }
}

TEST(Rungs, a_held_measure_keeps_its_value_and_lowers_completeness) {
  const auto model = example_model();
  const auto stream = example_stream(model, 3, 60);
  Scratch scratch;
  std::vector<Projected> projected(stream.size());
  atlas::project(model.atlas, stream.values, scratch.project, projected);
  auto state = make_account(model);
  bool held = false;
  for (std::size_t i = 0; i < projected.size(); ++i) {
    const auto before = state.reading;
    const auto evaluations = state.score.evaluations;
    advance(model, state, projected[i], 0, scratch, i % 8 == 0 ? Effort::full : Effort::without_h1);
    if (!state.reading.held.test(static_cast<std::size_t>(Measure::h1_total))) continue;
    if (state.score.evaluations == evaluations) continue;
    held = true;
    EXPECT_EQ(state.reading[Measure::h1_total], before[Measure::h1_total]);
    EXPECT_LT(state.score.completeness, 1);
    const auto bytes = encode(model, state);
    const auto decoded = decode(model, bytes);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->reading.held, state.reading.held);
    EXPECT_EQ(encode(model, *decoded), bytes);
  }
  EXPECT_TRUE(held) << "nothing was shed: the test tells nothing";
}

TEST(Rungs, after_work_was_shed_a_full_reading_is_what_it_would_have_been) {
  const auto model = example_model();
  const auto stream = example_stream(model, 4, 120);
  Scratch scratch;
  std::vector<Projected> projected(stream.size());
  atlas::project(model.atlas, stream.values, scratch.project, projected);
  auto shed = make_account(model), full = make_account(model);
  for (std::size_t i = 0; i < projected.size(); ++i) {
    const auto distinct = full.window.distinct;
    advance(model, full, projected[i], 0, scratch);
    advance(model, shed, projected[i], 0, scratch, i % 8 == 7 ? Effort::full : Effort::without_h1);
    if (i % 8 != 7 || full.window.distinct == distinct) continue;  // a repeat measures repetition alone
    EXPECT_EQ(shed.reading.values, full.reading.values) << "request " << i;
  }
}

}  // namespace
}  // namespace cms::pipeline
