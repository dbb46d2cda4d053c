#include "base/units.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/targets_example.hpp"

namespace cms {
namespace {

TEST(Units, sums_are_those_of_values_rounded_half_to_even_one_by_one_on_every_instruction_set) {
  Random random(7);
  for (std::size_t count = 0; count < 70; ++count) {
    std::vector<float> values(count);
    for (auto& value : values) {
      const auto kind = random.below(4);
      value = static_cast<float>(random.uniform() * 2 - 1);
      if (kind == 0) value = static_cast<float>(random.below(9)) / 8 - .5F;  // halves of units of 1/4
      if (kind == 1) value = 0;
      if (kind == 2) value *= 512;
    }
    for (const double units : {1.0, 4.0, 0x1p32, 0x1p40}) {
      std::int64_t expected = 0;
      for (const float value : values) expected += std::llrint(static_cast<double>(value) * units);
      on_every_target([&] { EXPECT_EQ(sum_of_units(values, units), expected) << count; });
    }
  }
}

}  // namespace
}  // namespace cms
