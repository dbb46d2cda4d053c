#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lab/fleet.hpp"
#include "lab/fleet_cost.hpp"

namespace cms::lab {
namespace {

using nlohmann::json;

const std::vector<GraphGroup> kCommunityGroups = {{"the campaign's", "attacker"},
                                                  {"honest, flagged", "suspect"},
                                                  {"honest", "honest"}};
const std::vector<GraphGroup> kAccountGroups = {{"campaign, in its community", "attacker"},
                                                {"campaign, elsewhere", "faint"},
                                                {"honest, drawn in", "suspect"},
                                                {"honest neighbours", "honest"}};
constexpr std::size_t kCurvePoints = 60;

double mean_found(const FleetResult& result, std::size_t c) {
  double sum = 0;
  for (const auto& rows : result.campaigns) sum += rows[c].found / static_cast<double>(result.campaigns.size());
  return sum;
}

json found_plot(const FleetResult& result) {
  std::vector<std::string> names;
  std::vector<std::vector<double>> found;
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    names.push_back(result.campaigns.front()[c].name);
    found.push_back({mean_found(result, c)});
  }
  const Caption caption{"Campaigns found", "Share of a hidden campaign's accounts that the fleet flags at Campaign PoH "
                                           ".01, over seeds."};
  return bars_plot(caption, {"accounts flagged", 0, 1}, names, {"found"}, found);
}

// The curve of so many scales above what honest communities cover.
Curve coverage_curve(const FleetSight& sight, const std::string& name, double scales, double spread_max) {
  Curve curve{name, {}, false, false};
  for (std::size_t i = 0; i <= kCurvePoints; ++i) {
    const double spread = spread_max * static_cast<double>(i) / kCurvePoints;
    curve.points.push_back(
        {spread, std::exp(sight.coefficients[0] + sight.coefficients[1] * spread + scales * sight.scale)});
  }
  return curve;
}

json evidence_plot(const FleetSight& sight) {
  Curve honest{"honest communities", {}, true, true}, found{"campaigns, found", {}, false, true},
      missed{"campaigns, missed", {}, false, true};
  double spread_max = .1, charts_max = 10, charts_min = 10;
  for (const auto& dot : sight.communities) {
    auto& curve = dot.side == CommunityDot::Side::honest  ? honest
                  : dot.side == CommunityDot::Side::found ? found
                                                          : missed;
    curve.points.push_back({dot.spread, dot.charts});
    spread_max = std::max(spread_max, dot.spread);
    charts_max = std::max(charts_max, dot.charts);
    charts_min = std::min(charts_min, dot.charts);
  }
  std::vector<Curve> curves = {missed, found, honest, coverage_curve(sight, "honest, expected", 0, spread_max)};
  if (std::isfinite(sight.breadth_flagged)) {
    curves.push_back(coverage_curve(sight, "flagged above", sight.breadth_flagged, spread_max));
    for (const auto& point : curves.back().points) charts_max = std::max(charts_max, point[1]);
  }
  return curves_plot({"Broad for being so alike", "Every community of the first seed: how far its members lie apart "
                                                  "(0: one stream), and how many charts they cover together, evenly."},
                     {"distance of members, root", 0, 1.05 * spread_max},
                     {"charts covered, as evenly visited ones", .9 * charts_min, 1.2 * charts_max, true}, curves);
}

void add_pictures(const FleetPicture& picture, json& plots) {
  plots.push_back(graph_plot({"The fleet: " + picture.campaign,
                              "Every community, its area by its accounts, linked to the three it has most links to."},
                             kCommunityGroups, picture.communities));
  plots.push_back(graph_plot({"Around the campaign: " + picture.campaign,
                              "Accounts of the community that holds most of it, and those it has most links to; the "
                              "three heaviest links of each."},
                             kAccountGroups, picture.accounts));
  const auto covered = [&](const Graph& graph, const std::string& title, const char* look, std::uint32_t members) {
    if (graph.dots.empty()) return;
    const auto says = fmt::format("The atlas' charts; area: how many of the {} accounts have been there.", members);
    plots.push_back(graph_plot({title, says}, {{"covered", look}, {"never", "faint"}}, graph));
  };
  covered(picture.covered, "Covered together: " + picture.campaign, "attacker", picture.members);
  covered(picture.covered_honest, "Beside it: the honest community nearest in size", "honest", picture.members_honest);
}

json cost_plot(const FleetResult& result, PrizeKind prize, const std::string& title, const std::string& says) {
  std::vector<std::string> names;
  std::vector<std::vector<double>> values;
  double dearest = 1;
  for (const auto& row : result.costs.front().rows) {
    if (std::find(names.begin(), names.end(), row.attacker) != names.end()) continue;
    const auto both = cost_both(result.costs, {prize, kCostPlotted, false, row.attacker});
    if (both.seeds == 0) continue;
    names.push_back(row.attacker);
    values.push_back({both.off, std::max(0.0, both.on - both.off)});
    dearest = std::max({dearest, both.off, both.on});
  }
  return bars_plot({title, says}, {"times the unwatched cost", 0, 1.05 * dearest}, names,
                   {"fleet off", "more with it on"}, values);
}

}  // namespace

json plots(const FleetResult& result) {
  auto made = json::array();
  if (result.campaigns.empty()) return made;
  made.push_back(found_plot(result));
  if (!result.sight.communities.empty()) made.push_back(evidence_plot(result.sight));
  for (const auto& picture : result.sight.campaigns) add_pictures(picture, made);
  if (result.costs.empty()) return made;
  const auto says = fmt::format("The cheapest way of each attacker, an account for {:g} requests, every PoH >= .01; "
                                "who is flagged is refused and opens another account.",
                                kCostPlotted);
  made.push_back(cost_plot(result, PrizeKind::coverage, "What 80% costs with the fleet off and on", says));
  made.push_back(cost_plot(result, PrizeKind::answers,
                           fmt::format("What {} answers cost with the fleet off and on", result.costs.front().answers),
                           says));
  return made;
}

}  // namespace cms::lab
