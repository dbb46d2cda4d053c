#include "score/score.hpp"

#include <algorithm>
#include <bitset>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/pareto.hpp"
#include "score/internal.hpp"

namespace cms::score {
namespace {

constexpr double kKnotFirst = -2.5;
constexpr double kKnotStep = 0.25;
// Beyond this a deviation is as strange as it gets: one absurd value must not outweigh everything for ever.
constexpr double kNormalScoreMax = 6.0;
// A channel that is far out is no more suspicious than one at this many deviations: a customer from a field nobody was
// calibrated on is very strange in one channel, an extractor is strange in several (docs/decisions, 11).
// Version 4 bounds each evaluation so, version 5 the average of many.
constexpr double kDeviationMax = 3.5;
constexpr double kAverageMax = 5;
constexpr double kYoungExponent = 0.7;
// An evaluation counts no less than this into an average, or a spell of narrow requests would buy one of broad ones.
constexpr double kDeviationLeast = -1;

// Piecewise-linear inverse of the quantile function, continued linearly outside; flat stretches give their middle.
// Without a branch on the value: where it lies among the knots cannot be guessed, and this runs for every measure.
double normal_score(const MeasureTable& table, float value) {
  const auto& knots = table.knots;
  std::uint32_t below = 0, up_to = 0;  // knots < value, knots <= value
  for (const float knot : knots) {
    below += knot < value ? 1 : 0;
    up_to += value < knot ? 0 : 1;
  }
  const bool before_all = up_to == 0, after_all = below == kKnots, on_knot = below != up_to;
  const std::uint32_t upper = std::clamp<std::uint32_t>(below, 1, kKnots - 1);
  const float from = before_all ? knots.front() : after_all ? knots.back() : knots[upper - 1];
  const float width = before_all || after_all ? table.scale : knots[upper] - knots[upper - 1];
  const double past = (double{value} - from) / width;  // steps past a knot inside, scales past the outer ones outside
  const double inside = on_knot ? (below + (up_to - 1.0)) / 2 : upper - 1 + past;
  const double score = before_all  ? kKnotFirst + past
                       : after_all ? -kKnotFirst + past
                                   : kKnotFirst + kKnotStep * inside;
  return std::clamp(score, -kNormalScoreMax, kNormalScoreMax);
}

bool two_sided(std::size_t channel) {
  return static_cast<Channel>(channel) == Channel::coherence;
}

bool counts_repeats(std::size_t channel) {
  return static_cast<Channel>(channel) == Channel::repetition;
}

// What is scored, in the order of the measures: the few columns of their table that every request needs.
struct Scored {
  struct One {
    std::size_t measure, channel;
    double weight, signed_weight;
  };
  std::vector<One> measures;
  std::bitset<kMeasureCount> all;
};

const Scored& scored() {
  static const Scored table = [] {
    Scored made;
    for (std::size_t m = 0; m < kMeasureCount; ++m) {
      const auto& about = info(static_cast<Measure>(m));
      if (!about.scored()) continue;
      made.measures.push_back({m, static_cast<std::size_t>(about.channel), about.weight,
                               static_cast<double>(about.weight) * about.sign});
      made.all.set(m);
    }
    return made;
  }();
  return table;
}

std::size_t bin_at(const Calibration& calibration, std::uint64_t age) {
  const auto bin = age_bin(static_cast<std::uint32_t>(std::min<std::uint64_t>(age, calibration.horizon)));
  return std::min<std::size_t>(bin, calibration.tables.size() - 1);
}

}  // namespace

std::array<double, kChannelCount> channel_values(const Calibration& calibration, const Observation& observation) {
  // Padding with repeats must not make an account look older; only repetition counts them.
  const auto& by_distinct = calibration.tables[bin_at(calibration, observation.distinct)];
  const auto& by_requests = calibration.tables[bin_at(calibration, observation.requests)];
  std::array<double, kChannelCount> sums{}, weights{};
  for (const auto& [m, c, weight, signed_weight] : scored().measures) {
    if (!observation.reading.made[m]) continue;
    const auto& tables = counts_repeats(c) ? by_requests : by_distinct;
    sums[c] += signed_weight * normal_score(tables[m], observation.reading.values[m]);
    weights[c] += weight;
  }
  for (std::size_t c = 0; c < kChannelCount; ++c) sums[c] = weights[c] > 0 ? sums[c] / weights[c] : std::nan("");
  return sums;
}

std::array<double, kChannelCount> deviations(const Calibration& calibration, const Observation& observation) {
  auto values = channel_values(calibration, observation);
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    values[c] = (values[c] - calibration.channel_means[c]) / calibration.channel_scales[c];
  }
  return values;
}

