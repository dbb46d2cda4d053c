#include "pipeline/chart_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/directions.hpp"
#include "pipeline/model_example.hpp"

namespace cms::pipeline {
namespace {

// Charts on the unit sphere, one row of `rank` a chart.
atlas::Atlas atlas_of(std::uint32_t rank, const std::vector<std::vector<float>>& centres,
                      const std::vector<float>& masses) {
  atlas::Atlas atlas;
  atlas.rank = rank;
  for (std::size_t c = 0; c < centres.size(); ++c) {
    atlas.centroids.insert(atlas.centroids.end(), centres[c].begin(), centres[c].end());
    atlas.charts.emplace_back().benign_mass = masses[c];
  }
  return atlas;
}

TEST(chart_map, charts_on_a_circle_lie_on_a_circle) {
  std::vector<std::vector<float>> centres;
  for (int i = 0; i < 12; ++i) {
    const double angle = 2 * std::numbers::pi * i / 12;
    centres.push_back({0, static_cast<float>(std::cos(angle)), 0, static_cast<float>(std::sin(angle))});
  }
  const auto map = chart_map(atlas_of(4, centres, std::vector<float>(12, 1.0F / 12)));
  for (const auto& place : map.charts) EXPECT_NEAR(std::hypot(place.x, place.y), 1, 1e-6);
  EXPECT_NEAR(map.explained[0] + map.explained[1], 1, 1e-9);
}

TEST(chart_map, the_first_coordinate_separates_what_the_mass_separates_most) {
  // Two heavy charts differ in the first element, two light ones in the second, by as much.
  const float s = std::sqrt(.5F);
  const auto map = chart_map(atlas_of(3, {{s, 0, s}, {-s, 0, s}, {0, s, s}, {0, -s, s}}, {.4F, .4F, .1F, .1F}));
  EXPECT_NEAR(map.charts[0].x, 1, 1e-6);
  EXPECT_NEAR(map.charts[1].x, -1, 1e-6);
  EXPECT_NEAR(map.charts[2].x, 0, 1e-6);
  EXPECT_NEAR(map.charts[2].y, 1, 1e-6);
  EXPECT_NEAR(map.explained[0], .8, 1e-6);
  EXPECT_NEAR(map.explained[1], .2, 1e-6);
}

TEST(chart_map, what_whitening_made_small_is_large_again) {
  const float s = std::sqrt(.5F);
  auto atlas = atlas_of(3, {{s, 0, s}, {-s, 0, s}, {0, s, s}, {0, -s, s}}, {.4F, .4F, .1F, .1F});
  // Raw activations spread ten times as far along the second direction as along the others.
  atlas.projection = {1, 0, 0, 0, .1F, 0, 0, 0, 1};
  const auto map = chart_map(atlas);
  EXPECT_NEAR(map.charts[2].x, 1, 1e-6);
  EXPECT_NEAR(map.charts[3].x, -1, 1e-6);
  EXPECT_NEAR(map.charts[0].y, .1, 1e-6);
  EXPECT_NEAR(map.explained[0], 20 / 20.8, 1e-6);
}

TEST(chart_map, the_centre_of_a_chart_as_a_point_lies_where_the_chart_does) {
  const auto model = example_model();
  const auto map = chart_map(model.atlas);
  ASSERT_EQ(map.charts.size(), model.atlas.charts.size());
  double most = 0;
  for (std::size_t c = 0; c < map.charts.size(); ++c) {
    const auto place = map.place(round_direction(model.atlas.centroid(c)));
    EXPECT_NEAR(place.x, map.charts[c].x, .02);
    EXPECT_NEAR(place.y, map.charts[c].y, .02);
    most = std::max({most, std::abs(map.charts[c].x), std::abs(map.charts[c].y)});
  }
  EXPECT_DOUBLE_EQ(most, 1);
}

TEST(chart_map, charts_that_are_all_equal_or_of_rank_one_give_finite_places) {
  const auto equal = chart_map(atlas_of(2, {{1, 0}, {1, 0}}, {0, 0}));
  for (const auto& place : equal.charts) EXPECT_EQ(std::hypot(place.x, place.y), 0);
  const auto line = chart_map(atlas_of(1, {{1}, {-1}}, {.5F, .5F}));
  EXPECT_NEAR(std::abs(line.charts[0].x), 1, 1e-9);
  EXPECT_EQ(line.charts[0].y, 0);
  const auto nothing = line.place(std::vector<std::int8_t>{0});
  EXPECT_TRUE(std::isfinite(nothing.x) && std::isfinite(nothing.y));
}

TEST(chart_map, letters_say_which_charts_of_a_place_are_seen) {
  ChartMap map;
  map.charts = {{-1, 1}, {-1, 1}, {1, 1}, {0, 0}, {1, -1}, {1, -1}};
  const std::vector<std::uint32_t> seen{0, 4, 5};
  const auto text = drawn(map, seen, "> ");
  std::vector<std::string> lines;
  for (std::size_t first = 0; first < text.size(); first = text.find('\n', first) + 1) {
    lines.push_back(text.substr(first, text.find('\n', first) - first));
  }
  ASSERT_EQ(lines.size(), kDrawnRows);
  EXPECT_EQ(lines.front(), "> +" + std::string(kDrawnColumns - 2, ' ') + ".");
  EXPECT_EQ(lines[kDrawnRows / 2], "> " + std::string(kDrawnColumns / 2, ' ') + ".");
  EXPECT_EQ(lines.back(), "> " + std::string(kDrawnColumns - 1, ' ') + "#");
  EXPECT_EQ(std::ranges::count(text, '.') + std::ranges::count(text, '+') + std::ranges::count(text, '#'), 4);
}

}  // namespace
}  // namespace cms::pipeline
