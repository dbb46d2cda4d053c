#include "types/reading.hpp"

namespace cms {
namespace {

constexpr std::array<MeasureInfo, kMeasureCount> kInfos = {{
    {"charts", Channel::breadth, +1, "charts", 1.0F, 1.0F},
    {"chao_shen_entropy", Channel::breadth, +1, "nats", 0.05F, 1.0F},
    {"good_turing", Channel::breadth, -1, "share", 0.02F, 1.0F},
    {"new_charts", Channel::breadth, +1, "charts/request", 0.02F, 1.0F},
    {"charts_horizon", Channel::breadth, +1, "charts", 1.0F, 1.0F},
    {"h0_total", Channel::topology, +1, "chord", 0.5F, 1.0F},
    {"h0_entropy", Channel::topology, +1, "nats", 0.01F, 1.0F},
    {"h1_total", Channel::topology, +1, "chord", 0.05F, 1.0F},
    {"h1_entropy", Channel::topology, +1, "nats", 0.05F, 1.0F},
    {"h1_bars", Channel::topology, +1, "bars", 1.0F, 1.0F},
    {"dimension", Channel::geometry, +1, "dimensions", 0.5F, 1.0F},
    {"dispersion", Channel::geometry, -1, "cosine", 0.005F, 1.0F},
    {"tangent_residual", Channel::geometry, +1, "share", 0.005F, 1.0F},
    {"chart_curvature", Channel::geometry, +1, "1/chord^2", 0.5F, 1.0F},
    {"forman_ricci", Channel::geometry, -1, "curvature", 0.5F, 1.0F},
    {"coherence", Channel::coherence, -1, "cosine", 0.01F, 1.0F},
    {"turning_angle", Channel::coherence, +1, "radians", 0.02F, 1.0F},
    {"log_density", Channel::divergence, -1, "nats", 0.1F, 0.0F},
    {"knn_mean", Channel::divergence, +1, "chord", 0.01F, 0.0F},
    {"knn_tail", Channel::divergence, +1, "chord", 0.01F, 1.0F},
    {"mmd", Channel::divergence, +1, "kernel", 0.0005F, 0.0F},
    {"normality_atlas", Channel::mixture, +1, "log(1-W)", 0.2F, 1.0F},
    {"normality_raw", Channel::mixture, +1, "log(1-W)", 0.2F, 1.0F},
    {"near_duplicates", Channel::repetition, +1, "share", 0.02F, 1.0F},
    {"effective_rank", Channel::repetition, -1, "dimensions", 1.0F, 0.0F},
    {"hill_1", Channel::none, 0, "charts", 1.0F, 0.0F},
    {"hill_2", Channel::none, 0, "charts", 1.0F, 0.0F},
    {"chao1", Channel::none, 0, "charts", 1.0F, 0.0F},
    {"h0_max", Channel::none, 0, "chord", 0.01F, 0.0F},
    {"h1_max", Channel::none, 0, "chord", 0.01F, 0.0F},
    {"two_nn", Channel::none, 0, "dimensions", 0.5F, 0.0F},
    {"isolation_covariance", Channel::isolation, +1, "nats chord^6", 0.05F, 1.0F},
}};

constexpr std::array<std::string_view, kChannelCount + 1> kChannelNames = {
    "breadth", "topology", "geometry", "coherence", "divergence", "mixture", "repetition", "isolation", "none"};

}  // namespace

const MeasureInfo& info(Measure measure) {
  return kInfos[static_cast<std::size_t>(measure)];
}

std::string_view name(Channel channel) {
  return kChannelNames[static_cast<std::size_t>(channel)];
}

}  // namespace cms