namespace {

// Share of a sum that is left after so many hours without a request: evidence halves in h_hours, and in version 5 it is
// the square of an average.
double left_after(const Calibration& calibration, double hours) {
  const double halves = hours / calibration.options.h_hours / (averages_deviations(calibration) ? 2 : 1);
  return hours > 0 ? std::exp2(-halves) : 1;
}

// Least that an evaluation adds to a channel's sum where deviations are averaged; the most is kNormalScoreMax.
double least_added(std::size_t channel) { return two_sided(channel) ? -kNormalScoreMax : kDeviationLeast; }

// What an evaluation adds to a channel's sum; nothing when the channel was not measured.
double added(const Calibration& calibration, std::size_t channel, double deviation) {
  if (std::isnan(deviation)) return 0;
  if (averages_deviations(calibration)) {
    return std::clamp(deviation, least_added(channel), kNormalScoreMax);
  }
  const double positive = std::clamp(two_sided(channel) ? std::abs(deviation) : deviation, 0.0, kDeviationMax);
  return calibration.options.weights[channel] * positive * positive;
}

}  // namespace

void accumulate(const Calibration& calibration, State& state, const Observation& observation, double time) {
  const auto& options = calibration.options;
  const bool fresh = observation.distinct > state.distinct && on_grid(options, observation.distinct);
  const bool due = on_grid(options, observation.requests);
  const double hours = state.evaluations == 0 ? 0 : std::max(0.0, time - state.time) / 3600;
  const double idle = left_after(calibration, hours);
  const auto leak = [&](std::uint64_t passed) { return std::exp2(-static_cast<double>(passed) / options.h_requests); };
  const double fresh_leak = fresh ? leak(observation.distinct - state.distinct) : 1;
  const double due_leak = due ? leak(observation.requests - state.requests) : 1;
  const auto values = deviations(calibration, observation);
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    // Below 0 there is nothing to forget: or rest would make up for requests that were narrower than people's.
    if (state.sums[c] > 0 || two_sided(c)) state.sums[c] *= idle;
    if (!(counts_repeats(c) ? due : fresh)) continue;
    state.sums[c] = (counts_repeats(c) ? due_leak : fresh_leak) * state.sums[c] + added(calibration, c, values[c]);
  }
  if (due) state.requests = observation.requests;
  if (fresh) state.distinct = observation.distinct;
  state.time = state.evaluations == 0 ? time : std::max(state.time, time);
  ++state.evaluations;
}

