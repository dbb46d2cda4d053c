#include <gtest/gtest.h>

#include <vector>

#include "base/directions.hpp"
#include "base/kernels.hpp"
#include "base/lanes.hpp"
#include "base/targets_example.hpp"

namespace cms {
namespace {

struct Rows {
  std::size_t rows, width;
  std::vector<std::int8_t> values, lanes;
  std::vector<double> inverse_lengths;

  Rows(Random& random, std::size_t row_count, std::size_t row_width)
      : rows(row_count),
        width(row_width),
        values(hostile_rows(random, rows, width)),
        lanes(lane_bytes(rows, width)),
        inverse_lengths(rows) {
    for (std::size_t i = 0; i < rows; ++i) {
      put_row(lanes, i, row(i));
      inverse_lengths[i] = inverse_length(dot(row(i), row(i)));
    }
  }
  [[nodiscard]] std::span<const std::int8_t> row(std::size_t i) const {
    return std::span<const std::int8_t>(values).subspan(i * width, width);
  }
};

TEST(AllChords, equal_chord_by_chord_what_single_products_give_on_every_instruction_set) {
  Random random(7);
  for (const std::size_t width : {1u, 2u, 3u, 63u, 64u, 65u, 576u}) {
    for (const std::size_t count : {1u, 2u, 15u, 16u, 17u, 33u, 64u, 100u, 255u, 256u}) {
      if (count > 100 && width > 65) continue;
      const Rows set(random, count, width);
      std::vector<float> expected(count * count);
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = 0; j < count; ++j) {
          if (i == j) continue;
          expected[i * count + j] =
              chord(dot(set.row(i), set.row(j)), set.inverse_lengths[i], set.inverse_lengths[j]);
        }
      }
      const std::size_t stride = (count + kLanes - 1) / kLanes * kLanes + (count % 2) * 8;
      on_every_target([&] {
        std::vector<float> out(count * stride, -1.0F);
        std::vector<std::int16_t> scratch(set.lanes.size());
        all_chords(set.lanes, width, count, set.inverse_lengths, out, stride, scratch);
        std::size_t wrong = 0, padding = 0;
        for (std::size_t i = 0; i < count; ++i) {
          for (std::size_t j = 0; j < count; ++j) wrong += out[i * stride + j] != expected[i * count + j];
          for (std::size_t j = count; j < stride / kLanes * kLanes; ++j) padding += out[i * stride + j] != 0;
        }
        EXPECT_EQ(wrong, 0u) << count << " rows of " << width;
        EXPECT_EQ(padding, 0u) << count << " rows of " << width;
      });
    }
  }
}

}  // namespace
}  // namespace cms
