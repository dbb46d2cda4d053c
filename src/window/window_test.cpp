#include "window/window.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>

#include "base/directions.hpp"
#include "base/kernels.hpp"
#include "base/lanes.hpp"
#include "base/random.hpp"

namespace cms::window {
namespace {

constexpr Options kOptions{.length = 8, .horizon = 20, .rank = 16, .sketch_dimension = 8, .chart_count = 32};

std::vector<std::int8_t> direction(Random& random, std::size_t width) {
  std::vector<float> values(width);
  for (auto& value : values) value = static_cast<float>(random.normal());
  return round_direction(values);
}

Projected point(Random& random) {
  Projected result;
  result.point = direction(random, kOptions.rank);
  result.sketch = direction(random, kOptions.sketch_dimension);
  result.chart = static_cast<std::uint16_t>(random.below(kOptions.chart_count));
  result.benign_knn = static_cast<float>(random.uniform());
  result.benign_kernel = static_cast<float>(random.uniform());
  result.tangent_residual = static_cast<float>(random.uniform());
  return result;
}

float chord_between(const std::vector<std::int8_t>& a, const std::vector<std::int8_t>& b) {
  const std::span<const std::int8_t> x(a), y(b);
  return chord(dot(x, y), inverse_length(dot(x, x)), inverse_length(dot(y, y)));
}

// A window with the matrix that follows it.
struct Followed {
  State state = *make(kOptions);
  Matrix matrix;

