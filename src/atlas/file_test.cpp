#include "atlas/file.hpp"

#include <gtest/gtest.h>

namespace cms::atlas {
namespace {

const Sections kSections = {{"calibration", {1, 2, 3}}, {"geometry", {}}, {"window", {64, 0, 0, 0}}};

TEST(AtlasFile, gives_back_its_sections) {
  const auto back = decode_sections(encode_sections(kSections));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, kSections);
}

TEST(AtlasFile, every_flipped_bit_is_noticed) {
  const auto content = encode_sections(kSections);
  for (std::size_t bit = 0; bit < content.size() * 8; ++bit) {
    auto damaged = content;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    const auto back = decode_sections(damaged);
    ASSERT_FALSE(back) << bit;
    EXPECT_EQ(back.error().code, ErrorCode::bad_input);
  }
}

TEST(AtlasFile, every_truncation_is_noticed) {
  const auto content = encode_sections(kSections);
  for (std::size_t size = 0; size < content.size(); ++size) {
    EXPECT_FALSE(decode_sections(std::span<const std::uint8_t>(content).first(size))) << size;
  }
}

TEST(AtlasFile, other_content_has_another_name) {
  auto other = kSections;
  other["geometry"] = {9};
  EXPECT_NE(atlas_name(encode_sections(kSections)), atlas_name(encode_sections(other)));
  EXPECT_EQ(atlas_name(encode_sections(kSections)).size(), 12u);
}

}  // namespace
}  // namespace cms::atlas