namespace {

// Share of its steady state that a leaking sum has reached after evaluations up to `requests`.
double reached(const Options& options, std::uint64_t requests) {
  const double span = static_cast<double>(requests) - options.min_requests + options.stride;
  return 1 - std::exp2(-span / options.h_requests);
}

// What evidence of this age is worth at the horizon: the exponent says how honest accounts spend their chance of a
// false flag over their first H requests (docs/score.md). A sum of squares (version 4) grows with age, and beyond the
// horizon is scaled to what it would be had it begun H requests ago; the square of an average does not grow.
double to_horizon(const Calibration& calibration, std::uint64_t age) {
  const auto& options = calibration.options;
  const auto evaluated = std::max<std::uint64_t>(age, options.min_requests);
  const bool young = evaluated < calibration.horizon;
  const double ratio = reached(options, calibration.horizon) / reached(options, evaluated);
  if (averages_deviations(calibration)) return young ? std::pow(ratio, -kYoungExponent) : 1;
  return young ? std::sqrt(ratio) : ratio;
}

// Share of the scored measures that were made, and made now.
double completeness_of(const Reading& reading) {
  const auto& planned = scored().all;
  return static_cast<double>((reading.made & ~reading.held & planned).count()) / static_cast<double>(planned.count());
}

// How many of ascending values are below `value`; no branch on it.
std::size_t count_below(std::span<const double> ascending, double value) {
  const double* first = ascending.data();
  std::size_t left = ascending.size();
  while (left > 1) {
    const std::size_t half = left / 2;
    first += first[half - 1] < value ? half : 0;
    left -= half;
  }
  return static_cast<std::size_t>(first - ascending.data()) + (left == 1 && *first < value ? 1 : 0);
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

std::uint64_t age_of(std::size_t channel, const State& state) {
  return counts_repeats(channel) ? state.requests : state.distinct;
}

namespace {

// What depends on a channel's age, made once an age: all channels but repetition have one.
template <typename Of>
auto by_age(const State& state, const Of& of) {
  std::array<decltype(of(state.distinct)), kChannelCount> values;
  values.fill(of(state.distinct));
  for (std::size_t c = 0; c < kChannelCount && state.requests != state.distinct; ++c) {
    if (counts_repeats(c)) values[c] = of(state.requests);
  }
  return values;
}

}  // namespace

std::array<double, kChannelCount> averages(const Options& options, const State& state) {
  const double evaluation = 1 - std::exp2(-static_cast<double>(options.stride) / options.h_requests);
  const auto shares = by_age(state, [&](std::uint64_t age) {
    return evaluation / reached(options, std::max<std::uint64_t>(age, options.min_requests));
  });
  auto values = state.sums;
  for (std::size_t c = 0; c < kChannelCount; ++c) values[c] *= shares[c];
  return values;
}

std::array<double, kChannelCount> channel_evidence(const Calibration& calibration, const State& state, double idle) {
  std::array<double, kChannelCount> evidence{};
  const auto worth = by_age(state, [&](std::uint64_t age) { return to_horizon(calibration, age); });
  if (averages_deviations(calibration)) {
    const auto values = averages(calibration.options, state);
    const auto bins = by_age(state, [&](std::uint64_t age) { return bin_at(calibration, age); });
    for (std::size_t c = 0; c < kChannelCount; ++c) {
      const double scale = calibration.average_scales[bins[c]][c];
      const double average = (two_sided(c) ? std::abs(values[c]) : values[c]) * idle / scale;
      const double positive = std::clamp(average, 0.0, kAverageMax);
      evidence[c] = worth[c] * (calibration.options.weights[c] * positive * positive);
    }
    return evidence;
  }
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    evidence[c] = idle * (worth[c] * std::max(0.0, state.sums[c]));
  }
  return evidence;
}

double standing(const Calibration& calibration, const State& state) {
  const auto evidence = channel_evidence(calibration, state);
  return std::accumulate(evidence.begin(), evidence.end(), 0.0);
}

Rank rank(const Calibration& calibration, double evidence) {
  Rank best{0, true};
  for (const auto& [group, ranking] : calibration.rankings) {
    const auto n = static_cast<double>(ranking.greatest.size());
    const std::size_t below = count_below(ranking.greatest, evidence);
    double poh = (1 + static_cast<double>(ranking.greatest.size() - below)) / (n + 1);
    const bool extrapolated = below == ranking.greatest.size();
    if (extrapolated) {
      poh *= survival({ranking.tail_scale, ranking.tail_shape}, evidence - ranking.greatest.back());
    }
    if (poh > best.poh) best = {poh, extrapolated};
  }
  return best;
}

Score score_at(const Calibration& calibration, const State& state, std::uint64_t requests, double time) {
  Score score;
  score.requests = requests;
  if (state.evaluations == 0) {
    score.requests_needed = calibration.options.min_requests;
    return score;
  }
  const double hours = std::max(0.0, time - state.time) / 3600;
  const double idle = left_after(calibration, hours);
  // Version 4 goes on saying what it said to the last bit: its reasons are shares of the sums as they lie.
  const bool averaged = averages_deviations(calibration);
  const auto evidence = channel_evidence(calibration, state, averaged ? idle : 1);
  const double total = (averaged ? 1 : idle) * std::accumulate(evidence.begin(), evidence.end(), 0.0);
  const auto& shares = averaged ? evidence : state.sums;
  const double whole = std::accumulate(shares.begin(), shares.end(), 0.0);
  const auto ranked = rank(calibration, total);
  score.computed = true;
  score.evidence = total;
  score.poh = ranked.poh;
  score.extrapolated = ranked.extrapolated;
  score.poh_min = state.poh_min;
  score.requests_at_min = state.requests_at_min;
  for (std::size_t c = 0; c < kChannelCount && whole > 0; ++c) score.reasons[c] = shares[c] / whole;
  score.confidence = std::min(1.0, static_cast<double>(requests) / calibration.horizon);
  score.completeness = state.completeness;
  return score;
}

bool possible(const Calibration& calibration, const State& state) {
  if (!averages_deviations(calibration)) return std::ranges::all_of(state.sums, [](double sum) { return sum >= 0; });
  const auto evaluations = static_cast<double>(state.evaluations);
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    const double least = least_added(c) * evaluations, most = kNormalScoreMax * evaluations;
    if (!(state.sums[c] >= least && state.sums[c] <= most)) return false;
  }
  return true;
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
