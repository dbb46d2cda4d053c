#include "base/select.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/targets_example.hpp"

namespace cms {
namespace {

TEST(Select, the_kth_smallest_is_the_kth_of_the_sorted_values) {
  Random random(1);
  for (int round = 0; round < 3000; ++round) {
    std::vector<float> values(1 + random.below(round % 10 == 0 ? 700 : 70));
    const auto kinds = 1 + random.below(200);
    for (float& value : values) {
      value = static_cast<float>(random.below(kinds));
      if (random.below(30) == 0) value = std::numeric_limits<float>::infinity();
    }
    if (round % 4 == 1) std::sort(values.begin(), values.end());
    if (round % 4 == 2) std::sort(values.rbegin(), values.rend());
    auto sorted = values;
    std::sort(sorted.begin(), sorted.end());
    const std::size_t k = 1 + random.below(values.size());
    on_every_target([&] {
      auto copy = values;
      EXPECT_EQ(kth_smallest(copy, k), sorted[k - 1]) << k << " of " << values.size();
    });
  }
}

}  // namespace
}  // namespace cms
