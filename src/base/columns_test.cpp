#include "base/columns.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/lanes.hpp"
#include "base/targets_example.hpp"

namespace cms {
namespace {

std::vector<float> values(Random& random, std::size_t count) {
  std::vector<float> result(count);
  for (float& value : result) {
    value = static_cast<float>(random.normal());
    if (random.below(50) == 0) value *= 1e15F;
    if (random.below(20) == 0) value *= std::numeric_limits<float>::min();
    if (random.below(20) == 0) value = 0;
  }
  return result;
}

TEST(Columns, every_output_is_the_plain_sum_in_rising_order_for_any_batch_and_instruction_set) {
  Random random(1);
  for (const std::size_t width : {1u, 2u, 3u, 63u, 64u, 65u, 576u}) {
    for (const std::size_t rows : {1u, 15u, 16u, 17u, 64u, 72u, 127u, 128u, 145u}) {
      const std::size_t count = 1 + random.below(10);
      const auto matrix = values(random, rows * width), vectors = values(random, count * width);
      const auto columns = make_columns(matrix, width);
      std::vector<float> expected(count * columns.padded);
      for (std::size_t v = 0; v < count; ++v) {
        for (std::size_t row = 0; row < rows; ++row) {
          float sum = 0;
          for (std::size_t i = 0; i < width; ++i) sum += matrix[row * width + i] * vectors[v * width + i];
          expected[v * columns.padded + row] = sum;
        }
      }
      on_every_target([&] {
        std::vector<float> batch(expected.size(), -1.0F), single(expected.size(), -1.0F);
        multiply(columns, vectors, batch);
        for (std::size_t v = 0; v < count; ++v) {
          multiply(columns, std::span(vectors).subspan(v * width, width),
                   std::span(single).subspan(v * columns.padded, columns.padded));
        }
        EXPECT_EQ(batch, expected) << rows << " outputs of " << width;
        EXPECT_EQ(single, expected) << rows << " outputs of " << width;
      });
    }
  }
}

}  // namespace
}  // namespace cms
