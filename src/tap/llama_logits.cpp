#include "tap/llama_logits.hpp"

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>
#include <llama.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "tap/llama_library.hpp"
#include "tap/llama_model.hpp"

namespace cms::tap {
namespace {

struct FreeGguf {
  void operator()(gguf_context* file) const { gguf_free(file); }
};
struct FreeTensors {
  void operator()(ggml_context* tensors) const { ggml_free(tensors); }
};

}  // namespace

struct LlamaLogits::State {
  ModelPointer model;
  ContextPointer context;
  std::uint32_t vocabulary = 0;
};

LlamaLogits::LlamaLogits(std::unique_ptr<State> state) : state_(std::move(state)) {}
LlamaLogits::LlamaLogits(LlamaLogits&&) noexcept = default;
LlamaLogits& LlamaLogits::operator=(LlamaLogits&&) noexcept = default;
LlamaLogits::~LlamaLogits() = default;

Result<LlamaLogits> LlamaLogits::open(const std::filesystem::path& model, std::uint32_t threads) {
  CMS_TRY(loaded, load_decoder(model));
  auto state = std::make_unique<State>();
  state->model = std::move(loaded);
  state->vocabulary = static_cast<std::uint32_t>(llama_vocab_n_tokens(llama_model_get_vocab(state->model.get())));
  auto parameters = llama_context_default_params();
  parameters.n_ctx = kTokensMax;
  parameters.n_batch = kTokensMax;
  parameters.n_ubatch = kTokensMax;
  parameters.n_seq_max = 1;
  parameters.n_outputs_max = 1;
  parameters.n_threads =
      static_cast<std::int32_t>(threads > 0 ? threads : std::max(1U, std::thread::hardware_concurrency()));
  parameters.n_threads_batch = parameters.n_threads;
  parameters.no_perf = true;
  state->context.reset(llama_init_from_model(state->model.get(), parameters));
  if (!state->context) {
    return fail(ErrorCode::failed, fmt::format("llama.cpp could not set up a context: {}", llama_complaint()));
  }
  return LlamaLogits(std::move(state));
}

std::uint32_t LlamaLogits::vocabulary() const { return state_->vocabulary; }

std::uint32_t LlamaLogits::dimension() const {
  return static_cast<std::uint32_t>(llama_model_n_embd(state_->model.get()));
}

std::string LlamaLogits::text(std::span<const std::int32_t> tokens) const {
  const llama_vocab* vocabulary = llama_model_get_vocab(state_->model.get());
  std::string result;
  for (const auto token : tokens) {
    std::string piece(32, '\0');
    auto size = llama_token_to_piece(vocabulary, token, piece.data(), static_cast<std::int32_t>(piece.size()), 0, true);
    if (size < 0) {
      piece.resize(static_cast<std::size_t>(-size));
      size = llama_token_to_piece(vocabulary, token, piece.data(), -size, 0, true);
    }
    result.append(piece, 0, static_cast<std::size_t>(std::max(size, 0)));
  }
  return result;
}

std::vector<std::int32_t> LlamaLogits::tokens(const std::string& text) const {
  const llama_vocab* vocabulary = llama_model_get_vocab(state_->model.get());
  std::vector<llama_token> tokens(text.size() + 8);  // never more than a token a byte
  const auto count = llama_tokenize(vocabulary, text.data(), static_cast<std::int32_t>(text.size()), tokens.data(),
                                    static_cast<std::int32_t>(tokens.size()), false, false);
  tokens.resize(static_cast<std::size_t>(std::max(count, 0)));
  return tokens;
}

Result<std::vector<float>> LlamaLogits::next(std::span<const std::int32_t> tokens) {
  const auto known = [this](std::int32_t token) {
    return token >= 0 && static_cast<std::uint32_t>(token) < state_->vocabulary;
  };
  if (tokens.empty() || tokens.size() > kTokensMax || !std::ranges::all_of(tokens, known)) {
    return fail(ErrorCode::usage, fmt::format("a prompt is 1 to {} tokens, each below {}", kTokensMax,
                                              state_->vocabulary));
  }
  llama_memory_clear(llama_get_memory(state_->context.get()), false);
  std::vector<llama_token> copy(tokens.begin(), tokens.end());  // llama.cpp wants them mutable
  const auto status = llama_decode(state_->context.get(),
                                   llama_batch_get_one(copy.data(), static_cast<std::int32_t>(copy.size())));
  if (status != 0) {
    return fail(ErrorCode::failed, fmt::format("llama.cpp stopped with {}: {}", status, llama_complaint()));
  }
  const float* logits = llama_get_logits_ith(state_->context.get(), -1);
  if (logits == nullptr) return fail(ErrorCode::failed, "llama.cpp gave no logits");
  std::vector<float> result(logits, logits + state_->vocabulary);
  if (!std::ranges::all_of(result, [](float value) { return std::isfinite(value); })) {
    return fail(ErrorCode::bad_input, "the model gives a logit that is not finite");
  }
  return result;
}

namespace {

// The output matrix as it lies in the file.
struct OutputTensor {
  std::unique_ptr<gguf_context, FreeGguf> file;
  std::unique_ptr<ggml_context, FreeTensors> tensors;
  const ggml_tensor* matrix = nullptr;
  ggml_to_float_t to_float = nullptr;  // none for floats
};

Result<OutputTensor> output_tensor(const std::filesystem::path& model) {
  start_llama();
  OutputTensor output;
  ggml_context* loaded = nullptr;
  output.file.reset(gguf_init_from_file(model.c_str(), {.no_alloc = false, .ctx = &loaded}));
  output.tensors.reset(loaded);
  if (!output.file || !output.tensors) {
    return fail(ErrorCode::bad_input, fmt::format("{} is not a GGUF file", model.string()));
  }
  output.matrix = ggml_get_tensor(loaded, "output.weight");
  if (output.matrix == nullptr) output.matrix = ggml_get_tensor(loaded, "token_embd.weight");
  if (output.matrix != nullptr) output.to_float = ggml_get_type_traits(output.matrix->type)->to_float;
  if (output.matrix == nullptr || (output.to_float == nullptr && output.matrix->type != GGML_TYPE_F32)) {
    return fail(ErrorCode::bad_input, fmt::format("{} has no output matrix that can be read", model.string()));
  }
  return output;
}

void copy_row(const OutputTensor& output, std::int64_t token, float* target) {
  const auto& matrix = *output.matrix;
  const char* row = static_cast<const char*>(matrix.data) + static_cast<std::size_t>(token) * matrix.nb[1];
  if (matrix.type == GGML_TYPE_F32) {
    std::copy_n(reinterpret_cast<const float*>(row), matrix.ne[0], target);
  } else {
    output.to_float(row, target, matrix.ne[0]);
  }
}

}  // namespace

Result<Matrix> output_rows(const std::filesystem::path& model, std::span<const std::int32_t> tokens) {
  CMS_TRY(output, output_tensor(model));
  Matrix result{tokens.size(), static_cast<std::uint64_t>(output.matrix->ne[0]), {}};
  result.values.resize(result.rows * result.columns);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] < 0 || tokens[i] >= output.matrix->ne[1]) {
      return fail(ErrorCode::bad_input, fmt::format("{} has no token {}", model.string(), tokens[i]));
    }
    copy_row(output, tokens[i], result.values.data() + i * result.columns);
  }
  return result;
}

Result<Matrix> output_matrix(const std::filesystem::path& model) {
  CMS_TRY(output, output_tensor(model));
  Matrix result{static_cast<std::uint64_t>(output.matrix->ne[1]), static_cast<std::uint64_t>(output.matrix->ne[0]), {}};
  result.values.resize(result.rows * result.columns);
  for (std::uint64_t i = 0; i < result.rows; ++i) {
    copy_row(output, static_cast<std::int64_t>(i), result.values.data() + i * result.columns);
  }
  return result;
}

}  // namespace cms::tap
