#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "score/score.hpp"

namespace cms::score {
namespace {

bool positive(double value) {
  return std::isfinite(value) && value > 0;
}

template <typename Values>
bool finite_and_ascending(const Values& values) {
  return std::all_of(values.begin(), values.end(), [](auto value) { return std::isfinite(value); }) &&
         std::is_sorted(values.begin(), values.end());
}

bool valid(const Calibration& calibration) {
  const auto& options = calibration.options;
  if (options.min_requests == 0 || options.stride == 0 || !positive(options.h_requests) || !positive(options.h_hours) ||
      options.h_requests > kHalfLifeMax || options.h_hours > kHalfLifeMax ||
      calibration.horizon < options.min_requests || calibration.tables.size() != age_bin(calibration.horizon) + 1) {
    return false;
  }
  for (const auto& tables : calibration.tables) {
    for (const auto& table : tables) {
      if (!positive(table.scale) || !finite_and_ascending(table.knots)) return false;
    }
  }
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    if (!positive(calibration.channel_scales[c]) || !std::isfinite(calibration.channel_means[c]) ||
        !(options.weights[c] >= 0 && options.weights[c] <= kWeightMax)) {
      return false;
    }
  }
  const std::size_t averaged = averages_deviations(calibration) ? calibration.tables.size() : 0;
  if (calibration.average_scales.size() != averaged) return false;
  for (const auto& scales : calibration.average_scales) {
    if (!std::ranges::all_of(scales, positive)) return false;
  }
  for (const auto& [group, ranking] : calibration.rankings) {
    if (ranking.greatest.size() < kRankingMin || !finite_and_ascending(ranking.greatest) ||
        !positive(ranking.tail_scale) || !(ranking.tail_shape >= 0 && ranking.tail_shape <= 0.5)) {
      return false;
    }
  }
  return !calibration.rankings.empty();
}

}  // namespace

void encode(const Calibration& calibration, ByteWriter& out) {
  out.put(calibration.version);
  out.put(calibration.options.min_requests);
  out.put(calibration.options.stride);
  out.put(calibration.options.h_requests);
  out.put(calibration.options.h_hours);
  for (const double weight : calibration.options.weights) out.put(weight);
  out.put(calibration.horizon);
  for (const auto& tables : calibration.tables) {
    for (const auto& table : tables) {
      for (const float knot : table.knots) out.put(knot);
      out.put(table.scale);
    }
  }
  for (const double mean : calibration.channel_means) out.put(mean);
  for (const double scale : calibration.channel_scales) out.put(scale);
  for (const auto& scales : calibration.average_scales) {
    for (const double scale : scales) out.put(scale);
  }
  out.put(static_cast<std::uint32_t>(calibration.rankings.size()));
  for (const auto& [group, ranking] : calibration.rankings) {
    out.put_string(group);
    out.put_array<double>(ranking.greatest);
    out.put(ranking.tail_scale);
    out.put(ranking.tail_shape);
  }
}

Result<Calibration> decode(ByteReader& in) {
  Calibration calibration;
  calibration.version = in.get<std::uint32_t>();
  if (calibration.version < kEvidenceVersionOldest || calibration.version > kEvidenceVersion) {
    return fail(ErrorCode::bad_input,
                fmt::format("calibration: its ranks are of evidence version {}, this program computes versions {} to "
                            "{}; fit again", calibration.version, kEvidenceVersionOldest, kEvidenceVersion));
  }
  calibration.options.min_requests = in.get<std::uint32_t>();
  calibration.options.stride = in.get<std::uint32_t>();
  calibration.options.h_requests = in.get<double>();
  calibration.options.h_hours = in.get<double>();
  for (double& weight : calibration.options.weights) weight = in.get<double>();
  calibration.horizon = in.get<std::uint32_t>();
  if (in.failed() || calibration.horizon > 65535) return fail(ErrorCode::bad_input, "calibration: damaged");
  calibration.tables.resize(age_bin(calibration.horizon) + 1);
  for (auto& tables : calibration.tables) {
    for (auto& table : tables) {
      for (float& knot : table.knots) knot = in.get<float>();
      table.scale = in.get<float>();
    }
  }
  for (double& mean : calibration.channel_means) mean = in.get<double>();
  for (double& scale : calibration.channel_scales) scale = in.get<double>();
  if (averages_deviations(calibration)) calibration.average_scales.resize(calibration.tables.size());
  for (auto& scales : calibration.average_scales) {
    for (double& scale : scales) scale = in.get<double>();
  }
  const auto groups = in.get<std::uint32_t>();
  for (std::uint32_t g = 0; g < groups && !in.failed(); ++g) {
    auto& ranking = calibration.rankings[in.get_string()];
    ranking.greatest = in.get_array<double>();
    ranking.tail_scale = in.get<double>();
    ranking.tail_shape = in.get<double>();
  }
  if (in.failed() || !valid(calibration)) return fail(ErrorCode::bad_input, "calibration: damaged");
  return calibration;
}

void encode(const State& state, ByteWriter& out) {
  for (const double sum : state.sums) out.put(sum);
  out.put(state.requests);
  out.put(state.distinct);
  out.put(state.time);
  out.put(state.evaluations);
  out.put(state.poh_min);
  out.put(state.requests_at_min);
  out.put(state.completeness);
}

namespace {

bool in_unit(double value) {
  return value >= 0 && value <= 1;
}

bool valid(const State& state) {
  const double most = kEvidenceStepMax * static_cast<double>(state.evaluations);
  return std::ranges::all_of(state.sums, [&](double value) { return std::abs(value) <= most; }) &&
         state.distinct <= state.requests && std::isfinite(state.time) && in_unit(state.poh_min) &&
         in_unit(state.completeness);
}

}  // namespace

Result<State> decode_state(ByteReader& in) {
  State state;
  for (double& sum : state.sums) sum = in.get<double>();
  state.requests = in.get<std::uint64_t>();
  state.distinct = in.get<std::uint64_t>();
  state.time = in.get<double>();
  state.evaluations = in.get<std::uint64_t>();
  state.poh_min = in.get<double>();
  state.requests_at_min = in.get<std::uint64_t>();
  state.completeness = in.get<double>();
  if (in.failed()) return fail(ErrorCode::bad_input, "score state: ends early");
  if (!valid(state)) return fail(ErrorCode::bad_input, "score state: damaged");
  return state;
}

}  // namespace cms::score
