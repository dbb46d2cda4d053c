#include "tap/frames.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

namespace cms::tap {
namespace {

class Frames : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "cms_frames_XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path path() const { return folder_ / "f.rows"; }
  std::filesystem::path folder_;
};

// Three frames of different lengths, as bytes of the file.
Bytes write_three(const std::filesystem::path& path) {
  auto file = FrameFile::open(path);
  EXPECT_TRUE(file);
  for (const auto& payload : {Bytes(5, 5), Bytes(1, 1), Bytes(9, 9)}) EXPECT_TRUE(file->append(payload));
  return *read_file(path);
}

TEST_F(Frames, what_was_appended_is_there_when_opened_again) {
  write_three(path());
  const auto file = FrameFile::open(path());
  ASSERT_TRUE(file);
  EXPECT_EQ(file->frames(), (std::vector<Bytes>{Bytes(5, 5), Bytes(1, 1), Bytes(9, 9)}));
}

TEST_F(Frames, every_truncation_keeps_exactly_the_whole_frames_and_can_go_on) {
  const Bytes whole = write_three(path());
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    ASSERT_TRUE(write_file(path(), std::span(whole).first(size)));
    const std::size_t expected = size >= 63 ? 3 : size >= 38 ? 2 : size >= 21 ? 1 : 0;
    {
      auto file = FrameFile::open(path());
      ASSERT_TRUE(file);
      ASSERT_EQ(file->frames().size(), expected) << size;
      ASSERT_TRUE(file->append(Bytes(3, 7)));
    }
    const auto again = FrameFile::open(path());
    ASSERT_EQ(again->frames().size(), expected + 1);
    EXPECT_EQ(again->frames().back(), Bytes(3, 7));
  }
}

TEST_F(Frames, a_flipped_bit_ends_the_reading_before_its_frame) {
  const Bytes whole = write_three(path());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes flipped = whole;
    flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ 4U);
    ASSERT_TRUE(write_file(path(), flipped));
    const auto file = FrameFile::open(path());
    ASSERT_TRUE(file);
    EXPECT_EQ(file->frames().size(), i >= 38 ? 2U : i >= 21 ? 1U : 0U) << i;
  }
}

TEST_F(Frames, a_second_owner_is_turned_away) {
  const auto first = FrameFile::open(path());
  ASSERT_TRUE(first);
  const auto second = FrameFile::open(path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::failed);
}

TEST_F(Frames, clearing_forgets_all) {
  write_three(path());
  {
    auto file = FrameFile::open(path());
    ASSERT_TRUE(file->clear());
    EXPECT_TRUE(file->frames().empty());
  }
  EXPECT_TRUE(FrameFile::open(path())->frames().empty());
  EXPECT_EQ(FrameFile::open(folder_ / "no" / "f").error().code, ErrorCode::failed);
}

}  // namespace
}  // namespace cms::tap
