#include "lab/outcome.hpp"

#include <cmath>

namespace cms::lab {
namespace {

using nlohmann::json;

// Pictures need no more than four digits; what is not a number is a gap.
json rounded(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::abs(value) < 1e-3 ? std::round(value * 1e8) / 1e8 : std::round(value * 1e4) / 1e4;
}

json axis_of(const Axis& axis) {
  return {{"label", axis.label},
          {"least", rounded(axis.least)},
          {"greatest", rounded(axis.greatest)},
          {"logarithmic", axis.logarithmic}};
}

}  // namespace

json curves_plot(const Caption& caption, const Axis& x, const Axis& y, const std::vector<Curve>& curves) {
  json drawn = json::array();
  for (const auto& curve : curves) {
    json points = json::array();
    for (const auto& [at, value] : curve.points) points.push_back({rounded(at), rounded(value)});
    drawn.push_back({{"name", curve.name}, {"honest", curve.honest}, {"dots", curve.dots}, {"points", points}});
  }
  return {{"kind", "curves"}, {"title", caption.title}, {"says", caption.says},
          {"x", axis_of(x)},  {"y", axis_of(y)},        {"curves", drawn}};
}

json bars_plot(const Caption& caption, const Axis& x, const std::vector<std::string>& names,
               const std::vector<std::string>& parts, const std::vector<std::vector<double>>& shares) {
  json bars = json::array();
  for (std::size_t i = 0; i < names.size(); ++i) {
    json values = json::array();
    for (const double value : shares[i]) values.push_back(rounded(value));
    bars.push_back({{"name", names[i]}, {"values", values}});
  }
  return {{"kind", "bars"}, {"title", caption.title}, {"says", caption.says},
          {"x", axis_of(x)}, {"parts", parts},        {"bars", bars}};
}

json graph_plot(const Caption& caption, const std::vector<GraphGroup>& groups, const Graph& graph) {
  std::vector<std::size_t> counts(groups.size());
  json dots = json::array(), names = json::array();
  for (const auto& dot : graph.dots) {
    counts[dot.group] += 1;
    dots.push_back({rounded(dot.x), rounded(dot.y), dot.group, rounded(dot.area)});
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    names.push_back({{"name", groups[g].name}, {"look", groups[g].look}, {"count", counts[g]}});
  }
  return {{"kind", "graph"}, {"title", caption.title}, {"says", caption.says},
          {"groups", names}, {"dots", dots},           {"links", graph.links}};
}

}  // namespace cms::lab
