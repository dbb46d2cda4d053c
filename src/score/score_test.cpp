#include "score/score.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.hpp"
#include "score/calibration.hpp"
#include "score/plain_example.hpp"

namespace cms::score {
namespace {

constexpr std::uint32_t kHorizon = 96;

// A made-up honest account: each measure is a persistent trait of the account plus noise; charts grow with age.
Trajectory honest(Random& random, std::string name, const Options& options, std::uint32_t requests = kHorizon,
                  double shift = 0, double spread = 1) {
  Trajectory trajectory;
  trajectory.account = std::move(name);
  trajectory.requests = requests;
  const double breadth = random.gamma(4) / 4 + shift;
  const double trait = spread * random.normal();
  for (std::uint32_t n = 1; n <= requests; ++n) {
    if (!on_grid(options, n)) continue;
    Reading reading;
    for (std::size_t m = 0; m < kMeasureCount; ++m)
      reading.set(static_cast<Measure>(m), trait + random.normal() + shift);
    reading.set(Measure::charts_horizon, std::floor(breadth * std::sqrt(n)));
    trajectory.observations.push_back({n, n, reading});
  }
  return trajectory;
}

std::vector<Trajectory> population(Random& random, std::size_t count, const Options& options, std::string prefix) {
  std::vector<Trajectory> accounts;
  for (std::size_t i = 0; i < count; ++i) accounts.push_back(honest(random, fmt::format("{}{}", prefix, i), options));
  return accounts;
}

double poh_min(const Calibration& calibration, const Trajectory& trajectory) {
  State state;
  for (const auto& observation : trajectory.observations) update(calibration, state, observation, 0);
  return state.poh_min;
}

TEST(Calibration, keeps_its_promise_for_freshly_drawn_honest_accounts) {
  // Averaged over many calibrations, P(lowest PoH <= a) <= a; with the sampling error of 40 x 100 accounts.
  const Options options{.stride = 8};
  Random random(11);
  const std::vector<double> levels = {.01, .05, .10, .25};
  std::vector<double> hits(levels.size());
  double accounts = 0;
  for (int round = 0; round < 40; ++round) {
    const auto calibration =
        *calibrate(population(random, 250, options, fmt::format("c{}-", round)), kHorizon, options);
    for (int i = 0; i < 100; ++i) {
      const double poh = poh_min(calibration, honest(random, "fresh", options));
      for (std::size_t k = 0; k < levels.size(); ++k) hits[k] += poh <= levels[k] ? 1 : 0;
      ++accounts;
    }
  }
  for (std::size_t k = 0; k < levels.size(); ++k) {
    const double share = hits[k] / accounts;
    // Accounts of one calibration share its luck: the ranks of 100 accounts among 125 vary about 1.5 times as much.
    const double error = 3 * 1.5 * std::sqrt(levels[k] * (1 - levels[k]) / accounts);
    EXPECT_LE(share, levels[k] + error) << levels[k];
    EXPECT_GE(share, levels[k] / 3) << "far below the level: the score wastes its power at " << levels[k];
  }
}

TEST(Calibration, holds_for_accounts_older_than_the_horizon_period_by_period) {
  // Evidence goes on gathering after the horizon, most where that is short. Among accounts that are alike every one
  // would then rise above all M_i.
  constexpr double kAlike = 0.1;
  constexpr std::uint32_t horizon = 48;
  constexpr int accounts = 300;
  const Options options{.stride = 4};
  Random random(12);
  std::vector<Trajectory> calibrating;
  for (int i = 0; i < 600; ++i)
    calibrating.push_back(honest(random, fmt::format("c{}", i), options, horizon, 0, kAlike));
  const auto calibration = *calibrate(calibrating, horizon, options);
  for (const std::uint32_t periods : {2U, 8U}) {
    int flagged = 0;
    for (int i = 0; i < accounts; ++i) {
      auto account = honest(random, "old", options, horizon * periods, 0, kAlike);
      for (auto& observation : account.observations) {
        // Breadth of an older account is counted over the last H requests, so it stays as it was at H.
        if (observation.requests <= horizon) continue;
        const auto& at_horizon = account.observations[(horizon - options.min_requests) / options.stride].reading;
        observation.reading.set(Measure::charts_horizon, at_horizon[Measure::charts_horizon]);
      }
      flagged += poh_min(calibration, account) <= kFlagged ? 1 : 0;
    }
    // The promise is per H requests, so so many periods may use so many times the level.
    const double expected = accounts * kFlagged * periods;
    EXPECT_LE(flagged, expected + 3 * std::sqrt(expected)) << periods;
  }
}

TEST(Calibration, each_group_keeps_its_own_promise) {
  const Options options{.stride = 8};
  Random random(13);
  std::vector<Trajectory> accounts;
  for (int i = 0; i < 600; ++i) {
    const bool batch = i % 4 == 0;
    accounts.push_back(honest(random, fmt::format("g{}", i), options, kHorizon, batch ? 1.5 : 0));
    accounts.back().group = batch ? "batch" : "people";
  }
  const auto calibration = *calibrate(accounts, kHorizon, options);
  ASSERT_EQ(calibration.rankings.size(), 2u);
  int flagged = 0;
  for (int i = 0; i < 400; ++i)
    flagged += poh_min(calibration, honest(random, "b", options, kHorizon, 1.5)) <= .05 ? 1 : 0;
  EXPECT_LE(flagged, 400 * .05 + 4 * std::sqrt(400 * .05));
}

TEST(Calibration, ranking_accounts_do_not_touch_the_evidence_function) {
  const Options options{.stride = 8};
  Random random(14);
  auto accounts = population(random, 300, options, "c");
  const auto before = *calibrate(accounts, kHorizon, options);
  for (auto& account : accounts) {
    if (!in_ranking_half(account.account)) continue;
    for (auto& observation : account.observations) observation.reading.values.fill(40);
  }
  const auto after = *calibrate(accounts, kHorizon, options);
  const auto probe = honest(random, "probe", options);
  EXPECT_EQ(greatest_evidence(before, probe), greatest_evidence(after, probe));
  EXPECT_LT(before.rankings.at("").greatest.back(), after.rankings.at("").greatest.back());
}

TEST(Calibration, too_few_accounts_are_refused_and_the_message_says_how_many_are_needed) {
  const Options options{.stride = 8};
  Random random(15);
  const auto result = calibrate(population(random, 30, options, "c"), kHorizon, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::bad_input);
  EXPECT_NE(result.error().message.find("60"), std::string::npos) << result.error().message;
  EXPECT_FALSE(choose_horizon(std::vector<std::uint32_t>(59, 100), options));
  EXPECT_TRUE(choose_horizon(std::vector<std::uint32_t>(60, 100), options));
  EXPECT_FALSE(choose_horizon(std::vector<std::uint32_t>(300, 5), options));
}

TEST(Calibration, the_horizon_is_the_greatest_age_a_hundred_accounts_reach) {
  std::vector<std::uint32_t> lengths;
  for (std::uint32_t i = 0; i < 500; ++i) lengths.push_back(20 + i);
  EXPECT_EQ(*choose_horizon(lengths, {}), 420u);
}

TEST(Calibration, survives_its_bytes_and_every_truncation_is_noticed) {
  const Options options{.stride = 8};
  Random random(16);
  const auto calibration = *calibrate(population(random, 120, options, "c"), kHorizon, options);
  ByteWriter out;
  encode(calibration, out);
  ByteReader in(out.bytes());
  const auto back = decode(in);
  ASSERT_TRUE(back) << back.error().message;
  const auto probe = honest(random, "probe", options);
  EXPECT_EQ(poh_min(*back, probe), poh_min(calibration, probe));
  for (std::size_t size = 0; size < out.bytes().size(); size += 97) {
    ByteReader cut{std::span<const std::uint8_t>(out.bytes()).first(size)};
    EXPECT_FALSE(decode(cut));
  }
}

TEST(Calibration, of_another_evidence_version_is_refused_with_what_to_do) {
  Random random(18);
  const Options options{.stride = 8};
  ByteWriter out;
  encode(*calibrate(population(random, 120, options, "c"), kHorizon, options), out);
  for (const std::uint8_t version : {std::uint8_t{3}, std::uint8_t{6}}) {
    auto bytes = out.bytes();
    bytes[0] = version;
    ByteReader in(bytes);
    const auto back = decode(in);
    ASSERT_FALSE(back);
    EXPECT_NE(back.error().message.find("fit again"), std::string::npos);
  }
}

class Scored : public testing::Test {
 protected:
  void SetUp() override { calibration_ = *calibrate(population(random_, 400, options_, "c"), kHorizon, options_); }
  double poh(double time = 0) const { return score_at(calibration_, state_, state_.requests, time).poh; }
  // Goes on for `requests` requests, shifted by so many standard deviations.
  void go_on(std::uint32_t requests, double shift, double seconds_each = 0) {
    const auto account = honest(random_, "x", {.min_requests = 1, .stride = 1}, requests, shift);
    for (auto observation : account.observations) {
      observation.requests = observation.distinct = static_cast<std::uint32_t>(state_.requests) + 1;
      time_ += seconds_each;
      if (on_grid(options_, observation.requests))
        update(calibration_, state_, observation, time_);
      else
        state_.requests = observation.requests;
    }
  }
  Options options_{.stride = 1};
  Random random_{17};
  Calibration calibration_;
  State state_;
  double time_ = 0;
};

TEST_F(Scored, falls_as_extraction_goes_on_and_recovers_under_honest_use) {
  go_on(200, 0);
  const double before = poh();
  go_on(60, 4);
  const double during = poh();
  go_on(400, 0);
  const double after = poh();
  EXPECT_LT(during, kFlagged);
  EXPECT_LT(during, before);
  EXPECT_GT(after, 0.05);
  EXPECT_LE(state_.poh_min, during) << "the lowest PoH is remembered";
  EXPECT_GE(state_.requests_at_min, 200u);
}

TEST_F(Scored, a_narrow_spell_before_extraction_does_not_buy_it_time) {
  const auto flagged_after = [&](double shift_before) {
    state_ = {};
    go_on(300, shift_before);
    std::uint32_t requests = 0;
    for (; requests < 300 && poh() > kFlagged; requests += 4) go_on(4, 4);
    return requests;
  };
  const auto as_people_do = flagged_after(0);
  EXPECT_LT(as_people_do, 100u);
  EXPECT_LE(flagged_after(-6), as_people_do + 30);
}

TEST_F(Scored, rest_makes_up_for_no_request_that_was_narrower_than_a_persons) {
  go_on(200, -6);
  auto rested = state_;
  const auto next = honest(random_, "x", {.min_requests = 201, .stride = 1}, 201, 4).observations.front();
  update(calibration_, state_, next, time_);
  update(calibration_, rested, next, time_ + 30 * 24 * 3600);
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    if (static_cast<Channel>(c) == Channel::coherence) continue;  // either sign of it is evidence, and is forgotten
    EXPECT_LE(rested.sums[c], state_.sums[c]) << c;
  }
}

TEST_F(Scored, recovers_when_idle_without_anything_being_written) {
  go_on(100, 4, 1);
  const double now = poh(time_);
  double last = now;
  for (double hours = 24; hours < 24 * 60; hours *= 2) {
    const double later = poh(time_ + hours * 3600);
    EXPECT_GE(later, last);
    last = later;
  }
  EXPECT_LT(now, kFlagged);
  EXPECT_GT(last, 0.5);
  EXPECT_EQ(poh(time_), now);
}

TEST_F(Scored, a_clock_that_goes_back_changes_nothing) {
  go_on(100, 2, 1);
  EXPECT_EQ(poh(time_ - 1e6), poh(time_));
}

TEST_F(Scored, rank_falls_in_evidence_without_a_step_up_and_marks_the_tail) {
  const auto& greatest = calibration_.rankings.at("").greatest;
  double last = 1;
  bool extrapolated = false;
  for (double evidence = 0; evidence < 3 * greatest.back(); evidence += greatest.back() / 500) {
    const auto ranked = rank(calibration_, evidence);
    EXPECT_LE(ranked.poh, last);
    EXPECT_GT(ranked.poh, 0);
    EXPECT_EQ(ranked.extrapolated, evidence > greatest.back());
    extrapolated |= ranked.extrapolated;
    last = ranked.poh;
  }
  EXPECT_TRUE(extrapolated);
  EXPECT_EQ(rank(calibration_, 0).poh, 1);
  const double n = static_cast<double>(greatest.size());
  EXPECT_NEAR(rank(calibration_, greatest.back() * (1 + 1e-12)).poh, 1 / (n + 1), 1e-6);
}

TEST_F(Scored, says_not_computed_and_why_before_the_first_evaluation) {
  const auto score = score_at(calibration_, State{}, 9, 0);
  EXPECT_FALSE(score.computed);
  EXPECT_EQ(why(score), "needs 16 requests, has 9");
}

TEST_F(Scored, reasons_sum_to_one_and_name_the_channel_that_moved) {
  for (std::uint32_t n = 16; n < 80; ++n) {
    auto observation = honest(random_, "x", {.min_requests = n, .stride = 1}, n).observations.front();
    observation.reading.set(Measure::normality_raw, 30);
    observation.reading.set(Measure::normality_atlas, 30);
    update(calibration_, state_, observation, 0);
  }
  const auto score = score_at(calibration_, state_, 79, 0);
  EXPECT_NEAR(std::accumulate(score.reasons.begin(), score.reasons.end(), 0.0), 1, 1e-12);
  const auto largest = std::max_element(score.reasons.begin(), score.reasons.end()) - score.reasons.begin();
  EXPECT_EQ(static_cast<Channel>(largest), Channel::mixture);
}

TEST_F(Scored, a_measure_that_was_not_made_lowers_completeness_and_adds_nothing) {
  auto observation = honest(random_, "x", options_, 16).observations.front();
  observation.reading.made.reset();
  update(calibration_, state_, observation, 0);
  EXPECT_EQ(state_.completeness, 0);
  EXPECT_EQ(score_at(calibration_, state_, 16, 0).evidence, 0);
}

TEST_F(Scored, a_decoded_state_goes_on_like_the_original) {
  go_on(90, 1, 2);
  ByteWriter out;
  encode(state_, out);
  ByteReader in(out.bytes());
  auto copy = *decode_state(in);
  const auto next = honest(random_, "x", {.min_requests = 91, .stride = 1}, 91).observations.front();
  update(calibration_, state_, next, 500);
  update(calibration_, copy, next, 500);
  EXPECT_EQ(score_at(calibration_, copy, 91, 900).poh, poh(900));
  EXPECT_EQ(copy.sums, state_.sums);
}

Bytes bytes_of(const State& state) {
  ByteWriter out;
  encode(state, out);
  return out.take();
}

// What an older program has fitted: only its ranks would be others.
void as_version_4(Calibration& calibration) {
  calibration.version = 4;
  calibration.average_scales.clear();
}

// Values that make every case of a table: on its knots, between, beside and far outside them, and none at all.
Reading hostile_reading(Random& random, const Calibration& calibration) {
  Reading reading;
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    const auto& table = calibration.tables[random.below(calibration.tables.size())][m];
    const float knot = table.knots[random.below(kKnots)];
    const auto kind = random.below(8);
    float value = knot + table.scale * static_cast<float>(random.normal());
    if (kind == 0) value = knot;
    if (kind == 1) value = std::nextafter(knot, -1e30F);
    if (kind == 2) value = knot + 1e9F * static_cast<float>(random.normal());
    if (kind == 3) value = random.below(2) == 0 ? 0.0F : -0.0F;
    if (kind == 4 && random.below(20) == 0) value = std::nanf("");
    if (kind != 5) reading.set(static_cast<Measure>(m), value);
  }
  return reading;
}