  Followed() { load(state, matrix); }
  Change push(const Projected& point) { return window::push(state, matrix, point); }
};

std::vector<std::int8_t> point_of(const State& state, std::uint32_t slot) {
  std::vector<std::int8_t> values(kOptions.rank);
  get_row(parts(state).points, slot, values);
  return values;
}

TEST(Window, holds_the_last_distinct_points_and_what_was_known_of_each) {
  Random random(1);
  Followed window;
  std::deque<Projected> kept;
  for (int n = 0; n < 100; ++n) {
    kept.push_back(point(random));
    if (kept.size() > kOptions.length) kept.pop_front();
    const auto change = window.push(kept.back());
    ASSERT_FALSE(change.repeat);

    std::vector<std::uint32_t> slots;
    path(window.state, slots);
    ASSERT_EQ(slots.size(), kept.size());
    EXPECT_EQ(slots.back(), change.slot);
    const auto seen = parts(std::as_const(window.state));
    std::vector<std::uint16_t> by_slot;
    charts(window.state, by_slot);
    ASSERT_EQ(by_slot.size(), kept.size());
    for (std::size_t i = 0; i < slots.size(); ++i) {
      EXPECT_EQ(by_slot[slots[i]], kept[i].chart);
      EXPECT_EQ(seen.benign_knn[slots[i]], round_chord(kept[i].benign_knn));
      EXPECT_NEAR(seen.tangent_residuals[slots[i]] / 65535.0, kept[i].tangent_residual, 1e-5);
      EXPECT_NEAR(seen.benign_kernels[slots[i]] * 0x1p-32, kept[i].benign_kernel, 1e-9);
      EXPECT_EQ(point_of(window.state, slots[i]), kept[i].point);
    }
  }
}

TEST(Window, rows_that_follow_every_push_equal_a_matrix_built_from_the_points) {
  for (const std::uint32_t length : {2U, 15U, 16U, 17U, 64U, 65U}) {
    Options options = kOptions;
    options.length = length;
    options.horizon = 2 * length;
    Random random(2);
    State state = *make(options);
    Matrix followed, fresh;
    load(state, followed);
    for (std::uint32_t n = 0; n < 3 * length; ++n) {
      const auto change = push(state, followed, point(random));
      load(state, fresh);
      const auto ours = followed.view(), built = fresh.view();
      ASSERT_EQ(ours.count, built.count);
      for (std::uint32_t i = 0; i < built.count; ++i) {
        for (std::uint32_t j = 0; j < built.count; ++j) ASSERT_EQ(ours(i, j), built(i, j)) << length << ' ' << n;
        ASSERT_EQ(change.row.after[i], built(change.slot, i));
      }
      ASSERT_EQ(change.row.before.empty(), n < length);
      ASSERT_EQ(followed.inverse_points, fresh.inverse_points);
      ASSERT_EQ(followed.inverse_sketches, fresh.inverse_sketches);
    }
  }
}

TEST(Window, distances_equal_those_of_the_points_themselves) {
  Random random(2);
  Followed window;
  std::vector<Projected> points;
  for (int n = 0; n < 8; ++n) window.push(points.emplace_back(point(random)));
  const auto matrix = window.matrix.view();
  for (std::uint32_t i = 0; i < 8; ++i) {
    for (std::uint32_t j = 0; j < 8; ++j) {
      EXPECT_EQ(matrix(i, j), i == j ? 0 : chord_between(points[i].point, points[j].point));
    }
  }
}

TEST(Window, repeats_change_nothing_but_repetition) {
  Random random(3);
  Followed plain, repeated;
  std::vector<Projected> stream;
  for (int n = 0; n < 60; ++n) {
    stream.push_back(point(random));
    if (n == 30) std::fill(stream.back().point.begin(), stream.back().point.end(), 0);  // no direction at all
    plain.push(stream.back());
    repeated.push(stream.back());
    // Anything still in the window may be said again, any number of times.
    for (std::uint64_t i = random.below(4); i > 0; --i) {
      const std::size_t back = random.below(std::min<std::size_t>(stream.size(), kOptions.length));
      EXPECT_TRUE(repeated.push(stream[stream.size() - 1 - back]).repeat);
    }
  }
  EXPECT_GT(repeated.state.requests, plain.state.requests);
  repeated.state.requests = plain.state.requests;
  const auto ours = parts(repeated.state), theirs = parts(plain.state);
  std::copy(theirs.multiplicities.begin(), theirs.multiplicities.end(), ours.multiplicities.begin());
  std::copy(theirs.near_duplicates.begin(), theirs.near_duplicates.end(), ours.near_duplicates.begin());
  EXPECT_EQ(repeated.state, plain.state);
}

TEST(Window, a_multiplicity_stops_at_its_greatest) {
  Random random(8);
  Followed window;
  const auto said = point(random);
  for (int n = 0; n < kMultiplicityMax + 5; ++n) window.push(said);
  EXPECT_EQ(parts(window.state).multiplicities[0], kMultiplicityMax);
  EXPECT_EQ(window.state.requests, kMultiplicityMax + 5U);
}

TEST(Window, nearest_distances_and_new_charts_equal_a_plain_search) {
  Random random(4);
  Followed window;
  std::vector<Projected> stream;
  for (std::size_t n = 0; n < 70; ++n) {
    const auto next = point(random);
    float nearest = -1, raw = -1;
    for (std::size_t i = n - std::min<std::size_t>(n, kOptions.length); i < n; ++i) {
      const float d = chord_between(next.point, stream[i].point), r = chord_between(next.sketch, stream[i].sketch);
      if (nearest < 0 || d < nearest) nearest = d;
      if (raw < 0 || r < raw) raw = r;
    }
    bool seen = false;
    for (std::size_t i = n - std::min<std::size_t>(n, kOptions.horizon); i < n; ++i)
      seen |= stream[i].chart == next.chart;

    const auto change = window.push(next);
    const auto kept = parts(window.state);
    EXPECT_EQ(kept.nearest_atlas[n % kOptions.horizon], n == 0 ? kNoChord : round_chord(nearest));
    EXPECT_EQ(kept.nearest_raw[n % kOptions.horizon], n == 0 ? kNoChord : round_chord(raw));
    EXPECT_EQ(has_bit(kept.new_charts, change.slot), !seen);
    stream.push_back(next);
  }
}

TEST(Window, a_near_duplicate_is_marked_and_a_far_point_is_not) {
  Random random(5);
  Followed window;
  auto first = point(random);
  window.push(first);
  auto near = first;
  near.point[0] = static_cast<std::int8_t>(near.point[0] > 0 ? near.point[0] - 1 : near.point[0] + 1);
  EXPECT_FALSE(window.push(near).repeat);
  EXPECT_TRUE(has_bit(parts(window.state).near_duplicates, 1));
  window.push(point(random));
  EXPECT_FALSE(has_bit(parts(window.state).near_duplicates, 2));
  EXPECT_EQ(count_bits(parts(window.state).near_duplicates, 3), 1U);
}

TEST(Window, a_point_without_direction_that_is_sent_again_is_a_repeat_and_a_near_duplicate) {
  Random random(9);
  Followed window;
  auto nothing = point(random);
  std::fill(nothing.point.begin(), nothing.point.end(), 0);
  window.push(point(random));
  EXPECT_FALSE(window.push(nothing).repeat);
  EXPECT_FALSE(has_bit(parts(window.state).near_duplicates, 1));
  EXPECT_TRUE(window.push(nothing).repeat);
  EXPECT_TRUE(has_bit(parts(window.state).near_duplicates, 2));
}

TEST(Window, make_refuses_sizes_that_cannot_work) {
  for (const auto& wrong :
       {Options{.length = 1, .horizon = 20, .chart_count = 8}, Options{.length = 64, .horizon = 63, .chart_count = 8},
        Options{.length = 64, .horizon = 64, .chart_count = 0},
        Options{.length = 257, .horizon = 300, .chart_count = 8},
        Options{.length = 64, .horizon = 64, .rank = 257, .chart_count = 8}}) {
    EXPECT_FALSE(make(wrong));
  }
}

}  // namespace
}  // namespace cms::window
