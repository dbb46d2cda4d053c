#include "lab/fleet_picture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "lab/graph_layout.hpp"

namespace cms::lab {
namespace {

constexpr std::size_t kLinksDrawn = 3;        // of each dot, the heaviest
constexpr std::size_t kNeighboursDrawn = 150;  // honest accounts outside the community
constexpr double kAccountsDot = 25;            // of a community as large as a usual dot
constexpr std::uint32_t kNotDrawn = UINT32_MAX;

using Weights = std::map<std::pair<std::uint32_t, std::uint32_t>, double>;

std::size_t members_of(const fleet::Campaign& community, std::size_t honest) {
  return static_cast<std::size_t>(community.members.end() - std::lower_bound(community.members.begin(),
                                                                             community.members.end(), honest));
}

// The heaviest few links of each dot, every pair once.
std::vector<std::pair<std::uint32_t, std::uint32_t>> heaviest(const Weights& weights, std::size_t dots) {
  std::vector<std::vector<std::pair<double, std::uint32_t>>> of(dots);
  for (const auto& [pair, weight] : weights) {
    of[pair.first].emplace_back(-weight, pair.second);
    of[pair.second].emplace_back(-weight, pair.first);
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> kept;
  for (std::uint32_t d = 0; d < dots; ++d) {
    std::sort(of[d].begin(), of[d].end());
    of[d].resize(std::min(kLinksDrawn, of[d].size()));
    for (const auto& [weight, other] : of[d]) kept.emplace_back(std::min(d, other), std::max(d, other));
  }
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  return kept;
}

// Links between drawn dots, added up; `dot_of` says which dot each account is part of.
Weights between(const SeenCampaign& seen, std::span<const std::uint32_t> dot_of) {
  Weights weights;
  for (const auto& link : seen.links) {
    const auto a = dot_of[link.a], b = dot_of[link.b];
    if (a != b && a != kNotDrawn && b != kNotDrawn) weights[{std::min(a, b), std::max(a, b)}] += link.weight;
  }
  return weights;
}

Result<Graph> communities_graph(const SeenCampaign& seen, double level) {
  Graph graph;
  std::vector<std::uint32_t> dot_of(seen.accounts.size(), kNotDrawn);
  const auto* chosen = campaign_community(seen);
  for (std::size_t c = 0; c < seen.communities.size(); ++c) {
    const auto& one = seen.communities[c];
    const auto kind = &one == chosen     ? CommunityKind::campaign
                      : one.poh <= level ? CommunityKind::honest_flagged
                                         : CommunityKind::honest;
    for (const auto member : one.members) dot_of[member] = static_cast<std::uint32_t>(c);
    const auto members = static_cast<double>(one.members.size());
    graph.dots.push_back({0, 0, static_cast<std::size_t>(kind), members / kAccountsDot});
  }
  graph.links = heaviest(between(seen, dot_of), graph.dots.size());
  CMS_CHECK(lay_out(graph));
  return graph;
}

// Honest accounts outside the community, those first that its links lead to most.
std::vector<std::uint32_t> neighbours_of(const SeenCampaign& seen, const std::vector<bool>& inside) {
  std::map<std::uint32_t, double> weights;
  for (const auto& link : seen.links) {
    if (inside[link.a] == inside[link.b]) continue;
    const auto outside = inside[link.a] ? link.b : link.a;
    if (outside < seen.honest) weights[outside] += link.weight;
  }
  std::vector<std::pair<double, std::uint32_t>> order;
  for (const auto& [account, weight] : weights) order.emplace_back(-weight, account);
  std::sort(order.begin(), order.end());
  order.resize(std::min(kNeighboursDrawn, order.size()));
  std::vector<std::uint32_t> chosen;
  for (const auto& [weight, account] : order) chosen.push_back(account);
  return chosen;
}

Result<Graph> accounts_graph(const SeenCampaign& seen) {
  Graph graph;
  std::vector<std::uint32_t> dot_of(seen.accounts.size(), kNotDrawn);
  const auto draw = [&](std::uint32_t account, AccountKind kind) {
    dot_of[account] = static_cast<std::uint32_t>(graph.dots.size());
    graph.dots.push_back({0, 0, static_cast<std::size_t>(kind), 1});
  };
  std::vector<bool> inside(seen.accounts.size());
  for (const auto member : campaign_community(seen)->members) {
    inside[member] = true;
    draw(member, member >= seen.honest ? AccountKind::member : AccountKind::honest_inside);
  }
  for (auto member = static_cast<std::uint32_t>(seen.honest); member < seen.accounts.size(); ++member) {
    if (!inside[member]) draw(member, AccountKind::member_elsewhere);
  }
  for (const auto account : neighbours_of(seen, inside)) draw(account, AccountKind::honest_outside);
  graph.links = heaviest(between(seen, dot_of), graph.dots.size());
  CMS_CHECK(lay_out(graph));
  return graph;
}

Graph charts_graph(const SeenCampaign& seen, const fleet::Campaign& community, const pipeline::ChartMap& map) {
  constexpr double kGreatest = 4;
  Graph graph;
  std::vector<double> visits(map.charts.size());
  for (const auto member : community.members) {
    const auto charts = fleet::charts_of(seen.accounts[member]);
    for (std::size_t c = 0; c < visits.size(); ++c) visits[c] += static_cast<double>(charts[c / 64] >> (c % 64) & 1);
  }
  const double most = std::max(1.0, *std::max_element(visits.begin(), visits.end()));
  for (std::size_t c = 0; c < visits.size(); ++c) {
    const auto& place = map.charts[c];
    const bool seen_there = visits[c] > 0;
    graph.dots.push_back({(place.x + 1) / 2, (place.y + 1) / 2, seen_there ? 0U : 1U,
                          seen_there ? std::max(.3, kGreatest * visits[c] / most) : .2});
  }
  return graph;
}

// The honest community whose number of accounts is nearest to `accounts`; nothing where there is none.
const fleet::Campaign* honest_like(const SeenCampaign& seen, std::size_t accounts) {
  const fleet::Campaign* best = nullptr;
  const auto off = [&](const fleet::Campaign& one) {
    return std::abs(static_cast<double>(one.members.size()) - static_cast<double>(accounts));
  };
  for (const auto& one : seen.communities) {
    if (members_of(one, seen.honest) > 0) continue;
    if (best == nullptr || off(one) < off(*best)) best = &one;
  }
  return best;
}

}  // namespace

const fleet::Campaign* campaign_community(const SeenCampaign& seen) {
  const fleet::Campaign* most = nullptr;
  std::size_t members = 0;
  for (const auto& one : seen.communities) {
    if (members_of(one, seen.honest) <= members) continue;
    most = &one;
    members = members_of(one, seen.honest);
  }
  return most;
}

CommunityDot dot_of(const fleet::Campaign& community, CommunityDot::Side side) {
  return {side, std::sqrt(std::max(0.0, community.reading.distance)), community.reading.effective_charts};
}

Result<FleetPicture> picture_of(const SeenCampaign& seen, const pipeline::ChartMap& map, double level) {
  FleetPicture picture;
  picture.campaign = seen.name;
  CMS_TRY(communities, communities_graph(seen, level));
  CMS_TRY(accounts, accounts_graph(seen));
  picture.communities = std::move(communities);
  picture.accounts = std::move(accounts);
  const auto& chosen = *campaign_community(seen);
  picture.covered = charts_graph(seen, chosen, map);
  picture.members = static_cast<std::uint32_t>(chosen.members.size());
  if (const auto* honest = honest_like(seen, chosen.members.size())) {
    picture.covered_honest = charts_graph(seen, *honest, map);
    picture.members_honest = static_cast<std::uint32_t>(honest->members.size());
  }
  return picture;
}

double breadth_unflagged(const fleet::CampaignCalibration& calibration, double level) {
  std::vector<double> values;
  for (const auto& [kind, ranked] : calibration.rankings) values.insert(values.end(), ranked.begin(), ranked.end());
  std::sort(values.begin(), values.end());
  for (auto value = values.rbegin(); value != values.rend(); ++value) {
    if (fleet::campaign_poh(calibration, *value) > level) {
      const bool any = fleet::campaign_poh_min(calibration) <= level;
      return any ? fleet::breadth_as_rare_as(calibration, *value) : std::numeric_limits<double>::infinity();
    }
  }
  return -std::numeric_limits<double>::infinity();
}

}  // namespace cms::lab
