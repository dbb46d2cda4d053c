#include "fleet/cells.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"

namespace cms::fleet {
namespace {

// Some in clusters, some alike, so that cells are uneven and distances equal.
std::vector<Place> places_of(std::size_t count, Random& random) {
  std::vector<Place> places(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 10 && random.below(5) == 0) {
      places[i] = places[random.below(i)];
      continue;
    }
    for (auto& value : places[i]) value = static_cast<float>(random.normal());
    places[i][0] += static_cast<float>(10 * random.below(4));
  }
  return places;
}

std::vector<Near> slow_nearest(std::span<const Place> places, std::uint32_t account, std::size_t wanted) {
  std::vector<Near> all;
  for (std::uint32_t i = 0; i < places.size(); ++i) {
    if (i != account) all.push_back({place_distance(places[account], places[i]), i});
  }
  std::sort(all.begin(), all.end());
  all.resize(std::min(all.size(), wanted));
  return all;
}

std::vector<std::uint32_t> all_of(std::size_t count) {
  std::vector<std::uint32_t> all(count);
  for (std::uint32_t i = 0; i < count; ++i) all[i] = i;
  return all;
}

TEST(Cells, looked_through_all_give_the_nearest_of_a_plain_search_to_the_bit) {
  Random random(1);
  for (const std::size_t count : {1U, 2U, 17U, 400U}) {
    const auto places = places_of(count, random);
    const Cells cells(places, {.cells = 7, .probes = 7});
    const auto found = cells.scan(all_of(count), 9, false);
    for (std::uint32_t i = 0; i < count; ++i) EXPECT_EQ(found[i].nearest, slow_nearest(places, i, 9)) << i;
  }
}

TEST(Cells, follow_who_moves_and_who_is_new) {
  Random random(2);
  auto places = places_of(200, random);
  Cells cells(places, {.cells = 9, .probes = 9});
  for (int step = 0; step < 1'000; ++step) {
    const auto account = static_cast<std::uint32_t>(random.below(places.size() + 1));
    if (account == places.size()) places.emplace_back();
    places[account] = places_of(1, random).front();
    cells.move(account, places[account]);
  }
  ASSERT_EQ(cells.count(), places.size());
  const auto found = cells.scan(all_of(places.size()), 5, false);
  for (std::uint32_t i = 0; i < places.size(); ++i) {
    EXPECT_EQ(cells.place(i), places[i]);
    EXPECT_EQ(found[i].nearest, slow_nearest(places, i, 5));
  }
}

TEST(Cells, name_everybody_whose_bound_a_query_lies_within) {
  Random random(3);
  const auto places = places_of(300, random);
  Cells cells(places, {.cells = 8, .probes = 8});
  std::vector<float> bounds(300, -1);
  for (std::uint32_t i = 0; i < 300; i += 2) {
    bounds[i] = static_cast<float>(random.uniform() * 200);
    cells.set_bound(i, bounds[i]);
  }
  bounds[4] = -1;
  cells.move(4, places[4]);  // a move forgets the bound
  auto found = cells.scan(all_of(300), 3, true);
  std::size_t sum = 0;
  for (std::uint32_t i = 0; i < 300; ++i) {
    std::vector<Near> expected;
    for (std::uint32_t x = 0; x < 300; ++x) {
      const float distance = place_distance(places[i], places[x]);
      if (x != i && distance <= bounds[x]) expected.push_back({distance, x});
    }
    std::sort(expected.begin(), expected.end());
    std::sort(found[i].entered.begin(), found[i].entered.end());
    EXPECT_EQ(found[i].entered, expected);
    sum += expected.size();
  }
  EXPECT_GT(sum, 100U);
}

TEST(Cells, few_of_many_find_most_of_the_nearest) {
  Random random(4);
  const auto places = places_of(4'000, random);
  const Cells cells(places, {.cells = 64, .probes = 16});
  const auto found = cells.scan(all_of(200), 10, false);
  std::size_t hits = 0;
  for (std::uint32_t i = 0; i < 200; ++i) {
    for (const auto& one : slow_nearest(places, i, 10)) {
      hits += std::count(found[i].nearest.begin(), found[i].nearest.end(), one);
    }
  }
  EXPECT_GT(hits, 1'400U);
}

}  // namespace
}  // namespace cms::fleet
