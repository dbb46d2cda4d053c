// One point replaced: the kept order against the walk from scratch, event by event.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "measure/homology/homology.hpp"
#include "measure/homology/test_windows.hpp"

namespace cms::homology {
namespace {

// A window whose points are drawn from a pool with known distances; a draw may repeat a point that is there.
class Sliding {
 public:
  Sliding(const Matrix& pool, std::uint32_t length) : pool_(pool), length_(length), matrix_(length) {}

  // Puts pool point `point` into `slot` and says what changed.
  RowChange put(std::uint32_t slot, std::uint32_t point) {
    const bool grows = slot == members_.size();
    if (grows) members_.push_back(point);
    const auto count = static_cast<std::uint32_t>(members_.size());
    before_.assign(grows ? 0 : count, 0);
    if (!grows) {
      for (std::uint32_t x = 0; x < count; ++x) before_[x] = matrix_.at(slot, x);
    }
    members_[slot] = point;
    for (std::uint32_t x = 0; x < count; ++x) matrix_.set(slot, x, x == slot ? 0 : pool_.at(point, members_[x]));
    return {slot, count, before_, {matrix_.values.data() + std::size_t{slot} * length_, count}};
  }
  [[nodiscard]] Distances view() const {
    return {matrix_.values, static_cast<std::uint32_t>(members_.size()), length_};
  }
  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(members_.size()); }

 private:
  const Matrix& pool_;
  std::uint32_t length_;
  Matrix matrix_;
  std::vector<std::uint32_t> members_;
  std::vector<float> before_;
};

struct Tally {
  std::uint64_t events = 0, truncated = 0, bars = 0;
};

void expect_equal(const Work& work, const Diagrams& out, const Work& expected, const Diagrams& scratch_out) {
  ASSERT_EQ(out.h0, scratch_out.h0);
  ASSERT_EQ(out.h1, scratch_out.h1);
  ASSERT_EQ(out.truncated, scratch_out.truncated);
  ASSERT_EQ(work.units, expected.units);
  ASSERT_EQ(work.classes, expected.classes);
  ASSERT_EQ(work.radius, expected.radius);
  ASSERT_EQ(work.exact_below, expected.exact_below);
  ASSERT_TRUE(std::equal(work.open_births.begin(), work.open_births.end(), expected.open_births.begin(),
                         expected.open_births.end()));
}

void expect_neighbours(const State& state, const Distances& distances, std::uint32_t k) {
  Neighbours ours, slow;
  nearest(state, distances, k, ours);
  cms::nearest(distances, k, slow);
  ASSERT_EQ(ours.slots, slow.slots);
  ASSERT_EQ(ours.lengths, slow.lengths);
}

// Every third event by chance of H0 alone: what that keeps serves the others.
void slide(std::string_view family, std::uint32_t length, std::uint64_t events, Options options, Random& random,
           Tally& tally) {
  const Matrix pool = make_window(family, std::min(256U, 2 * length + 3), random);
  Sliding window(pool, length);
  State state;
  Scratch scratch, fresh;
  Diagrams out, expected;
  const bool oldest_first = random.below(2) == 0;
  for (std::uint64_t event = 0; event < events; ++event) {
    const auto slot = window.count() < length ? window.count()
                      : oldest_first          ? static_cast<std::uint32_t>(event % length)
                                              : static_cast<std::uint32_t>(random.below(length));
    const auto change = window.put(slot, static_cast<std::uint32_t>(random.below(pool.count)));
    options.dimension_max = random.below(3) == 0 ? 0 : 1;
    Work work;
    if (event == 0) {
      work = start(window.view(), length, options, state, scratch, out);
    } else {
      work = replace(window.view(), change, options, state, scratch, out);
    }
    State made;
    const Work from_scratch = start(window.view(), length, options, made, fresh, expected);
    ASSERT_NO_FATAL_FAILURE(expect_equal(work, out, from_scratch, expected)) << family << ' ' << length << ' ' << event;
    if (event % 97 == 0) {
      ASSERT_NO_FATAL_FAILURE(expect_neighbours(state, window.view(), 10)) << family << ' ' << length << ' ' << event;
    }
    ++tally.events;
    tally.truncated += out.truncated && options.dimension_max == 1;
    tally.bars += out.h1.size();
  }
}

// CMS_LONG=100 runs a hundred times the events (1,000,000 in all).
std::uint64_t multiplier() {
  const char* text = std::getenv("CMS_LONG");
  return text == nullptr ? 1 : std::stoull(text);
}

void slide_all(std::span<const std::uint32_t> lengths, std::uint64_t events, bool budgeted, Tally& tally) {
  Random random(lengths.front());
  for (const auto family : kFamilies) {
    for (const auto length : lengths) {
      Options options;
      if (budgeted) options.work_budget = 1 + random.below(4 * length);
      slide(family, length, events * multiplier(), options, random, tally);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(Replace, equals_from_scratch_after_every_event_in_small_windows) {
  Tally tally;
  const std::array<std::uint32_t, 6> lengths = {2, 3, 5, 9, 17, 33};
  slide_all(lengths, 60, false, tally);
  EXPECT_GT(tally.bars, tally.events / 2);
}

TEST(Replace, equals_from_scratch_after_every_event_at_the_edges_of_the_widths) {
  Tally tally;
  const std::array<std::uint32_t, 4> lengths = {63, 64, 65, 80};
  slide_all(lengths, 110, false, tally);
  EXPECT_GT(tally.bars, tally.events);
}

TEST(Replace, equals_from_scratch_after_every_event_in_wide_windows) {
  Tally tally;
  Random random(5);
  for (const auto* family : {"sphere_10", "repeats", "loop_in_100", "grid"}) {
    for (const std::uint32_t length : {128U, 129U, 256U}) {
      slide(family, length, length + 20 * multiplier(), {work_budget(length)}, random, tally);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(tally.bars, tally.events);
}

TEST(Replace, truncates_where_the_walk_from_scratch_does) {
  Tally tally;
  const std::array<std::uint32_t, 5> lengths = {12, 40, 64, 65, 129};
  slide_all(lengths, 150, true, tally);
  EXPECT_GT(tally.truncated, tally.events / 20);
  EXPECT_LT(tally.truncated, tally.events);
}

}  // namespace
}  // namespace cms::homology
