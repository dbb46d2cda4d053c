#include "tap/prompts.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cms::tap {
namespace {

class PromptFile : public testing::Test {
 protected:
  void SetUp() override { path_ = testing::TempDir() + "cms_prompts_" + std::to_string(::getpid()) + ".jsonl"; }
  void TearDown() override { std::filesystem::remove(path_); }

  Result<Prompts> read(const std::string& content) const {
    std::ofstream(path_, std::ios::binary) << content;
    return read_prompts(path_);
  }

  std::filesystem::path path_;
};

TEST_F(PromptFile, text_account_time_and_everything_else_are_kept) {
  const auto prompts = read("{\"text\":\"a b\",\"account\":\"x\",\"time\":3,\"id\":[1]}\n{\"text\":\"c\"}\n");

  ASSERT_TRUE(prompts) << prompts.error().message;
  EXPECT_EQ(prompts->texts, (std::vector<std::string>{"a b", "c"}));
  EXPECT_EQ(prompts->infos[0].account, "x");
  EXPECT_EQ(prompts->infos[0].time, 3);
  EXPECT_EQ(prompts->infos[0].more["id"][0], 1);
  EXPECT_EQ(prompts->infos[0].more["text"], "a b");
  EXPECT_EQ(prompts->infos[1].time, 1);
}

TEST_F(PromptFile, a_bad_prompt_is_named_by_file_and_line) {
  for (const char* line : {"{}", "{\"text\":1}", "{\"text\":\" \\n \"}", "{\"text\":\"\"}",
                           "{\"text\":\"\xFF\"}", "nonsense",
                           "{\"text\":\"\\ud800\"}", "{\"text\":\"a\",\"time\":true}"}) {
    const auto prompts = read(std::string("{\"text\":\"fine\"}\n") + line + "\n");
    ASSERT_FALSE(prompts) << line;
    EXPECT_EQ(prompts.error().code, ErrorCode::bad_input);
    EXPECT_TRUE(prompts.error().message.starts_with(path_.string() + ", line 2: ")) << prompts.error().message;
  }
}

TEST_F(PromptFile, a_file_without_prompts_is_an_error) {
  EXPECT_NE(read("").error().message.find("holds no prompts"), std::string::npos);
  std::filesystem::remove(path_);
  EXPECT_EQ(read_prompts(path_).error().code, ErrorCode::bad_input);
}

TEST_F(PromptFile, in_segments_a_prompt_has_a_row_for_each_and_each_says_whose_it_is) {
  const auto prompts = read("{\"text\":\"a b c d e\",\"account\":\"x\",\"time\":3}\n{\"text\":\" f\"}\n");
  ASSERT_TRUE(prompts) << prompts.error().message;
  const auto parts = in_segments(*prompts, {.words_max = 2, .chars_max = 0}, 2);

  EXPECT_EQ(parts.texts, (std::vector<std::string>{"a b", "c d", "f"}));
  ASSERT_EQ(parts.infos.size(), 3U);
  EXPECT_EQ(parts.infos[1].account, "x");
  EXPECT_EQ(parts.infos[1].time, 3);
  EXPECT_EQ(parts.infos[1].more,
            nlohmann::json({{"text", "a b c d e"}, {"request", 0}, {"segment", 1}, {"segments", 3}}));
  EXPECT_EQ(parts.infos[2].more, nlohmann::json({{"text", " f"}, {"request", 1}, {"segment", 0}, {"segments", 1}}));
}

}  // namespace
}  // namespace cms::tap
