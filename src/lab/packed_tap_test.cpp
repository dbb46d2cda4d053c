#include "lab/packed_tap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace cms::lab {
namespace {

using Requests = std::vector<std::vector<std::uint32_t>>;

std::string words(const std::string& word, int count) {
  std::string text = word;
  for (int i = 1; i < count; ++i) text += " " + word;
  return text;
}

// Points at these angles of a circle, in degrees.
std::vector<Projected> at(const std::vector<double>& angles) {
  std::vector<Projected> projected;
  for (const double angle : angles) {
    const double radians = angle * std::acos(-1.0) / 180;
    Projected one;
    one.point = {static_cast<std::int8_t>(std::lround(127 * std::cos(radians))),
                 static_cast<std::int8_t>(std::lround(127 * std::sin(radians)))};
    projected.push_back(one);
  }
  return projected;
}

std::vector<std::uint32_t> vectors_of(const std::vector<ShownPoint>& shown) {
  std::vector<std::uint32_t> vectors;
  for (const auto& point : shown) vectors.push_back(point.vector);
  return vectors;
}

std::vector<std::uint32_t> shown_by(Choice choice, double chord, const Requests& requests,
                                    const std::vector<Projected>& projected) {
  Random random(5);
  return vectors_of(show(requests, {choice, chord}, projected, random));
}

TEST(PackedTap, the_first_cut_sees_a_packed_question_and_no_other) {
  const std::string text = words("one", 24) + "\n" + words("two", 24);
  EXPECT_EQ(sequences_of(text, Cut::first), std::vector<std::string>{words("one", 24)});
  EXPECT_EQ(sequences_of(text, Cut::segments), (std::vector<std::string>{words("one", 24), words("two", 24)}));
}

TEST(PackedTap, segments_run_over_the_ends_of_lines_and_lines_do_not) {
  const std::string text = words("one", 10) + "\n\n" + words("two", 20);
  const std::vector<std::string> segments = {words("one", 10) + " " + words("two", 14), words("two", 6)};
  EXPECT_EQ(sequences_of(text, Cut::segments), segments);
  EXPECT_EQ(sequences_of(text, Cut::lines), (std::vector<std::string>{words("one", 10), words("two", 20)}));
}

TEST(PackedTap, no_request_has_more_sequences_than_the_bound) {
  for (const auto cut : {Cut::segments, Cut::lines}) {
    EXPECT_EQ(sequences_of(words("long", 24 * 40), cut).size(), kSegmentsMax);
  }
}

TEST(PackedTap, all_shows_everything_in_order_and_says_whose_request_it_is) {
  Random random(1);
  const auto projected = at({0, 10, 20, 30});
  const Requests requests = {{3, 1}, {0}, {2, 2}};
  const auto shown = show(requests, {Choice::all, 0}, projected, random);
  EXPECT_EQ(vectors_of(shown), (std::vector<std::uint32_t>{3, 1, 0, 2, 2}));
  EXPECT_EQ(shown[0].request, 0U);
  EXPECT_EQ(shown[2].request, 1U);
  EXPECT_EQ(shown[4].request, 2U);
}

TEST(PackedTap, keyed_shows_one_of_each_request_and_every_one_in_turn) {
  std::vector<double> angles(90);
  const Requests requests(300, {4, 5, 6});
  const auto shown = shown_by(Choice::keyed, 0, requests, at(angles));
  EXPECT_EQ(shown.size(), requests.size());
  EXPECT_EQ(std::set<std::uint32_t>(shown.begin(), shown.end()), (std::set<std::uint32_t>{4, 5, 6}));
}

TEST(PackedTap, odd_shows_what_is_least_like_the_rest_of_its_request_and_the_last_of_two) {
  const auto projected = at({0, 5, 90, 85, 180});
  EXPECT_EQ(shown_by(Choice::odd, 0, {{0, 4, 1}, {2, 3, 0}, {4, 0}, {1}}, projected),
            (std::vector<std::uint32_t>{4, 0, 0, 1}));
  EXPECT_EQ(shown_by(Choice::last, 0, {{0, 4, 1}, {2}}, projected), (std::vector<std::uint32_t>{1, 2}));
}

TEST(PackedTap, farthest_shows_what_lies_farthest_from_the_past) {
  const auto projected = at({0, 5, 90, 85, 180});
  EXPECT_EQ(shown_by(Choice::farthest, 0, {{0}, {1, 2}, {3, 1, 4}}, projected), (std::vector<std::uint32_t>{0, 2, 4}));
}

TEST(PackedTap, novel_leaves_out_what_lies_near_the_past_or_what_it_has_chosen) {
  const auto projected = at({0, 5, 90, 85, 180});
  // 85 lies .09 from 90, 5 as near to 0; 90 and 180 lie 1.41 apart.
  EXPECT_EQ(shown_by(Choice::novel, .5, {{0}, {1, 2, 3, 4}}, projected), (std::vector<std::uint32_t>{0, 4, 2}));
  EXPECT_EQ(shown_by(Choice::novel, .5, {{0}, {1}}, projected), (std::vector<std::uint32_t>{0, 1})) << "never nothing";
}

TEST(PackedTap, novel_without_a_bound_shows_all_and_with_the_greatest_one_what_farthest_shows) {
  Random random(3);
  std::vector<double> angles;
  for (int i = 0; i < 200; ++i) angles.push_back(360 * random.uniform());
  const auto projected = at(angles);
  Requests requests;
  for (std::uint32_t next = 0; next < 180;) {
    requests.emplace_back();
    for (auto count = 1 + random.below(6); count > 0; --count) requests.back().push_back(next++);
  }
  auto everything = shown_by(Choice::novel, -1, requests, projected);
  std::ranges::sort(everything);
  EXPECT_EQ(everything, shown_by(Choice::all, 0, requests, projected));
  EXPECT_EQ(shown_by(Choice::novel, 2, requests, projected), shown_by(Choice::farthest, 0, requests, projected));
}

}  // namespace
}  // namespace cms::lab
