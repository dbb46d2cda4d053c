// These tests read the model named by CMS_MODEL and are skipped without one.
#include "tap/llama_logits.hpp"

#include <gtest/gtest.h>
#include <llama.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "tap/llama_tap.hpp"

namespace cms::tap {
namespace {

class Logits : public testing::Test {
 protected:
  void SetUp() override {
    const char* model = std::getenv("CMS_MODEL");
    if (model == nullptr || *model == '\0') GTEST_SKIP() << "CMS_MODEL names no GGUF file";
    model_ = model;
  }
  std::filesystem::path model_;
};

TEST_F(Logits, depend_on_the_prompt_alone) {
  auto oracle = LlamaLogits::open(model_, 1);
  ASSERT_TRUE(oracle) << oracle.error().message;
  const std::vector<std::int32_t> prompt = {11, 222, 3333, 44, 5};
  const std::vector<std::int32_t> other = {99, 98};
  const auto first = oracle->next(prompt);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->size(), oracle->vocabulary());
  const auto between = oracle->next(other);
  EXPECT_NE(*first, *between);
  EXPECT_EQ(*first, *oracle->next(prompt));
}

TEST_F(Logits, refuse_prompts_that_no_model_can_take) {
  auto oracle = LlamaLogits::open(model_, 1);
  ASSERT_TRUE(oracle);
  const auto beyond = static_cast<std::int32_t>(oracle->vocabulary());
  const std::vector<std::int32_t> long_prompt(LlamaLogits::kTokensMax + 1, 7);
  for (const auto& prompt : {std::vector<std::int32_t>{}, {-1}, {1, beyond}, long_prompt}) {
    const auto logits = oracle->next(prompt);
    ASSERT_FALSE(logits);
    EXPECT_EQ(logits.error().code, ErrorCode::usage);
  }
}

TEST_F(Logits, tokens_spell_the_text_they_come_from) {
  const auto oracle = LlamaLogits::open(model_, 1);
  ASSERT_TRUE(oracle);
  for (const std::string text : {"Why is the sky blue?", "caf\xc3\xa9 <|im_start|> 12345", "a"}) {
    const auto tokens = oracle->tokens(text);
    ASSERT_FALSE(tokens.empty());
    EXPECT_EQ(oracle->text(tokens), text);
  }
  EXPECT_TRUE(oracle->tokens("").empty());
  EXPECT_EQ(oracle->text({}), "");
  // A special token spelt out by a user is read as plain text.
  EXPECT_GT(oracle->tokens("<|im_start|>").size(), 1U);
}

std::vector<std::int32_t> tokens_of(const std::filesystem::path& path, const std::string& text) {
  auto parameters = llama_model_default_params();
  parameters.vocab_only = true;
  llama_model* model = llama_model_load_from_file(path.c_str(), parameters);
  std::vector<llama_token> tokens(text.size() + 8);
  const int count = llama_tokenize(llama_model_get_vocab(model), text.data(), static_cast<int>(text.size()),
                                   tokens.data(), static_cast<int>(tokens.size()), true, false);
  tokens.resize(static_cast<std::size_t>(std::max(count, 0)));
  llama_model_free(model);
  return tokens;
}

TEST_F(Logits, are_the_output_matrix_times_the_last_hidden_vector) {
  const std::string text = "write a haiku about rain on a tin roof";
  TapOptions options;
  options.readouts = {{.block = {}, .pooling = Pooling::last}};
  options.threads = 1;
  auto tap = LlamaTap::open(model_, options);
  ASSERT_TRUE(tap);
  const auto hidden = tap->read(std::span(&text, 1));
  ASSERT_TRUE(hidden);

  auto oracle = LlamaLogits::open(model_, 1);
  ASSERT_TRUE(oracle);
  const auto prompt = tokens_of(model_, text);
  const auto logits = oracle->next(prompt);
  ASSERT_TRUE(logits);
  std::vector<std::int32_t> all(oracle->vocabulary());
  std::iota(all.begin(), all.end(), 0);
  const auto matrix = output_rows(model_, all);
  ASSERT_TRUE(matrix) << matrix.error().message;
  ASSERT_EQ(matrix->columns, oracle->dimension());
  double error = 0, size = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    double product = 0;
    for (std::size_t k = 0; k < matrix->columns; ++k) {
      product += static_cast<double>(matrix->values[i * matrix->columns + k]) * hidden->values[0][k];
    }
    error += (product - (*logits)[i]) * (product - (*logits)[i]);
    size += product * product;
  }
  // llama.cpp multiplies with hidden vectors of 8 bits.
  EXPECT_LT(std::sqrt(error / size), 0.02);
}

TEST_F(Logits, have_no_output_row_beyond_the_vocabulary) {
  const std::vector<std::int32_t> tokens = {0, 1 << 30};
  EXPECT_EQ(output_rows(model_, tokens).error().code, ErrorCode::bad_input);
}

TEST(LogitsWithoutModel, a_file_that_is_no_model_is_bad_input) {
  EXPECT_EQ(LlamaLogits::open("/dev/null", 1).error().code, ErrorCode::bad_input);
  const std::vector<std::int32_t> tokens = {1};
  EXPECT_EQ(output_rows("/dev/null", tokens).error().code, ErrorCode::bad_input);
  EXPECT_EQ(output_rows("/no/such/file.gguf", tokens).error().code, ErrorCode::bad_input);
}

}  // namespace
}  // namespace cms::tap
