// A reading: what was measured on one account at one request, measure by measure.
//
// Invariant: a value counts only if its bit in `made` is set; "not measured" never looks like a number. The list of
// measures is closed and ordered; names are what --readings prints and what docs/measures/ is organised by.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>

namespace cms {

// On disk (atlas calibration): never renumber, add at the end.
enum class Measure : std::uint8_t {
  charts,             // breadth: distinct charts in the window
  chao_shen_entropy,  // breadth: entropy of the chart distribution, nats
  good_turing,        // breadth: Good-Turing sample coverage in [0, 1]; low = much is still unseen
  new_charts,         // breadth: charts new to the account per request, over the window
  charts_horizon,     // breadth: distinct charts over the last H requests
  h0_total,           // topology: sum of H0 bar lengths
  h0_entropy,         // topology: persistent entropy of H0, nats
  h1_total,           // topology: sum of H1 bar lengths
  h1_entropy,         // topology: persistent entropy of H1, nats
  h1_bars,            // topology: number of H1 bars
  dimension,          // geometry: intrinsic dimension of the window
  dispersion,         // geometry: mean pairwise cosine
  tangent_residual,   // geometry: mean share of a point outside its chart's tangent frame
  chart_curvature,    // geometry: mean scalar curvature of the charts visited
  forman_ricci,       // geometry: mean augmented Forman-Ricci curvature of the 8-NN graph
  coherence,          // coherence: mean consecutive cosine minus mean pairwise cosine
  turning_angle,      // coherence: mean angle between successive steps, radians
  log_density,        // divergence: mean log density of the charts under honest traffic
  knn_mean,           // divergence: mean distance to the k-th nearest benign point
  knn_tail,           // divergence: upper-decile mean of the same
  mmd,                // divergence: unbiased squared MMD to the benign reference
  normality_atlas,    // mixture: log(1 - Shapiro-Wilk W) of nearest distances in the atlas
  normality_raw,      // mixture: the same in the raw sketch
  near_duplicates,    // repetition: share of the last W requests that nearly repeat one before
  effective_rank,     // repetition: effective rank of the window's Gram matrix
  hill_1,             // reported only, coverage: exp of Shannon entropy
  hill_2,             // reported only, coverage: inverse Simpson
  chao1,              // reported only, coverage: estimated number of charts
  h0_max,             // reported only, homology
  h1_max,             // reported only, homology
  two_nn,             // reported only: intrinsic dimension by TwoNN
  isolation_covariance,  // isolation: covariance of isolation in time and surprisal under honest traffic
  count_,             // number of measures, not one of them
};
inline constexpr std::size_t kMeasureCount = static_cast<std::size_t>(Measure::count_);

// Channels of evidence; `none` marks measures that are reported and not scored. On disk: never renumber.
enum class Channel : std::uint8_t {
  breadth,
  topology,
  geometry,
  coherence,
  divergence,
  mixture,
  repetition,
  isolation,
  none,
};
inline constexpr std::size_t kChannelCount = static_cast<std::size_t>(Channel::none);

struct MeasureInfo {
  std::string_view name;
  Channel channel;
  // +1: extraction raises it; -1: extraction lowers it. The channel is the weighted mean of sign * normal score.
  int sign;
  std::string_view unit;
  // Smallest difference that means something: the floor of its scale where honest accounts hardly vary.
  float resolution;
  // Share in its channel's mean; 0 = measured and reported, not scored (docs/decisions says why).
  float weight;

  [[nodiscard]] bool scored() const { return weight > 0; }
};

const MeasureInfo& info(Measure measure);
std::string_view name(Channel channel);

struct Reading {
  std::array<float, kMeasureCount> values{};
  std::bitset<kMeasureCount> made;
  std::bitset<kMeasureCount> held;  // of those made: at an earlier request, because this one's work was shed

  void set(Measure measure, double value) {
    values[static_cast<std::size_t>(measure)] = static_cast<float>(value);
    made.set(static_cast<std::size_t>(measure));
  }
  [[nodiscard]] bool has(Measure measure) const { return made.test(static_cast<std::size_t>(measure)); }
  [[nodiscard]] float operator[](Measure measure) const { return values[static_cast<std::size_t>(measure)]; }
};

}  // namespace cms
