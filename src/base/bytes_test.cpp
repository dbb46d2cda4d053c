#include "base/bytes.hpp"

#include <gtest/gtest.h>

namespace cms {
namespace {

TEST(Bytes, what_is_written_is_read_back) {
  ByteWriter out;
  const std::vector<float> values = {1.5F, -0.0F, 3e30F};
  out.put<std::uint16_t>(7);
  out.put_string("pearl");
  out.put_array<float>(values);
  out.put(2.5);

  ByteReader in(out.bytes());
  EXPECT_EQ(in.get<std::uint16_t>(), 7);
  EXPECT_EQ(in.get_string(), "pearl");
  EXPECT_EQ(in.get_array<float>(), values);
  EXPECT_EQ(in.get<double>(), 2.5);
  EXPECT_TRUE(in.finished());
}

TEST(Bytes, every_truncation_is_noticed_and_reads_stay_inside) {
  ByteWriter out;
  out.put_string("abcdef");
  out.put_array<double>(std::vector<double>{1, 2, 3});
  for (std::size_t size = 0; size < out.bytes().size(); ++size) {
    ByteReader in(std::span(out.bytes()).first(size));
    (void)in.get_string();
    (void)in.get_array<double>();
    EXPECT_TRUE(in.failed()) << size;
    EXPECT_FALSE(in.finished());
  }
}

TEST(Bytes, a_count_that_cannot_fit_allocates_nothing) {
  ByteWriter out;
  out.put<std::uint64_t>(UINT64_MAX);
  ByteReader in(out.bytes());
  EXPECT_TRUE(in.get_array<double>().empty());
  EXPECT_TRUE(in.failed());
}

}  // namespace
}  // namespace cms
