#include "fleet/chart_set.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "base/random.hpp"

namespace cms::fleet {
namespace {

constexpr std::size_t kWords = 16;

std::set<std::size_t> members(const ChartSet& set) {
  std::set<std::size_t> found;
  for (std::size_t chart = 0; chart < 64 * kWords; ++chart) {
    if ((set.word(chart / 64) >> chart % 64 & 1) != 0) found.insert(chart);
  }
  return found;
}

TEST(ChartSet, is_the_set_of_what_was_put_in_however_wide_and_equal_whatever_the_width) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    const std::size_t below = std::array<std::size_t, 3>{64, 256, 64 * kWords}[static_cast<std::size_t>(round % 3)];
    ChartSet one, other;
    std::set<std::size_t> want, want_other;
    if (round % 2 == 0) one.reserve(below);
    const auto fill = [&](ChartSet& set, std::set<std::size_t>& wanted, std::size_t most) {
      for (std::uint64_t n = random.below(40); n > 0; --n) set.insert(*wanted.insert(random.below(most)).first);
    };
    fill(one, want, below);
    fill(other, want_other, 64 * kWords);
    EXPECT_EQ(members(one), want);
    EXPECT_EQ(one == other, want == want_other);

    ChartSet copy;  // word by word, as decoding does
    for (std::size_t w = 0; w < kWords; ++w) copy.set_word(w, one.word(w));
    EXPECT_TRUE(copy == one);
    auto both = one;
    both.insert(other);
    both.set_word(kWords - 1, both.word(kWords - 1));
    want.insert(want_other.begin(), want_other.end());
    EXPECT_EQ(members(both), want);

    one.swap(other);
    EXPECT_EQ(members(one), want_other);
    one.clear();
    EXPECT_TRUE(one == ChartSet());
    EXPECT_EQ(members(one).size(), 0U);
  }
}

}  // namespace
}  // namespace cms::fleet
