#include "score/calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/hash.hpp"
#include "base/pareto.hpp"
#include "score/internal.hpp"
#include "score/score.hpp"

namespace cms::score {
namespace {

constexpr double kBinsPerDoubling = 4;
constexpr double kYoungest = 16;
constexpr double kScaleMin = 0.1;

double normal_distribution(double z) {
  return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

// Quantile of ascending values by linear interpolation between order statistics (Hazen positions).
double quantile(const std::vector<float>& sorted, double p) {
  const double position =
      std::clamp(p * static_cast<double>(sorted.size()) - 0.5, 0.0, static_cast<double>(sorted.size() - 1));
  const auto low = static_cast<std::size_t>(position);
  const auto high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (position - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

MeasureTable table_of(std::vector<float> values, float resolution) {
  std::sort(values.begin(), values.end());
  MeasureTable table;
  for (std::size_t k = 0; k < kKnots; ++k) {
    table.knots[k] = static_cast<float>(quantile(values, normal_distribution(-2.5 + 0.25 * static_cast<double>(k))));
  }
  const double spread = (quantile(values, normal_distribution(1)) - quantile(values, normal_distribution(-1))) / 2;
  table.scale = std::max(static_cast<float>(spread), resolution);
  return table;
}

// Too few values in a bin make wild tables: then the bin takes the nearest one that has enough.
constexpr std::size_t kValuesMin = 20;

std::size_t nearest_filled(std::size_t bin, std::size_t bins, const std::function<std::size_t(std::size_t)>& count) {
  std::size_t source = bin;
  for (std::size_t step = 0; step < bins && count(source) < kValuesMin; ++step) {
    const std::size_t away = step / 2 + 1;
    if (step % 2 == 0 && bin >= away) source = bin - away;
    if (step % 2 == 1 && bin + away < bins) source = bin + away;
  }
  return source;
}

using Tables = std::vector<std::array<MeasureTable, kMeasureCount>>;

Tables age_tables(std::span<const Trajectory* const> accounts, std::uint32_t horizon) {
  const std::size_t bins = age_bin(horizon) + 1;
  Tables tables(bins);
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    const auto measure = static_cast<Measure>(m);
    const bool repetition = info(measure).channel == Channel::repetition;
    std::vector<std::vector<float>> values(bins);
    for (const auto* account : accounts) {
      for (const auto& observation : account->observations) {
        const auto age = std::min<std::uint64_t>(repetition ? observation.requests : observation.distinct, horizon);
        if (!observation.reading.has(measure)) continue;
        values[age_bin(static_cast<std::uint32_t>(age))].push_back(observation.reading[measure]);
      }
    }
    for (std::size_t bin = 0; bin < bins; ++bin) {
      const auto source = nearest_filled(bin, bins, [&](std::size_t b) { return values[b].size(); });
      if (!values[source].empty())
        tables[bin][m] = table_of(values[source], info(measure).resolution);
      else
        tables[bin][m].scale = info(measure).resolution;
    }
  }
  return tables;
}

void fit_channel_scales(Calibration& calibration, std::span<const Trajectory* const> accounts) {
  std::array<double, kChannelCount> sums{}, squares{}, counts{};
  for (const auto* account : accounts) {
    for (const auto& observation : account->observations) {
      const auto values = channel_values(calibration, observation);
      for (std::size_t c = 0; c < kChannelCount; ++c) {
        if (std::isnan(values[c])) continue;
        sums[c] += values[c];
        squares[c] += values[c] * values[c];
        counts[c] += 1;
      }
    }
  }
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    const double mean = counts[c] > 0 ? sums[c] / counts[c] : 0;
    const double variance = counts[c] > 0 ? squares[c] / counts[c] - mean * mean : 1;
    calibration.channel_means[c] = mean;
    // A channel that never varies among honest accounts keeps a scale that cannot blow up.
    calibration.channel_scales[c] = std::max(std::sqrt(std::max(0.0, variance)), kScaleMin);
  }
}

// What averages of deviations come to among honest accounts, age by age: a young account's moves more.
void fit_average_scales(Calibration& calibration, std::span<const Trajectory* const> accounts) {
  struct Sum {
    double squares = 0;
    std::size_t count = 0;
  };
  const std::size_t bins = calibration.tables.size();
  std::vector<std::array<Sum, kChannelCount>> sums(bins);
  for (const auto* account : accounts) {
    State state;
    for (const auto& observation : account->observations) {
      const auto before = state;
      accumulate(calibration, state, observation, 0);
      const auto values = averages(calibration.options, state);
      for (std::size_t c = 0; c < kChannelCount; ++c) {
        if (age_of(c, state) == age_of(c, before)) continue;  // evaluated by another channel's grid
        const auto age = std::min<std::uint64_t>(age_of(c, state), calibration.horizon);
        auto& sum = sums[age_bin(static_cast<std::uint32_t>(age))][c];
        sum.squares += values[c] * values[c];
        ++sum.count;
      }
    }
  }
  calibration.average_scales.resize(bins);
  for (std::size_t bin = 0; bin < bins; ++bin) {
    for (std::size_t c = 0; c < kChannelCount; ++c) {
      const auto& sum = sums[nearest_filled(bin, bins, [&](std::size_t b) { return sums[b][c].count; })][c];
      // As of the channels: one that never varies keeps a scale that cannot blow up.
      calibration.average_scales[bin][c] =
          std::max(sum.count > 0 ? std::sqrt(sum.squares / static_cast<double>(sum.count)) : 1, kScaleMin);
    }
  }
}

// Generalised Pareto over the upper tenth of B.
void fit_tail(Ranking& ranking) {
  const auto& greatest = ranking.greatest;
  const std::size_t count = std::clamp<std::size_t>(greatest.size() / 10, 10, greatest.size() - 1);
  const double threshold = greatest[greatest.size() - count - 1];
  std::vector<double> excesses;
  for (std::size_t i = greatest.size() - count; i < greatest.size(); ++i) excesses.push_back(greatest[i] - threshold);
  const auto law = fit_pareto(excesses, 0.5);
  ranking.tail_shape = law.shape;
  // The law above the greatest value: excesses of a generalised Pareto are one again, wider by shape * distance.
  const double wider = law.scale + ranking.tail_shape * (greatest.back() - threshold);
  ranking.tail_scale = std::max(wider, 1e-6 * std::max(1.0, greatest.back()));
}

Result<void> check_sizes(std::size_t tables, std::size_t ranked) {
  if (ranked >= kRankingMin && tables >= kRankingMin) return {};
  return fail(
      ErrorCode::bad_input,
      fmt::format("too few honest accounts to calibrate: {} rank and {} make the age tables; each half needs at "
                  "least {} that reach the horizon, so give about {} accounts ({} for a promise at .01)",
                  ranked, tables, kRankingMin, 3 * kRankingMin, 2 * kRankingForOnePercent + 40));
}

}  // namespace

std::uint32_t age_bin(std::uint32_t requests) {
  if (requests <= kYoungest) return 0;
  return static_cast<std::uint32_t>(std::floor(kBinsPerDoubling * std::log2(requests / kYoungest)));
}

bool in_ranking_half(std::string_view account) {
  return stable_hash(fmt::format("cms.calibrate.half:{}", account)) % 2 == 1;
}

bool on_grid(const Options& options, std::uint64_t requests) {
  return requests >= options.min_requests && (requests - options.min_requests) % options.stride == 0;
}

std::uint64_t last_on_grid(const Options& options, std::uint64_t requests) {
  return requests < options.min_requests ? 0 : requests - (requests - options.min_requests) % options.stride;
}

Result<std::uint32_t> choose_horizon(std::span<const std::uint32_t> requests, const Options& options) {
  std::vector<std::uint32_t> sorted(requests.begin(), requests.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const std::size_t needed = std::min<std::size_t>(kHorizonAccounts, sorted.size() * 4 / 5);
  if (sorted.size() < 3 * kRankingMin) {  // halves are of chance: a fair one of kRankingMin in each
    return fail(ErrorCode::bad_input, fmt::format("--calibrate has {} accounts; at least {} are needed ({} for a "
                                                  "promise at .01)",
                                                  sorted.size(), 3 * kRankingMin, 2 * kRankingForOnePercent + 40));
  }
  const std::uint32_t horizon = sorted[needed - 1];
  if (horizon < options.min_requests) {
    return fail(ErrorCode::bad_input, fmt::format("--calibrate: only accounts with at least {} requests tell anything; "
                                                  "{} accounts have {} or fewer",
                                                  options.min_requests, sorted.size() - needed + 1, horizon));
  }
  return std::min<std::uint32_t>(horizon, 65535);
}

Result<Calibration> calibrate(std::span<const Trajectory> trajectories, std::uint32_t horizon, const Options& options) {
  std::vector<const Trajectory*> tables, ranked;
  for (const auto& trajectory : trajectories) {
    if (trajectory.observations.empty()) continue;
    const bool ranks = in_ranking_half(trajectory.account) && trajectory.requests >= horizon;
    (ranks ? ranked : tables).push_back(&trajectory);
  }
  CMS_CHECK(check_sizes(tables.size(), ranked.size()));
  Calibration calibration;
  calibration.options = options;
  calibration.horizon = horizon;
  calibration.tables = age_tables(tables, horizon);
  fit_channel_scales(calibration, tables);
  fit_average_scales(calibration, tables);
  for (const auto* account : ranked) {
    calibration.rankings[account->group].greatest.push_back(greatest_evidence(calibration, *account));
  }
  for (auto& [group, ranking] : calibration.rankings) {
    if (ranking.greatest.size() < kRankingMin) {
      return fail(ErrorCode::bad_input, fmt::format("group \"{}\" has {} ranking accounts; it needs at least {}", group,
                                                    ranking.greatest.size(), kRankingMin));
    }
    std::sort(ranking.greatest.begin(), ranking.greatest.end());
    fit_tail(ranking);
  }
  return calibration;
}

}  // namespace cms::score
