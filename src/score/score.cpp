#include "score/score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "score/internal.hpp"

namespace cms::score {
namespace {

constexpr double kKnotFirst = -2.5;
constexpr double kKnotStep = 0.25;
// Beyond this a deviation is as strange as it gets: one absurd value must not outweigh everything for ever.
constexpr double kNormalScoreMax = 6.0;
// A channel that is far out is no more suspicious than one at this many deviations: a customer from a field nobody was
// calibrated on is very strange in one channel, an extractor is strange in several (docs/decisions, 11).
constexpr double kDeviationMax = 3.5;

// Piecewise-linear inverse of the quantile function, continued linearly outside; flat stretches give their middle.
double normal_score(const MeasureTable& table, double value) {
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

bool two_sided(std::size_t channel) {
  return static_cast<Channel>(channel) == Channel::coherence;
}

}  // namespace

std::array<double, kChannelCount> channel_values(const Calibration& calibration, const Observation& observation) {
  // Padding with repeats must not make an account look older; only repetition counts them.
  const auto bin = [&](Channel channel) {
    const auto requests = channel == Channel::repetition ? observation.requests : observation.distinct;
    const auto age = static_cast<std::uint32_t>(std::min<std::uint64_t>(requests, calibration.horizon));
    return std::min<std::size_t>(age_bin(age), calibration.tables.size() - 1);
  };
  std::array<double, kChannelCount> sums{}, weights{};
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    const auto measure = static_cast<Measure>(m);
    const auto& about = info(measure);
    if (!about.scored() || !observation.reading.has(measure)) continue;
    const auto c = static_cast<std::size_t>(about.channel);
    const auto& table = calibration.tables[bin(about.channel)][m];
    sums[c] += static_cast<double>(about.weight) * about.sign * normal_score(table, observation.reading[measure]);
    weights[c] += about.weight;
  }
  for (std::size_t c = 0; c < kChannelCount; ++c) sums[c] = weights[c] > 0 ? sums[c] / weights[c] : std::nan("");
  return sums;
}

std::array<double, kChannelCount> deviations(const Calibration& calibration, const Observation& observation) {
  auto values = channel_values(calibration, observation);
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    values[c] = (values[c] - calibration.channel_means[c]) / calibration.channel_scales[c];
    if (two_sided(c)) values[c] = std::abs(values[c]);
  }
  return values;
}

namespace {

bool counts_repeats(std::size_t channel) {
  return static_cast<Channel>(channel) == Channel::repetition;
}

// The leak and the addition, without the rank.
void accumulate(const Calibration& calibration, State& state, const Observation& observation, double time) {
  const auto& options = calibration.options;
  const bool fresh = observation.distinct > state.distinct && on_grid(options, observation.distinct);
  const bool due = on_grid(options, observation.requests);
  const double hours = state.evaluations == 0 ? 0 : std::max(0.0, time - state.time) / 3600;
  const double idle = std::exp2(-hours / options.h_hours);
  const auto values = deviations(calibration, observation);
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    state.evidence[c] *= idle;
    if (!(counts_repeats(c) ? due : fresh)) continue;
    const std::uint64_t passed =
        counts_repeats(c) ? observation.requests - state.requests : observation.distinct - state.distinct;
    const double positive = std::isnan(values[c]) ? 0 : std::clamp(values[c], 0.0, kDeviationMax);
    state.evidence[c] = std::exp2(-static_cast<double>(passed) / options.h_requests) * state.evidence[c] +
                        options.weights[c] * positive * positive;
  }
  if (due) state.requests = observation.requests;
  if (fresh) state.distinct = observation.distinct;
  state.time = state.evaluations == 0 ? time : std::max(state.time, time);
  ++state.evaluations;
}

// Share of its steady state that leaking evidence has reached after evaluations up to `requests`.
double reached(const Options& options, std::uint64_t requests) {
  const double span = static_cast<double>(requests) - options.min_requests + options.stride;
  return 1 - std::exp2(-span / options.h_requests);
}

// Share of the scored measures that were made.
double completeness_of(const Reading& reading) {
  std::size_t planned = 0, made = 0;
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    if (!info(static_cast<Measure>(m)).scored()) continue;
    ++planned;
    made += reading.has(static_cast<Measure>(m)) ? 1 : 0;
  }
  return static_cast<double>(made) / static_cast<double>(planned);
}

}  // namespace

void update(const Calibration& calibration, State& state, const Observation& observation, double time) {
  accumulate(calibration, state, observation, time);
  state.completeness = completeness_of(observation.reading);
  const double poh = rank(calibration, standing(calibration, state)).poh;
  if (poh < state.poh_min) {
    state.poh_min = poh;
    state.requests_at_min = observation.requests;
  }
}

double standing(const Calibration& calibration, const State& state) {
  double sum = 0;
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    const std::uint64_t age = counts_repeats(c) ? state.requests : state.distinct;
    const bool older = age > calibration.horizon;
    const double scale =
        older ? reached(calibration.options, calibration.horizon) / reached(calibration.options, age) : 1;
    sum += scale * state.evidence[c];
  }
  return sum;
}

Rank rank(const Calibration& calibration, double evidence) {
  Rank best{0, true};
  for (const auto& [group, ranking] : calibration.rankings) {
    const auto n = static_cast<double>(ranking.greatest.size());
    const auto first = std::lower_bound(ranking.greatest.begin(), ranking.greatest.end(), evidence);
    const auto above = static_cast<double>(ranking.greatest.end() - first);
    double poh = (1 + above) / (n + 1);
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

Score score_at(const Calibration& calibration, const State& state, std::uint64_t requests, double time) {
  Score score;
  score.requests = requests;
  if (state.evaluations == 0) {
    score.why = fmt::format("needs {} requests, has {}", calibration.options.min_requests, requests);
    return score;
  }
  const double hours = std::max(0.0, time - state.time) / 3600;
  const double leak = std::exp2(-hours / calibration.options.h_hours);
  const double evidence = standing(calibration, state);
  const double total = std::accumulate(state.evidence.begin(), state.evidence.end(), 0.0);
  const auto ranked = rank(calibration, leak * evidence);
  score.computed = true;
  score.evidence = leak * evidence;
  score.poh = ranked.poh;
  score.extrapolated = ranked.extrapolated;
  score.poh_min = state.poh_min;
  score.requests_at_min = state.requests_at_min;
  for (std::size_t c = 0; c < kChannelCount && total > 0; ++c) score.reasons[c] = state.evidence[c] / total;
  score.confidence = std::min(1.0, static_cast<double>(requests) / calibration.horizon);
  score.completeness = state.completeness;
  return score;
}

double greatest_evidence(const Calibration& calibration, const Trajectory& trajectory) {
  State state;
  double greatest = 0;
  for (const auto& observation : trajectory.observations) {
    if (observation.requests > calibration.horizon) break;
    accumulate(calibration, state, observation, 0);
    greatest = std::max(greatest, standing(calibration, state));
  }
  return greatest;
}

}  // namespace cms::score
