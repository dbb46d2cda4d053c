#include "pipeline/picture.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/directions.hpp"
#include "pipeline/model_example.hpp"
#include "pipeline/tariff.hpp"

namespace cms::pipeline {
namespace {

// An account after a stream, and what its distinct requests were: nothing but the atlas is asked.
struct Followed {
  AccountState state;
  std::vector<Projected> distinct;
};

Followed follow(const Model& model, const Stream& stream) {
  Followed followed{make_account(model), {}};
  Scratch scratch;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    const auto row = stream.row(i);
    const auto before = followed.state.window.distinct;
    step(model, followed.state, row, 60.0 * static_cast<double>(i), scratch);
    if (followed.state.window.distinct > before) followed.distinct.push_back(atlas::project(model.atlas, row));
  }
  return followed;
}

// The last `count` of what came.
std::span<const Projected> last(const Followed& followed, std::size_t count) {
  const std::span<const Projected> all(followed.distinct);
  return all.last(std::min(count, all.size()));
}

TEST(picture, charts_and_growth_are_those_of_a_plain_walk_over_the_requests) {
  const auto model = example_model();
  const auto map = chart_map(model.atlas);
  for (const std::size_t requests : {1UL, 15UL, 70UL, 400UL}) {
    const auto followed = follow(model, example_stream(model, requests, requests));
    const auto made = picture(model, map, followed.state);
    const auto horizon = last(followed, model.calibration.horizon);
    std::map<std::uint16_t, std::uint32_t> visits;
    for (const auto& one : followed.distinct) visits[one.chart] = 0;
    for (const auto& one : horizon) ++visits[one.chart];
    ASSERT_EQ(made.visited.size(), visits.size());
    for (const auto& visit : made.visited) EXPECT_EQ(visit.requests, visits.at(visit.chart));

    EXPECT_EQ(made.growth_from, followed.distinct.size() - horizon.size());
    ASSERT_FALSE(made.growth.empty());
    EXPECT_EQ(made.growth.back().requests, horizon.size());
    for (const auto& point : made.growth) {
      std::set<std::uint16_t> charts;
      for (std::uint64_t n = 0; n < point.requests; ++n) charts.insert(horizon[n].chart);
      EXPECT_EQ(point.charts, charts.size());
    }
    if (followed.state.reading.has(Measure::charts_horizon)) {
      EXPECT_EQ(made.growth.back().charts, followed.state.reading[Measure::charts_horizon]);
    }
  }
}

TEST(picture, the_path_is_the_window_oldest_first) {
  const auto model = example_model();
  const auto map = chart_map(model.atlas);
  const auto followed = follow(model, example_stream(model, 3, 300));
  const auto made = picture(model, map, followed.state);
  const auto window = last(followed, model.window_length);
  ASSERT_EQ(made.path.size(), window.size());
  for (std::size_t i = 0; i < window.size(); ++i) {
    EXPECT_EQ(made.path[i].chart, window[i].chart);
    const auto place = map.place(window[i].point);
    EXPECT_EQ(made.path[i].place.x, place.x);
    EXPECT_EQ(made.path[i].place.y, place.y);
  }
}

TEST(picture, its_diagrams_are_those_that_the_reading_summed) {
  const auto model = example_model();
  const auto followed = follow(model, example_stream(model, 5, 200));
  const auto made = picture(model, chart_map(model.atlas), followed.state);
  ASSERT_FALSE(made.homology.truncated);
  EXPECT_EQ(made.homology.h0.size() + 1, followed.state.window.count());
  const auto& reading = followed.state.reading;
  const auto h1 = homology::persistence(made.homology.h1);
  EXPECT_EQ(static_cast<float>(homology::persistence(made.homology.h0).total), reading[Measure::h0_total]);
  EXPECT_EQ(static_cast<float>(h1.total), reading[Measure::h1_total]);
  EXPECT_EQ(static_cast<float>(h1.bars), reading[Measure::h1_bars]);
}

TEST(picture, of_an_account_without_requests_is_empty) {
  const auto model = example_model();
  const auto made = picture(model, chart_map(model.atlas), make_account(model));
  EXPECT_TRUE(made.visited.empty() && made.path.empty() && made.growth.empty());
  EXPECT_TRUE(made.homology.h0.empty() && made.homology.h1.empty());
  EXPECT_EQ(made.covered->charts, 0U);
  EXPECT_EQ(made.covered->mass, 0);
}

TEST(picture, coverage_of_mass_is_the_sum_over_the_charts_visited) {
  const auto model = example_model();
  const auto made = picture(model, chart_map(model.atlas), follow(model, example_stream(model, 9, 120)).state);
  double visited = 0, all = 0;
  for (const auto& visit : made.visited) visited += model.atlas.charts[visit.chart].benign_mass;
  for (const auto& chart : model.atlas.charts) all += chart.benign_mass;
  ASSERT_TRUE(made.covered);
  EXPECT_EQ(made.covered->charts, made.visited.size());
  EXPECT_NEAR(made.covered->mass, all > 0 ? visited / all : 0, 1e-12);
}

TEST(picture, honest_growth_lies_between_the_knots_of_its_age) {
  const auto model = example_model();
  const auto growth = honest_growth(model);
  const auto ages = measured_ages(model.calibration);
  ASSERT_EQ(growth.size(), ages.size());
  ASSERT_FALSE(growth.empty());
  const auto charts = static_cast<std::size_t>(Measure::charts_horizon);
  for (std::size_t i = 0; i < growth.size(); ++i) {
    const auto& knots = model.calibration.tables[ages[i].bin][charts].knots;
    EXPECT_EQ(growth[i].requests, ages[i].age);
    EXPECT_EQ(growth[i].median, knots[10]);
    // Phi(-1.5) < .1 < Phi(-1.25), and the same above.
    EXPECT_TRUE(knots[4] <= growth[i].low && growth[i].low <= knots[5]);
    EXPECT_TRUE(knots[15] <= growth[i].high && growth[i].high <= knots[16]);
  }
}

}  // namespace
}  // namespace cms::pipeline
