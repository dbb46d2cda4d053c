#include "base/lanes.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/directions.hpp"
#include "base/kernels.hpp"
#include "base/scalar.hpp"
#include "base/targets_example.hpp"

namespace cms {
namespace {

constexpr std::size_t kWidths[] = {1, 2, 3, 63, 64, 65, 576};
constexpr std::size_t kCounts[] = {1, 2, 15, 16, 17, 64, 129, 257};

std::vector<std::int8_t> in_lanes(std::span<const std::int8_t> values, std::size_t width) {
  const std::size_t rows = values.size() / width;
  std::vector<std::int8_t> lanes(lane_bytes(rows, width));
  for (std::size_t row = 0; row < rows; ++row) put_row(lanes, row, values.subspan(row * width, width));
  return lanes;
}

TEST(Lanes, give_back_the_rows_that_were_put_into_them) {
  Random random(1);
  for (const std::size_t width : kWidths) {
    const auto values = hostile_rows(random, 37, width);
    const auto lanes = in_lanes(values, width);
    std::vector<std::int8_t> row(width);
    for (std::size_t i = 0; i < 37; ++i) {
      get_row(lanes, i, row);
      EXPECT_TRUE(std::equal(row.begin(), row.end(), values.begin() + static_cast<std::ptrdiff_t>(i * width)));
    }
  }
}

TEST(Lanes, products_are_exact_for_one_query_and_for_many_on_every_instruction_set) {
  Random random(2);
  for (const std::size_t width : kWidths) {
    for (const std::size_t rows : kCounts) {
      const auto lanes = in_lanes(hostile_rows(random, rows, width), width);
      const std::size_t padded = (rows + kLanes - 1) / kLanes * kLanes;
      const std::size_t query_count = 1 + random.below(9);
      const auto queries = hostile_rows(random, query_count, width);
      std::vector<std::int32_t> expected(query_count * padded);
      for (std::size_t q = 0; q < query_count; ++q) {
        scalar::products(lanes, std::span(queries).subspan(q * width, width),
                         std::span(expected).subspan(q * padded, padded));
      }
      on_every_target([&] {
        std::vector<std::int32_t> batch(query_count * padded, -1), single(query_count * padded, -1);
        products(lanes, width, queries, batch);
        for (std::size_t q = 0; q < query_count; ++q) {
          products(lanes, std::span(queries).subspan(q * width, width), std::span(single).subspan(q * padded, padded));
        }
        EXPECT_EQ(batch, expected) << rows << " rows of " << width;
        EXPECT_EQ(single, expected) << rows << " rows of " << width;
      });
    }
  }
}

TEST(Lanes, inverse_lengths_are_those_of_the_rows_and_0_for_zero_rows) {
  Random random(3);
  for (const std::size_t width : kWidths) {
    for (const std::size_t rows : kCounts) {
      const auto values = hostile_rows(random, rows, width);
      const auto lanes = in_lanes(values, width);
      std::vector<double> expected(rows);
      for (std::size_t i = 0; i < rows; ++i) {
        const auto row = std::span<const std::int8_t>(values).subspan(i * width, width);
        expected[i] = inverse_length(dot(row, row));
      }
      on_every_target([&] {
        std::vector<double> out(rows, -1);
        inverse_lengths(lanes, width, rows, out);
        EXPECT_EQ(out, expected) << rows << " rows of " << width;
      });
    }
  }
}

}  // namespace
}  // namespace cms
