#include "window/window.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "base/directions.hpp"
#include "base/kernels.hpp"
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
  return result;
}

float chord_of(const std::vector<std::int8_t>& a, const std::vector<std::int8_t>& b) {
  const std::span<const std::int8_t> x(a), y(b);
  return chord(dot(x, y), inverse_length(dot(x, x)), inverse_length(dot(y, y)));
}

Bytes bytes_of(const State& state) {
  ByteWriter out;
  encode(state, out);
  return out.take();
}

TEST(Window, holds_the_last_distinct_points_and_what_was_known_of_each) {
  Random random(1);
  auto state = *make(kOptions);
  std::deque<Projected> kept;
  for (int n = 0; n < 100; ++n) {
    kept.push_back(point(random));
    if (kept.size() > kOptions.length) kept.pop_front();
    const auto change = push(state, kept.back());
    ASSERT_FALSE(change.repeat);

    std::vector<std::uint32_t> slots;
    path(state, slots);
    ASSERT_EQ(slots.size(), kept.size());
    EXPECT_EQ(slots.back(), change.slot);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      EXPECT_EQ(state.charts[slots[i]], kept[i].chart);
      EXPECT_EQ(state.benign_knn[slots[i]], kept[i].benign_knn);
      EXPECT_TRUE(
          std::equal(kept[i].point.begin(), kept[i].point.end(), state.points.begin() + slots[i] * kOptions.rank));
    }
  }
}

TEST(Window, distances_equal_those_of_the_points_themselves) {
  Random random(2);
  auto state = *make(kOptions);
  std::vector<Projected> points;
  for (int n = 0; n < 8; ++n) push(state, points.emplace_back(point(random)));
  std::vector<float> values;
  const auto matrix = distances(state, values);
  for (std::uint32_t i = 0; i < 8; ++i) {
    for (std::uint32_t j = 0; j < 8; ++j) EXPECT_EQ(matrix(i, j), chord_of(points[i].point, points[j].point));
  }
}

TEST(Window, repeats_change_nothing_but_repetition) {
  Random random(3);
  auto plain = *make(kOptions), repeated = *make(kOptions);
  std::vector<Projected> stream;
  for (int n = 0; n < 60; ++n) {
    stream.push_back(point(random));
    push(plain, stream.back());
    push(repeated, stream.back());
    // Anything still in the window may be said again, any number of times.
    for (std::uint64_t i = random.below(4); i > 0; --i) {
      const std::size_t back = random.below(std::min<std::size_t>(stream.size(), kOptions.length));
      EXPECT_TRUE(push(repeated, stream[stream.size() - 1 - back]).repeat);
    }
  }
  EXPECT_GT(repeated.requests, plain.requests);
  repeated.requests = plain.requests;
  repeated.multiplicities = plain.multiplicities;
  repeated.near_duplicates = plain.near_duplicates;
  EXPECT_EQ(bytes_of(repeated), bytes_of(plain));
}

TEST(Window, nearest_distances_and_new_charts_equal_a_plain_search) {
  Random random(4);
  auto state = *make(kOptions);
  std::vector<Projected> stream;
  for (std::size_t n = 0; n < 70; ++n) {
    const auto next = point(random);
    float nearest = -1, raw = -1;
    for (std::size_t i = n - std::min<std::size_t>(n, kOptions.length); i < n; ++i) {
      const float d = chord_of(next.point, stream[i].point), r = chord_of(next.sketch, stream[i].sketch);
      if (nearest < 0 || d < nearest) nearest = d;
      if (raw < 0 || r < raw) raw = r;
    }
    bool seen = false;
    for (std::size_t i = n - std::min<std::size_t>(n, kOptions.horizon); i < n; ++i)
      seen |= stream[i].chart == next.chart;

    const auto change = push(state, next);
    EXPECT_EQ(state.nearest_atlas[n % kOptions.horizon], nearest);
    EXPECT_EQ(state.nearest_raw[n % kOptions.horizon], raw);
    EXPECT_EQ(state.new_charts[change.slot], seen ? 0 : 1);
    stream.push_back(next);
  }
}

TEST(Window, a_near_duplicate_is_marked_and_a_far_point_is_not) {
  Random random(5);
  auto state = *make(kOptions);
  auto first = point(random);
  push(state, first);
  auto near = first;
  near.point[0] = static_cast<std::int8_t>(near.point[0] > 0 ? near.point[0] - 1 : near.point[0] + 1);
  EXPECT_FALSE(push(state, near).repeat);
  EXPECT_EQ(state.near_duplicates[1], 1);
  push(state, point(random));
  EXPECT_EQ(state.near_duplicates[2], 0);
}

TEST(Window, a_decoded_state_continues_exactly_like_the_original) {
  Random random(6);
  auto state = *make(kOptions);
  for (int n = 0; n < 33; ++n) push(state, point(random));
  const auto bytes = bytes_of(state);
  ByteReader in(bytes);
  auto copy = decode(in, kOptions);
  ASSERT_TRUE(copy) << copy.error().message;
  for (int n = 0; n < 33; ++n) {
    const auto next = point(random);
    push(state, next);
    push(*copy, next);
  }
  EXPECT_EQ(bytes_of(*copy), bytes_of(state));
}

TEST(Window, truncated_or_damaged_state_is_refused) {
  Random random(7);
  auto state = *make(kOptions);
  for (int n = 0; n < 10; ++n) push(state, point(random));
  const auto bytes = bytes_of(state);
  for (std::size_t size = 0; size < bytes.size(); size += 3) {
    ByteReader in{std::span<const std::uint8_t>(bytes).first(size)};
    EXPECT_FALSE(decode(in, kOptions)) << size;
  }
  auto other = kOptions;
  other.rank = 24;
  ByteReader in(bytes);
  EXPECT_EQ(decode(in, other).error().code, ErrorCode::refused);
  state.charts[3] = 999;
  const auto wrong = bytes_of(state);
  ByteReader wrong_in(wrong);
  EXPECT_EQ(decode(wrong_in, kOptions).error().code, ErrorCode::bad_input);
}

TEST(Window, make_refuses_sizes_that_cannot_work) {
  for (const auto& wrong :
       {Options{.length = 1, .horizon = 20, .chart_count = 8}, Options{.length = 64, .horizon = 63, .chart_count = 8},
        Options{.length = 64, .horizon = 64, .chart_count = 0},
        Options{.length = 257, .horizon = 300, .chart_count = 8}}) {
    EXPECT_FALSE(make(wrong));
  }
}

}  // namespace
}  // namespace cms::window