TEST(Update, equals_the_formulas_as_they_are_written_bit_for_bit) {
  Random random(23);
  std::size_t extrapolated = 0;
  for (int round = 0; round < 6; ++round) {
    const Options options{.stride = 1U + static_cast<std::uint32_t>(random.below(8)), .h_hours = 1};
    auto accounts = population(random, 120, options, "c");
    for (std::size_t i = 0; round % 2 == 1 && i < accounts.size(); ++i) accounts[i].group = i % 2 == 0 ? "a" : "b";
    // Whole numbers make flat stretches of the quantile function.
    for (auto& account : accounts) {
      for (auto& observation : account.observations) {
        for (std::size_t m = 0; m < kMeasureCount; m += 3) {
          observation.reading.values[m] = std::round(observation.reading.values[m]);
        }
      }
    }
    auto calibration = *calibrate(accounts, kHorizon, options);
    if (round == 4) calibration.rankings.begin()->second.tail_shape = 0;
    if (round >= 3) as_version_4(calibration);
    State state, expected;
    Observation observation;
    double time = 0;
    for (int i = 0; i < 3000; ++i) {
      observation.requests += 1 + static_cast<std::uint32_t>(random.below(3));
      observation.distinct += static_cast<std::uint32_t>(random.below(2));
      observation.reading = hostile_reading(random, calibration);
      // Now and then all channels far out for long, so that evidence passes everybody who ranks.
      for (std::size_t m = 0; i % 1000 >= 900 && m < kMeasureCount; ++m) {
        observation.reading.set(static_cast<Measure>(m), 1e9 * info(static_cast<Measure>(m)).sign);
      }
      time += random.below(3) == 0 ? 0 : 600 * random.normal();
      update(calibration, state, observation, time);
      plain::update(calibration, expected, observation, time);
      ASSERT_EQ(bytes_of(state), bytes_of(expected)) << i;
      const auto ranked = rank(calibration, standing(calibration, state));
      ASSERT_EQ(ranked.poh, plain::rank(calibration, plain::standing(calibration, expected)).poh);
      extrapolated += ranked.extrapolated ? 1 : 0;
    }
  }
  EXPECT_GT(extrapolated, 100u);
}

TEST(Rank, equals_a_binary_search_on_and_beside_every_ranking_value) {
  Random random(24);
  const auto calibration = *calibrate(population(random, 200, {.stride = 8}, "c"), kHorizon, {.stride = 8});
  for (const double value : calibration.rankings.at("").greatest) {
    for (const double evidence : {value, std::nextafter(value, 0.0), std::nextafter(value, 1e30)}) {
      EXPECT_EQ(rank(calibration, evidence).poh, plain::rank(calibration, evidence).poh);
      EXPECT_EQ(rank(calibration, evidence).extrapolated, plain::rank(calibration, evidence).extrapolated);
    }
  }
}

}  // namespace
}  // namespace cms::score
