#include "base/quads.hpp"

#include <gtest/gtest.h>

#include "base/kernels.hpp"
#include "base/scalar.hpp"
#include "base/targets_example.hpp"

namespace cms {
namespace {

TEST(Quads, products_are_exact_for_one_query_and_for_many_on_every_instruction_set) {
  Random random(1);
  for (const std::size_t width : {1u, 2u, 3u, 63u, 64u, 65u, 576u, 4096u}) {
    for (const std::size_t rows : {1u, 2u, 15u, 16u, 17u, 64u, 129u, 257u}) {
      if (width == 4096 && rows > 17) continue;
      const auto values = hostile_rows(random, rows, width);
      const auto quads = make_quads(values, width);
      const std::size_t count = 1 + random.below(9);
      const auto queries = hostile_rows(random, count, width);
      std::vector<std::int32_t> expected(count * quads.padded);
      for (std::size_t q = 0; q < count; ++q) {
        for (std::size_t row = 0; row < rows; ++row) {
          expected[q * quads.padded + row] = dot(std::span<const std::int8_t>(queries).subspan(q * width, width),
                                                 std::span<const std::int8_t>(values).subspan(row * width, width));
        }
      }
      on_every_target([&] {
        std::vector<std::int32_t> batch(expected.size(), -1), single(expected.size(), -1);
        products(quads, queries, batch);
        for (std::size_t q = 0; q < count; ++q) {
          products(quads, std::span(queries).subspan(q * width, width),
                   std::span(single).subspan(q * quads.padded, quads.padded));
        }
        EXPECT_EQ(batch, expected) << rows << " rows of " << width;
        EXPECT_EQ(single, expected) << rows << " rows of " << width;
      });
    }
  }
}

TEST(Quads, rows_near_the_best_are_those_of_a_plain_loop_on_every_instruction_set) {
  Random random(2);
  for (int round = 0; round < 300; ++round) {
    const std::size_t count = 16 * (1 + random.below(20));
    std::vector<std::int32_t> in(count);
    std::vector<float> scales(count);
    for (std::size_t i = 0; i < count; ++i) {
      in[i] = static_cast<std::int32_t>(random.below(200000)) - (round % 3 == 0 ? 200000 : 100000);
      scales[i] = static_cast<float>(random.uniform());
      if (round % 5 == 0) scales[i] = 0;
    }
    const float margin = static_cast<float>(random.uniform() * (round % 2 == 0 ? 3000 : 100000));
    std::vector<std::uint32_t> expected(count);
    expected.resize(scalar::rows_near_best(in.data(), scales.data(), margin, count, expected.data()));
    on_every_target([&] {
      std::vector<std::uint32_t> out(count);
      out.resize(rows_near_best(in, scales, margin, out));
      EXPECT_EQ(out, expected);
    });
  }
}

}  // namespace
}  // namespace cms
