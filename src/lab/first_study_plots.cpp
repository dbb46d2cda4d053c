// The pictures of the first study.
#include <algorithm>
#include <cmath>

#include "lab/first_study.hpp"
#include "policy/policy.hpp"
#include "types/score.hpp"

namespace cms::lab {
namespace {

using nlohmann::json;
using Cells = std::vector<const CellResult*>;

constexpr std::string_view kStreamPrefix = "stream ";

template <typename Keep>
Cells cells_where(const FirstStudyResult& result, const Keep& keep) {
  Cells cells;
  for (const auto& cell : result.cells) {
    if (keep(cell)) cells.push_back(&cell);
  }
  return cells;
}

bool is_stream(const CellResult& cell) { return cell.name.starts_with(kStreamPrefix); }

std::vector<double> lowest(const CellResult& cell) {
  std::vector<double> values;
  for (const auto& fate : cell.fates) values.push_back(fate.poh_min);
  std::sort(values.begin(), values.end());
  return values;
}

double share_up_to(const std::vector<double>& rising, double value) {
  if (rising.empty()) return 0;
  const auto count = std::upper_bound(rising.begin(), rising.end(), value) - rising.begin();
  return static_cast<double>(count) / static_cast<double>(rising.size());
}

// Levels from 1 in a thousand to 1, evenly on a logarithmic axis.
std::vector<double> levels() {
  std::vector<double> all;
  for (int i = 0; i <= 60; ++i) all.push_back(std::pow(10, -3 + i / 20.0));
  return all;
}

Axis shares_axis() { return {"share of accounts", 0, 1, false}; }

// At every level the threshold is the lowest PoH of that share of honest accounts of calibrated kinds.
json roc(const FirstStudyResult& result, const Cells& attackers, const std::string& title) {
  std::vector<double> honest;
  for (const auto& cell : result.cells) {
    if (!cell.calibration_kind) continue;
    const auto some = lowest(cell);
    honest.insert(honest.end(), some.begin(), some.end());
  }
  std::sort(honest.begin(), honest.end());
  std::vector<Curve> curves;
  for (const auto* cell : attackers) {
    const auto values = lowest(*cell);
    Curve curve{cell->name, {}, false};
    for (const double level : levels()) {
      const auto place = static_cast<std::size_t>(std::ceil(level * static_cast<double>(honest.size())));
      if (place == 0 || honest.empty()) continue;
      const double threshold = honest[std::min(place, honest.size()) - 1];
      curve.points.push_back({share_up_to(honest, threshold), share_up_to(values, threshold)});
    }
    curves.push_back(std::move(curve));
  }
  return curves_plot({title, "How many attackers come as low as the share of honest accounts at the bottom does."},
                     {"share of honest accounts flagged", 1e-3, 1, true}, {"share of attackers flagged", 0, 1, false},
                     curves);
}

json delays(const FirstStudyResult& result, const Cells& attackers) {
  std::vector<Curve> curves;
  for (const auto* cell : attackers) {
    Curve curve{cell->name, {}, false};
    for (std::uint32_t n = 0; n <= result.horizon; n += std::max(1U, result.horizon / 60)) {
      const auto by_then = std::count_if(cell->fates.begin(), cell->fates.end(), [&](const Fate& fate) {
        return fate.first_flag > 0 && fate.first_flag <= n;
      });
      const auto count = std::max<std::size_t>(1, cell->fates.size());
      curve.points.push_back({static_cast<double>(n), static_cast<double>(by_then) / static_cast<double>(count)});
    }
    curves.push_back(std::move(curve));
  }
  return curves_plot({"Detection delay", "How many attackers have come to PoH <= .01 by their n-th request."},
                     {"requests", 0, static_cast<double>(result.horizon), false}, shares_axis(), curves);
}

json calibration(const FirstStudyResult& result) {
  std::vector<Curve> curves = {{"promised", {{1e-3, 1e-3}, {1, 1}}, false}};
  for (const auto* cell : cells_where(result, [](const CellResult& one) { return one.honest; })) {
    const auto values = lowest(*cell);
    Curve curve{cell->name, {}, true};
    for (const double level : levels()) {
      const double share = share_up_to(values, level);
      if (share > 0) curve.points.push_back({level, share});
    }
    curves.push_back(std::move(curve));
  }
  return curves_plot({"Calibration", "Honest accounts whose lowest PoH is at most a; below the line is better."},
                     {"a", 1e-3, 1, true}, {"share of accounts with lowest PoH <= a", 1e-3, 1, true}, curves);
}

json confusion(const FirstStudyResult& result) {
  const policy::Ladder ladder;
  const std::array<std::pair<const char*, double>, 5> rungs = {{{"review", ladder.review},
                                                                {"limit", ladder.limit},
                                                                {"price", ladder.price},
                                                                {"observe", ladder.observe},
                                                                {"allow", 1}}};
  std::vector<std::string> names, parts;
  std::vector<std::vector<double>> shares;
  for (const auto& rung : rungs) parts.emplace_back(rung.first);
  for (const auto& cell : result.cells) {
    const auto values = lowest(cell);
    names.push_back(cell.name);
    auto& row = shares.emplace_back();
    double below = 0;
    for (const auto& rung : rungs) {
      const double up_to = share_up_to(values, rung.second);
      row.push_back(up_to - below);
      below = up_to;
    }
  }
  return bars_plot({"What the policy does", "The gravest rung of the ladder that accounts of each kind come to."},
                   shares_axis(), names, parts, shares);
}

json channels(const FirstStudyResult& result) {
  std::vector<std::string> names;
  std::vector<std::vector<double>> areas;
  for (std::size_t k = 0; k < result.configurations.size(); ++k) {
    double sum = 0, count = 0;
    for (const auto& cell : result.cells) {
      if (cell.honest) continue;
      for (const auto& seed : cell.configurations) sum += seed[k].area, ++count;
    }
    names.push_back(k == 0 ? "all channels" : k <= kChannelCount ? result.configurations[k].name + " alone"
                                                                 : result.configurations[k].name);
    areas.push_back({count > 0 ? sum / count : 0});
  }
  return bars_plot({"Channels", "Mean area under the curve of attackers: all channels, one alone, one left out."},
                   {"mean AUC", 0, 1, false}, names, {"AUC"}, areas);
}

}  // namespace

json plots(const FirstStudyResult& result) {
  const auto attackers = cells_where(result, [](const CellResult& one) { return !one.honest && !is_stream(one); });
  const auto streams = cells_where(result, [](const CellResult& one) { return !one.honest && is_stream(one); });
  json all = json::array({roc(result, attackers, "ROC: attackers over many fields")});
  if (!streams.empty()) all.push_back(roc(result, streams, "ROC: streams of one family"));
  for (auto& one : {delays(result, attackers), calibration(result), confusion(result), channels(result)}) {
    all.push_back(one);
  }
  return all;
}

}  // namespace cms::lab
