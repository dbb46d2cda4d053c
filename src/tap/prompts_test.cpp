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
  const auto prompts = read("{\"text\":\"a b c d e\",\"account\":\"x\",\"time\":3,\"id\":7}\n{\"text\":\" f\"}\n");
  ASSERT_TRUE(prompts) << prompts.error().message;
  const auto parts = in_segments(*prompts, {.words_max = 2, .chars_max = 0}, 2);

  EXPECT_EQ(parts.texts, (std::vector<std::string>{"a b", "c d", "f"}));
  ASSERT_EQ(parts.infos.size(), 3U);
  EXPECT_EQ(parts.infos[1].account, "x");
  EXPECT_EQ(parts.infos[1].time, 3);
  EXPECT_EQ(parts.infos[1].more,
            nlohmann::json({{"text", "c d"}, {"id", 7}, {"request", 0}, {"segment", 1}, {"segments", 3}}));
  EXPECT_EQ(parts.infos[2].more, nlohmann::json({{"text", "f"}, {"request", 1}, {"segment", 0}, {"segments", 1}}));
}

TEST_F(PromptFile, what_segments_would_replace_or_copy_in_bulk_is_refused_only_where_they_are_asked_for) {
  const std::string large = ",\"note\":\"" + std::string(kSharedBytesMax, 'x') + "\"}\n";
  for (const std::string& rest : {std::string(",\"request\":1}\n"), std::string(",\"segment\":null}\n"),
                                  std::string(",\"segments\":[]}\n"), large}) {
    EXPECT_TRUE(read("{\"text\":\"fine\"}\n{\"text\":\"a\"" + rest)) << rest;
    const auto prompts = read_prompts(path_, true);
    ASSERT_FALSE(prompts) << rest;
    EXPECT_EQ(prompts.error().code, ErrorCode::bad_input);
    EXPECT_TRUE(prompts.error().message.starts_with(path_.string() + ", line 2: ")) << prompts.error().message;
  }
}

TEST_F(PromptFile, in_segments_a_long_prompt_takes_its_own_size_and_not_that_a_segment) {
  std::string text;
  for (int word = 0; word < 65536; ++word) text += "abc ";
  ASSERT_TRUE(read("{\"text\":\"" + text + "\"}\n"));
  const auto prompts = read_prompts(path_, true);
  ASSERT_TRUE(prompts) << prompts.error().message;
  const auto parts = in_segments(*prompts, {.words_max = 1, .chars_max = 0}, 65536);
  ASSERT_EQ(parts.infos.size(), 65536U);
  std::size_t bytes = 0;
  for (const auto& info : parts.infos) bytes += info.more.dump().size();
  EXPECT_LT(bytes, 65536U * 100);
}

}  // namespace
}  // namespace cms::tap
