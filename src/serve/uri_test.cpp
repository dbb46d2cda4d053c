#include "serve/uri.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace cms::serve {
namespace {

TEST(uri, what_is_encoded_decodes_to_itself) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (auto left = random.below(20); left > 0; --left) text += static_cast<char>(1 + random.below(127));
    text += "\u00e4\u4e2d";
    EXPECT_EQ(percent_decoded(percent_encoded(text)), text);
    EXPECT_EQ(parse_target("/" + percent_encoded(text) + "?k=" + percent_encoded(text))->segments,
              std::vector<std::string>{text});
  }
}

TEST(uri, paths_and_queries_are_taken_apart) {
  const auto target = parse_target("/v1//a%2fb/?x=1&y=a+b%2B&&z&x=2#f").value();
  EXPECT_EQ(target.segments, (std::vector<std::string>{"v1", "", "a/b", ""}));
  EXPECT_EQ(target.value("y"), "a b+");
  EXPECT_EQ(target.value("z"), "");
  EXPECT_EQ(target.value("x"), std::nullopt);
  EXPECT_EQ(target.count("x"), 2U);
  EXPECT_TRUE(parse_target("/")->segments.empty());
  EXPECT_EQ(parse_target("/a+b")->segments[0], "a+b");
  for (const auto* wrong : {"", "v1", "*", "/%", "/%4", "/%g0", "/%00", "/?%", "/?a=%ff", "/%c0%80"}) {
    EXPECT_FALSE(parse_target(wrong)) << wrong;
  }
}

TEST(uri, numbers_are_numbers_and_nothing_else) {
  EXPECT_EQ(parse_count("18446744073709551615"), UINT64_MAX);
  for (const auto* wrong : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "18446744073709551616"}) {
    EXPECT_FALSE(parse_count(wrong)) << wrong;
  }
  EXPECT_EQ(parse_number("-1.5e3"), -1500);
  for (const auto* wrong : {"", "inf", "nan", "1e999", "1,5", "0x10"}) EXPECT_FALSE(parse_number(wrong)) << wrong;
  EXPECT_EQ(from_hex("00ff"), std::string("\0\xff", 2));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

}  // namespace
}  // namespace cms::serve
