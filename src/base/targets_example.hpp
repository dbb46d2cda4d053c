// For tests: runs a check once for every instruction set that was compiled and that this processor has.
//
// Threads: one; the choice of the instruction set is the process's. Afterwards the best one is chosen again.
#pragma once

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include "base/random.hpp"

namespace cms {

template <typename Check>
void on_every_target(const Check& check) {
  const auto targets = hwy::SupportedAndGeneratedTargets();
  EXPECT_FALSE(targets.empty());
  for (const std::int64_t target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    check();
  }
  hwy::SetSupportedTargetsForTest(0);
}

// int8 values of one kind a row: noise, extremes, zeros, a repeat of the row before.
inline std::vector<std::int8_t> hostile_rows(Random& random, std::size_t rows, std::size_t width) {
  std::vector<std::int8_t> values(rows * width);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto kind = random.below(8);
    for (std::size_t i = 0; i < width; ++i) {
      auto& value = values[row * width + i];
      if (kind < 4) value = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
      if (kind == 4) value = -128;
      if (kind == 5) value = random.below(2) == 0 ? 127 : -128;
      if (kind == 6 && row > 0) value = values[(row - 1) * width + i];
    }
  }
  return values;
}

}  // namespace cms
