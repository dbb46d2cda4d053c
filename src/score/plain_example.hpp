// For tests: evidence and Proof-of-Humanity as their formulas are written, searches and sums one by one.
//
// What update(), standing() and rank() give has to equal this bit for bit. Threads: pure functions.
#pragma once

#include <algorithm>
#include <cmath>

#include "score/score.hpp"

namespace cms::score::plain {

inline constexpr double kKnotFirst = -2.5;
inline constexpr double kKnotStep = 0.25;
inline constexpr double kNormalScoreMax = 6.0;
inline constexpr double kDeviationMax = 3.5;
inline constexpr double kAverageMax = 5;

// Piecewise-linear inverse of the quantile function, continued linearly outside; flat stretches give their middle.
inline double normal_score(const MeasureTable& table, double value) {
  const auto& knots = table.knots;
  const auto low = std::lower_bound(knots.begin(), knots.end(), static_cast<float>(value));
  const auto high = std::upper_bound(knots.begin(), knots.end(), static_cast<float>(value));
  double score = 0;
  if (high == knots.begin()) {
    score = kKnotFirst - (knots.front() - value) / table.scale;
  } else if (low == knots.end()) {
    score = -kKnotFirst + (value - knots.back()) / table.scale;
  } else if (low != high) {
    const auto middle = static_cast<double>((low - knots.begin()) + (high - 1 - knots.begin())) / 2;
    score = kKnotFirst + kKnotStep * middle;
  } else {
    const auto before = static_cast<double>(low - 1 - knots.begin());
    score = kKnotFirst + kKnotStep * (before + (value - *(low - 1)) / (*low - *(low - 1)));
  }
  return std::clamp(score, -kNormalScoreMax, kNormalScoreMax);
}

inline std::array<double, kChannelCount> deviations(const Calibration& calibration, const Observation& observation) {
  const auto bin_of = [&](Channel channel) {
    const auto requests = channel == Channel::repetition ? observation.requests : observation.distinct;
    const auto age = static_cast<std::uint32_t>(std::min<std::uint64_t>(requests, calibration.horizon));
    return std::min<std::size_t>(age_bin(age), calibration.tables.size() - 1);
  };
  std::array<double, kChannelCount> values{}, weights{};
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    const auto measure = static_cast<Measure>(m);
    const auto& about = info(measure);
    if (!about.scored() || !observation.reading.has(measure)) continue;
    const auto c = static_cast<std::size_t>(about.channel);
    const auto& table = calibration.tables[bin_of(about.channel)][m];
    values[c] += static_cast<double>(about.weight) * about.sign * normal_score(table, observation.reading[measure]);
    weights[c] += about.weight;
  }
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    values[c] = weights[c] > 0 ? values[c] / weights[c] : std::nan("");
    values[c] = (values[c] - calibration.channel_means[c]) / calibration.channel_scales[c];
  }
  return values;
}

inline bool counts_repeats(std::size_t channel) { return static_cast<Channel>(channel) == Channel::repetition; }
inline bool two_sided(std::size_t channel) { return static_cast<Channel>(channel) == Channel::coherence; }

inline double added(const Calibration& calibration, std::size_t c, double deviation) {
  if (std::isnan(deviation)) return 0;
  if (calibration.version == 5) return std::clamp(deviation, two_sided(c) ? -kNormalScoreMax : -1.0, kNormalScoreMax);
  const double positive = std::clamp(two_sided(c) ? std::abs(deviation) : deviation, 0.0, kDeviationMax);
  return calibration.options.weights[c] * positive * positive;
}

inline void accumulate(const Calibration& calibration, State& state, const Observation& observation, double time) {
  const auto& options = calibration.options;
  const bool fresh = observation.distinct > state.distinct && on_grid(options, observation.distinct);
  const bool due = on_grid(options, observation.requests);
  const double hours = state.evaluations == 0 ? 0 : std::max(0.0, time - state.time) / 3600;
  const auto values = plain::deviations(calibration, observation);
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    const double halves = hours / options.h_hours / (calibration.version == 5 ? 2 : 1);
    if (state.sums[c] > 0 || two_sided(c)) state.sums[c] *= std::exp2(-halves);
    if (!(counts_repeats(c) ? due : fresh)) continue;
    const std::uint64_t passed =
        counts_repeats(c) ? observation.requests - state.requests : observation.distinct - state.distinct;
    state.sums[c] = std::exp2(-static_cast<double>(passed) / options.h_requests) * state.sums[c] +
                    added(calibration, c, values[c]);
  }
  if (due) state.requests = observation.requests;
  if (fresh) state.distinct = observation.distinct;
  state.time = state.evaluations == 0 ? time : std::max(state.time, time);
  ++state.evaluations;
}

inline double reached(const Options& options, std::uint64_t requests) {
  const double span = static_cast<double>(requests) - options.min_requests + options.stride;
  return 1 - std::exp2(-span / options.h_requests);
}

inline double standing(const Calibration& calibration, const State& state) {
  const auto& options = calibration.options;
  double sum = 0;
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    std::uint64_t age = counts_repeats(c) ? state.requests : state.distinct;
    if (age < options.min_requests) age = options.min_requests;
    const double ratio = reached(options, calibration.horizon) / reached(options, age);
    const bool younger = age < calibration.horizon;
    if (calibration.version == 5) {
      const auto bin = age_bin(static_cast<std::uint32_t>(std::min<std::uint64_t>(age, calibration.horizon)));
      const double evaluation = 1 - std::exp2(-static_cast<double>(options.stride) / options.h_requests);
      const double average = state.sums[c] * (evaluation / reached(options, age));
      const double deviation = (two_sided(c) ? std::abs(average) : average) / calibration.average_scales[bin][c];
      const double positive = std::clamp(deviation, 0.0, kAverageMax);
      sum += (younger ? std::pow(ratio, -0.7) : 1) * (options.weights[c] * positive * positive);
    } else {
      sum += (younger ? std::sqrt(ratio) : ratio) * state.sums[c];
    }
  }
  return sum;
}

inline Rank rank(const Calibration& calibration, double evidence) {
  Rank best{0, true};
  for (const auto& [group, ranking] : calibration.rankings) {
    const auto n = static_cast<double>(ranking.greatest.size());
    const auto first = std::lower_bound(ranking.greatest.begin(), ranking.greatest.end(), evidence);
    double poh = (1 + static_cast<double>(ranking.greatest.end() - first)) / (n + 1);
    const bool extrapolated = first == ranking.greatest.end();
    if (extrapolated) {
      const double excess = (evidence - ranking.greatest.back()) / ranking.tail_scale;
      poh *= ranking.tail_shape > 1e-9 ? std::pow(1 + ranking.tail_shape * excess, -1 / ranking.tail_shape)
                                       : std::exp(-excess);
    }
    if (poh > best.poh) best = {poh, extrapolated};
  }
  return best;
}

inline void update(const Calibration& calibration, State& state, const Observation& observation, double time) {
  plain::accumulate(calibration, state, observation, time);
  double planned = 0, made = 0;
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    if (!info(static_cast<Measure>(m)).scored()) continue;
    planned += 1;
    made += observation.reading.has(static_cast<Measure>(m)) && !observation.reading.held[m] ? 1 : 0;
  }
  state.completeness = made / planned;
  const double poh = plain::rank(calibration, plain::standing(calibration, state)).poh;
  if (poh < state.poh_min) {
    state.poh_min = poh;
    state.requests_at_min = observation.requests;
  }
}

}  // namespace cms::score::plain
