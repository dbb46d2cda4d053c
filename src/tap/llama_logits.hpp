// What a served language model says of the next token: logits over its whole vocabulary.
//
// The oracle of the theft experiment (docs/lab/theft.md). A prompt is passed alone, so its logits depend on nothing
// else. Threads: one owner; llama.cpp's own threads work inside. Cost: the model's, vocabulary projection of one token
// included. Reference: llama.h and gguf.h of llama.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tap/matrix.hpp"

namespace cms::tap {

class LlamaLogits {
 public:
  // Loads the model; `threads` 0: as many as the machine has. Errors: `bad_input` when the file is no GGUF that
  // llama.cpp can run as a decoder; `failed` when memory is short.
  static Result<LlamaLogits> open(const std::filesystem::path& model, std::uint32_t threads);

  LlamaLogits(LlamaLogits&&) noexcept;
  LlamaLogits& operator=(LlamaLogits&&) noexcept;
  ~LlamaLogits();

  [[nodiscard]] std::uint32_t vocabulary() const;  // tokens
  [[nodiscard]] std::uint32_t dimension() const;   // hidden size, floats; no interface tells it

  // The text that `tokens` spell, each of them known; not always UTF-8. Special tokens spell what they are written as.
  [[nodiscard]] std::string text(std::span<const std::int32_t> tokens) const;
  // The tokens that the model reads of a user's text: special tokens in it are plain text, no start token is added.
  [[nodiscard]] std::vector<std::int32_t> tokens(const std::string& text) const;

  // Logits (`vocabulary` floats) of the token after `tokens`: 1 to kTokensMax of them, taken as they are, no start
  // token added. Errors: `usage` for an empty or too long prompt or a token that does not exist; `bad_input` when
  // the model gives a logit that is not finite; `failed` when llama.cpp gives up.
  Result<std::vector<float>> next(std::span<const std::int32_t> tokens);

  static constexpr std::size_t kTokensMax = 512;

 private:
  struct State;
  explicit LlamaLogits(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Rows of the model's output matrix for `tokens` (tokens.size() x hidden size), dequantised: `output.weight`, or
// `token_embd.weight` where the model ties the two. This is the secret that the experiment compares with.
// Errors: `bad_input` when the file is no GGUF, has no such matrix, or a token is beyond it. Cost: reads the whole file
// into memory.
Result<Matrix> output_rows(const std::filesystem::path& model, std::span<const std::int32_t> tokens);
// The rows of all tokens, in their order. Errors and cost as output_rows.
Result<Matrix> output_matrix(const std::filesystem::path& model);

}  // namespace cms::tap
