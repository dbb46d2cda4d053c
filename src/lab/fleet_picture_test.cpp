#include "lab/fleet_picture.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fleet/campaign_example.hpp"
#include "lab/fleet.hpp"
#include "lab/graph_layout.hpp"

namespace cms::lab {
namespace {

// Two rings of `size` dots, each dot linked to the three after it, and one link between the rings.
Graph two_rings(std::uint32_t size) {
  Graph graph;
  graph.dots.resize(2 * std::size_t{size});
  for (std::uint32_t d = 0; d < 2 * size; ++d) {
    const std::uint32_t first = d / size * size;
    for (std::uint32_t step = 1; step <= 3; ++step) graph.links.emplace_back(d, first + (d - first + step) % size);
  }
  graph.links.emplace_back(0, size);
  return graph;
}

double apart(const GraphDot& a, const GraphDot& b) { return std::hypot(a.x - b.x, a.y - b.y); }

TEST(GraphLayout, puts_what_is_linked_together_the_same_way_every_time) {
  auto graph = two_rings(12), again = two_rings(12);
  ASSERT_TRUE(lay_out(graph));
  ASSERT_TRUE(lay_out(again));
  double within = 0, between = 0;
  for (std::size_t a = 0; a < 24; ++a) {
    EXPECT_EQ(graph.dots[a].x, again.dots[a].x);
    EXPECT_EQ(graph.dots[a].y, again.dots[a].y);
    EXPECT_TRUE(graph.dots[a].x >= 0 && graph.dots[a].x <= 1);
    for (std::size_t b = 0; b < a; ++b) (a / 12 == b / 12 ? within : between) += apart(graph.dots[a], graph.dots[b]);
  }
  EXPECT_LT(within / 132, .6 * between / 144);
}

TEST(GraphLayout, of_nothing_or_one_dot_is_made_and_of_a_link_to_nowhere_refused) {
  Graph none, one, wrong;
  EXPECT_TRUE(lay_out(none));
  one.dots.resize(1);
  ASSERT_TRUE(lay_out(one));
  EXPECT_EQ(one.dots[0].x, .5);
  wrong.dots.resize(2);
  wrong.links.emplace_back(0, 2);
  EXPECT_FALSE(lay_out(wrong));
}

std::size_t count_of(const Graph& graph, AccountKind kind) {
  std::size_t count = 0;
  for (const auto& dot : graph.dots) count += dot.group == static_cast<std::size_t>(kind) ? 1 : 0;
  return count;
}

TEST(FleetPicture, shows_every_community_every_member_and_the_charts_they_cover) {
  const fleet::ExampleWorld world(3);
  Random random(4);
  const auto calibration = fleet::calibrate(fleet::honest_fleets(world, 24, random), fleet::small_options());
  ASSERT_TRUE(calibration);
  auto accounts = fleet::honest_fleet(world, random).accounts;
  const auto honest = accounts.size();
  const auto stream = fleet::ExampleWorld::some(90, random);
  for (int i = 0; i < 25; ++i) accounts.push_back(world.account(stream, 30, random));
  const auto links = fleet::find_links(accounts, {}, calibration->breadth, calibration->options.links);
  const auto communities = fleet::find_campaigns(*calibration, accounts, links);
  ASSERT_TRUE(communities);
  const SeenCampaign seen{"rotated", accounts, links, *communities, honest};
  const auto* chosen = campaign_community(seen);
  ASSERT_NE(chosen, nullptr);
  pipeline::ChartMap map;
  map.charts.resize(fleet::kExampleCharts);
  const auto picture = picture_of(seen, map, .03);
  ASSERT_TRUE(picture) << picture.error().message;
  EXPECT_EQ(picture->communities.dots.size(), communities->size());
  const auto& around = picture->accounts;
  EXPECT_EQ(count_of(around, AccountKind::member) + count_of(around, AccountKind::member_elsewhere), 25U);
  EXPECT_EQ(picture->members, chosen->members.size());
  std::size_t covered = 0;
  for (const auto& dot : picture->covered.dots) covered += dot.group == 0 ? 1 : 0;
  EXPECT_EQ(covered, chosen->reading.charts);
  EXPECT_EQ(picture->covered_honest.dots.size(), map.charts.size());
}

TEST(FleetPicture, level_of_breadth_is_the_last_that_is_not_flagged) {
  fleet::CampaignCalibration calibration;
  calibration.rankings["job"] = {.5, 1, 1.5, 2};
  calibration.rankings["team"] = {0, 1, 3};
  calibration.breadth_tail = {2, {.5, 0}};
  EXPECT_DOUBLE_EQ(breadth_unflagged(calibration, .3), 2 + (3 + std::log(.2)) / 2);
  EXPECT_GT(fleet::campaign_poh(calibration, 3), .3);
  EXPECT_LE(fleet::campaign_poh(calibration, std::nextafter(3, 4)), .3);
  EXPECT_EQ(breadth_unflagged(calibration, .1), std::numeric_limits<double>::infinity());
}

TEST(FleetPlots, say_how_many_dots_a_group_has) {
  FleetResult result;
  CampaignRow row;
  row.name = "rotated";
  row.found = .4;
  result.campaigns = {{row}};
  FleetPicture picture;
  picture.campaign = "rotated";
  picture.accounts.dots = {{0, 0, 0, 1}, {1, 1, 0, 1}, {1, 0, 3, 1}};
  picture.accounts.links = {{0, 2}};
  result.sight.campaigns = {picture};
  const auto all = plots(result);
  EXPECT_EQ(all[0]["bars"][0]["values"], nlohmann::json::array({.4}));
  const auto& around = all[2];
  EXPECT_EQ(around["title"], "Around the campaign: rotated");
  EXPECT_EQ(around["groups"][0]["count"], 2);
  EXPECT_EQ(around["groups"][1]["count"], 0);
  EXPECT_EQ(around["links"][0], nlohmann::json::array({0, 2}));
  EXPECT_TRUE(plots(FleetResult{}).empty());
}

}  // namespace
}  // namespace cms::lab
