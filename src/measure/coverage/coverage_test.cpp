#include "measure/coverage/coverage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "tests/oracles/statistics.hpp"
#include "base/random.hpp"

namespace cms::coverage {
namespace {

using Charts = std::vector<std::uint16_t>;

Charts draw(std::size_t points, std::uint64_t charts, Random& random) {
  Charts drawn(points);
  for (auto& chart : drawn) chart = static_cast<std::uint16_t>(random.below(charts));
  return drawn;
}

Counts count(const Charts& charts) {
  Scratch scratch;
  Counts counts;
  count(charts, scratch, counts);
  return counts;
}

// Charts whose k-th most visited one holds sizes[k] points.
Counts count_sizes(const std::vector<std::uint32_t>& sizes) {
  Charts charts;
  for (std::size_t k = 0; k < sizes.size(); ++k) charts.insert(charts.end(), sizes[k], static_cast<std::uint16_t>(k));
  return count(charts);
}

// Every way to write n as a sum of falling positive sizes.
void for_each_partition(std::uint32_t n, std::uint32_t greatest, std::vector<std::uint32_t>& sizes,
                        const std::function<void(const std::vector<std::uint32_t>&)>& visit) {
  if (n == 0) visit(sizes);
  for (std::uint32_t size = std::min(n, greatest); size >= 1; --size) {
    sizes.push_back(size);
    for_each_partition(n - size, size, sizes, visit);
    sizes.pop_back();
  }
}

TEST(Coverage, agrees_with_the_oracle) {
  for (const auto& one : oracle::statistics("coverage")) {
    const auto name = one.at("name").get<std::string>();
    const auto counts = count(one.at("charts").get<Charts>());
    EXPECT_EQ(counts.points, one.at("points").get<std::uint32_t>()) << name;
    EXPECT_EQ(counts.charts, one.at("distinct").get<std::uint32_t>()) << name;
    EXPECT_EQ(counts.singletons(), one.at("singletons").get<std::uint32_t>()) << name;
    EXPECT_EQ(counts.doubletons(), one.at("doubletons").get<std::uint32_t>()) << name;
    oracle::expect_equal(sample_coverage(counts), one.at("sample_coverage"), 1e-9, name);
    oracle::expect_equal(chao1(counts), one.at("chao1"), 1e-9, name);
    oracle::expect_equal(chao_shen_entropy(counts), one.at("chao_shen_entropy"), 1e-9, name);
    oracle::expect_equal(hill_1(counts), one.at("hill_1"), 1e-9, name);
    oracle::expect_equal(hill_2(counts), one.at("hill_2"), 1e-9, name);
  }
}

// The definition: how many charts hold exactly k points.
Counts straightforward(const Charts& charts) {
  std::map<std::uint16_t, std::uint32_t> points;
  for (const auto chart : charts) ++points[chart];
  Counts counts{static_cast<std::uint32_t>(charts.size()), static_cast<std::uint32_t>(points.size()), {}};
  for (const auto& [chart, k] : points) {
    if (counts.frequencies.size() <= k) counts.frequencies.resize(k + 1);
    ++counts.frequencies[k];
  }
  return counts;
}

TEST(Coverage, counts_what_a_map_counts_whatever_the_scratch_has_seen) {
  Random random(4);
  Scratch scratch;
  Counts counts;
  for (const std::size_t points : {0, 1, 2, 64, 256, 1500, 100'000, 64, 1, 0}) {
    for (const std::uint64_t charts : {1, 2, 40, 256, 65'536}) {
      const auto drawn = draw(points, charts, random);
      const auto expected = straightforward(drawn);
      count(drawn, scratch, counts);
      EXPECT_EQ(counts.points, expected.points);
      EXPECT_EQ(counts.charts, expected.charts);
      EXPECT_EQ(counts.frequencies, expected.frequencies);
      EXPECT_EQ(distinct(drawn, scratch), expected.charts);
      EXPECT_TRUE(std::ranges::all_of(scratch.counters, [](std::uint32_t counter) { return counter == 0; }));
    }
  }
}

TEST(Coverage, allocates_nothing_for_an_input_that_is_no_longer_than_one_before) {
  Random random(5);
  Scratch scratch;
  Counts counts;
  count(draw(256, 65'536, random), scratch, counts);
  (void)distinct(Charts{65'535}, scratch);
  const auto* counters = scratch.counters.data();
  const auto* frequencies = counts.frequencies.data();
  for (int round = 0; round < 100; ++round) {
    count(draw(random.below(257), 1 + random.below(300), random), scratch, counts);
    EXPECT_EQ(scratch.counters.data(), counters);
    EXPECT_EQ(counts.frequencies.data(), frequencies);
  }
}

TEST(Coverage, neither_order_nor_chart_numbers_change_a_bit) {
  Random random(1);
  for (int round = 0; round < 50; ++round) {
    auto charts = draw(64, 40, random);
    const auto before = count(charts);
    random.shuffle(charts);
    for (auto& chart : charts) chart = static_cast<std::uint16_t>(65535 - 3 * chart);
    const auto after = count(charts);
    EXPECT_EQ(before.frequencies, after.frequencies);
    EXPECT_EQ(chao_shen_entropy(before), chao_shen_entropy(after));
    EXPECT_EQ(hill_1(before), hill_1(after));
  }
}

TEST(Coverage, every_estimate_of_every_small_sample_keeps_its_range) {
  for (std::uint32_t n = 2; n <= 16; ++n) {
    std::vector<std::uint32_t> sizes;
    for_each_partition(n, n, sizes, [](const std::vector<std::uint32_t>& partition) {
      const auto counts = count_sizes(partition);
      const double charts = counts.charts;
      EXPECT_GT(*sample_coverage(counts), 0);
      EXPECT_LE(*sample_coverage(counts), 1);
      EXPECT_GE(*chao1(counts), charts);
      EXPECT_TRUE(std::isfinite(*chao_shen_entropy(counts)));
      EXPECT_GE(*chao_shen_entropy(counts), 0);
      EXPECT_LE(*hill_1(counts), charts * (1 + 1e-12));
      EXPECT_LE(*hill_2(counts), *hill_1(counts) * (1 + 1e-12));
      EXPECT_GE(*hill_2(counts), 1 - 1e-12);
    });
  }
}

TEST(Coverage, a_point_moved_from_a_shared_chart_to_a_new_one_never_raises_sample_coverage) {
  for (std::uint32_t n = 3; n <= 16; ++n) {
    std::vector<std::uint32_t> sizes;
    for_each_partition(n, n, sizes, [](const std::vector<std::uint32_t>& partition) {
      for (std::size_t k = 0; k < partition.size(); ++k) {
        if (partition[k] < 2) continue;
        auto moved = partition;
        --moved[k];
        moved.push_back(1);
        EXPECT_LE(*sample_coverage(count_sizes(moved)), *sample_coverage(count_sizes(partition)));
        EXPECT_GT(*hill_1(count_sizes(moved)), *hill_1(count_sizes(partition)));
      }
    });
  }
}

TEST(Coverage, of_many_samples_is_on_average_the_share_of_the_law_that_was_seen) {
  Random random(2);
  double estimated = 0;
  double seen = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto charts = draw(64, 100, random);
    estimated += *sample_coverage(count(charts)) / 2000;
    seen += static_cast<double>(std::set(charts.begin(), charts.end()).size()) / 100 / 2000;
  }
  EXPECT_NEAR(estimated, seen, 0.01);
}

TEST(Coverage, chao_shen_comes_nearer_to_the_true_entropy_than_the_sample_does) {
  Random random(3);
  double chao_shen = 0;
  double plug_in = 0;
  for (int round = 0; round < 500; ++round) {
    const auto counts = count(draw(64, 100, random));
    chao_shen += *chao_shen_entropy(counts) / 500;
    plug_in += std::log(*hill_1(counts)) / 500;
  }
  EXPECT_LT(std::abs(chao_shen - std::log(100)), 0.1);
  EXPECT_GT(std::log(100) - plug_in, 0.5);
}

}  // namespace
}  // namespace cms::coverage
