#include "base/spelling.hpp"

#include <gtest/gtest.h>

namespace cms {
namespace {

TEST(Spelling, the_nearest_word_is_found) {
  const std::string_view known[] = {"http", "grpc", "tokens"};
  EXPECT_EQ(nearest("htp", known), "http");
  EXPECT_EQ(nearest("token", known), "tokens");
  EXPECT_EQ(nearest("", known), "http");
  EXPECT_EQ(nearest("grcp", known), "grpc");
}

}  // namespace
}  // namespace cms
