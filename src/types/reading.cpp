#include "types/reading.hpp"

namespace cms {
namespace {

constexpr std::array<MeasureInfo, kMeasureCount> kInfos = {{
    {"charts", Channel::breadth, +1, "charts"},
    {"chao_shen_entropy", Channel::breadth, +1, "nats"},
    {"good_turing", Channel::breadth, -1, "share"},
    {"new_charts", Channel::breadth, +1, "charts/request"},
    {"charts_horizon", Channel::breadth, +1, "charts"},
    {"h0_total", Channel::topology, +1, "chord"},
    {"h0_entropy", Channel::topology, +1, "nats"},
    {"h1_total", Channel::topology, +1, "chord"},
    {"h1_entropy", Channel::topology, +1, "nats"},
    {"h1_bars", Channel::topology, +1, "bars"},
    {"dimension", Channel::geometry, +1, "dimensions"},
    {"dispersion", Channel::geometry, -1, "cosine"},
    {"tangent_residual", Channel::geometry, +1, "share"},
    {"chart_curvature", Channel::geometry, +1, "1/chord^2"},
    {"forman_ricci", Channel::geometry, -1, "curvature"},
    {"coherence", Channel::coherence, -1, "cosine"},
    {"turning_angle", Channel::coherence, +1, "radians"},
    {"log_density", Channel::divergence, -1, "nats"},
    {"knn_mean", Channel::divergence, +1, "chord"},
    {"knn_tail", Channel::divergence, +1, "chord"},
    {"mmd", Channel::divergence, +1, "kernel"},
    {"normality_atlas", Channel::mixture, +1, "log(1-W)"},
    {"normality_raw", Channel::mixture, +1, "log(1-W)"},
    {"near_duplicates", Channel::repetition, +1, "share"},
    {"effective_rank", Channel::repetition, -1, "dimensions"},
    {"hill_1", Channel::none, 0, "charts"},
    {"hill_2", Channel::none, 0, "charts"},
    {"chao1", Channel::none, 0, "charts"},
    {"h0_max", Channel::none, 0, "chord"},
    {"h1_max", Channel::none, 0, "chord"},
    {"two_nn", Channel::none, 0, "dimensions"},
}};

constexpr std::array<std::string_view, kChannelCount + 1> kChannelNames = {
    "breadth", "topology", "geometry", "coherence", "divergence", "mixture", "repetition", "none"};

}  // namespace

const MeasureInfo& info(Measure measure) { return kInfos[static_cast<std::size_t>(measure)]; }

std::string_view name(Channel channel) { return kChannelNames[static_cast<std::size_t>(channel)]; }

}  // namespace cms
