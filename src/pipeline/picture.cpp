#include "pipeline/picture.hpp"

#include <algorithm>
#include <cmath>

#include "base/lanes.hpp"
#include "pipeline/tariff.hpp"

namespace cms::pipeline {
namespace {

// Charts of the last H distinct requests, oldest first.
std::vector<std::uint16_t> horizon_of(const window::State& window) {
  const auto ring = window::parts(window).horizon_charts;
  const std::uint32_t count = window.horizon_count();
  std::vector<std::uint16_t> charts;
  for (std::uint64_t n = window.distinct - count; n < window.distinct; ++n) {
    charts.push_back(ring[n % window.options.horizon]);
  }
  return charts;
}

std::vector<Picture::Visit> visits(const window::State& window, const std::vector<std::uint16_t>& horizon) {
  std::vector<std::uint32_t> counts(window.options.chart_count);
  for (const auto chart : horizon) ++counts[chart];
  const auto ever = window::parts(window).visited;
  std::vector<Picture::Visit> visited;
  for (std::uint32_t chart = 0; chart < window.options.chart_count; ++chart) {
    if (window::has_bit(ever, chart)) visited.push_back({static_cast<std::uint16_t>(chart), counts[chart]});
  }
  return visited;
}

std::vector<Picture::Growth> growth_of(const window::State& window, const std::vector<std::uint16_t>& horizon) {
  std::vector<bool> seen(window.options.chart_count);
  std::vector<Picture::Growth> growth;
  std::uint32_t charts = 0;
  for (std::size_t n = 0; n < horizon.size(); ++n) {
    const bool fresh = !seen[horizon[n]];
    seen[horizon[n]] = true;
    charts += fresh ? 1 : 0;
    if (fresh || n + 1 == horizon.size()) growth.push_back({n + 1, charts});
  }
  return growth;
}

std::vector<Picture::Stop> path_of(const ChartMap& map, const window::State& window) {
  std::vector<std::uint32_t> slots;
  window::path(window, slots);
  std::vector<std::uint16_t> charts;
  window::charts(window, charts);
  std::vector<std::int8_t> point(window.options.rank);
  std::vector<Picture::Stop> path;
  for (const auto slot : slots) {
    get_row(window::parts(window).points, slot, point);
    path.push_back({charts[slot], map.place(point)});
  }
  return path;
}

// The quantile at `deviations` of the normal distribution.
double quantile(const score::MeasureTable& table, double deviations) {
  constexpr double kFirst = -2.5, kStep = .25;  // of the knots (score/calibration.hpp)
  const double at = (deviations - kFirst) / kStep;
  const auto below = static_cast<std::size_t>(at);
  const double share = at - static_cast<double>(below);
  return (1 - share) * table.knots[below] + share * table.knots[below + 1];
}

}  // namespace

Picture picture(const Model& model, const ChartMap& map, const AccountState& state) {
  const auto& window = state.window;
  const auto horizon = horizon_of(window);
  Picture made;
  made.visited = visits(window, horizon);
  made.path = path_of(map, window);
  window::Matrix matrix;
  window::load(window, matrix);
  homology::Scratch scratch;
  homology::diagrams(matrix.view(), {homology::work_budget(window.options.length)}, scratch, made.homology);
  made.growth_from = window.distinct - horizon.size();
  made.growth = growth_of(window, horizon);
  if (const auto ledger = ledger_of(state)) {
    std::vector<double> masses;
    for (const auto& chart : model.atlas.charts) masses.push_back(chart.benign_mass);
    const bool weighed = std::ranges::any_of(masses, [](double mass) { return mass > 0; });
    made.covered = {ledger->covered(), weighed ? policy::covered_mass(*ledger, masses) : 0};
  }
  return made;
}

std::vector<HonestGrowth> honest_growth(const Model& model) {
  constexpr double kTenth = 1.2815515655446004;  // Phi(-1.28155) = .1
  const auto charts = static_cast<std::size_t>(Measure::charts_horizon);
  std::vector<HonestGrowth> growth;
  for (const auto& [bin, age] : measured_ages(model.calibration)) {
    const auto& table = model.calibration.tables[bin][charts];
    growth.push_back({age, quantile(table, -kTenth), quantile(table, 0), quantile(table, kTenth)});
  }
  return growth;
}

}  // namespace cms::pipeline
