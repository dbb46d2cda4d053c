// The charts of an atlas laid out flat, for pictures: two coordinates a chart, and the same two of any point.
//
// The two leading principal directions of the charts' centres, weighted by honest mass and with whitening undone (it
// makes all directions equal, so that none would lead), both at one scale, so that the charts fill [-1, 1]. It is a
// shadow of many dimensions: what lies far apart is far apart, what lies together need not be near (`explained` says
// how much of the variance is left). Nothing is scored by it.
// Invariants: as many places as charts, all finite; a direction's largest part is positive: pictures do not turn over.
// Threads: plain values. Cost: chart_map() K rank^2, once; place() 2 rank multiply-adds.
// Reference: Pearson 1901, principal components.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "atlas/atlas.hpp"

namespace cms::pipeline {

struct Place {
  double x = 0;
  double y = 0;
};

struct ChartMap {
  std::vector<double> centre;                          // rank
  std::array<std::vector<double>, 2> directions;       // rank each, spread and scale in them
  std::array<double, 2> explained{};                   // share of the variance of the charts' centres, in [0, 1]
  std::vector<Place> charts;                           // by chart

  // Where a point as windows keep it lies: its direction, projected. May leave [-1, 1] a little.
  [[nodiscard]] Place place(std::span<const std::int8_t> point) const;
};

ChartMap chart_map(const atlas::Atlas& atlas);

// The map in letters, kDrawnRows lines of at most kDrawnColumns, each after `indent`: `#` where all charts that lie
// there are `seen` (numbers of charts), `+` where some are, `.` where none is; upwards is +y.
inline constexpr std::size_t kDrawnRows = 16, kDrawnColumns = 64;
std::string drawn(const ChartMap& map, std::span<const std::uint32_t> seen, std::string_view indent = {});

}  // namespace cms::pipeline
