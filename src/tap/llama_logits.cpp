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

Result<Matrix> output_rows(const std::filesystem::path& model, std::span<const std::int32_t> tokens) {
  start_llama();
  ggml_context* loaded = nullptr;
  const std::unique_ptr<gguf_context, FreeGguf> file(
      gguf_init_from_file(model.c_str(), {.no_alloc = false, .ctx = &loaded}));
  const std::unique_ptr<ggml_context, FreeTensors> tensors(loaded);
  if (!file || !tensors) return fail(ErrorCode::bad_input, fmt::format("{} is not a GGUF file", model.string()));
  const ggml_tensor* matrix = ggml_get_tensor(tensors.get(), "output.weight");
  if (matrix == nullptr) matrix = ggml_get_tensor(tensors.get(), "token_embd.weight");
  const auto to_float = matrix == nullptr ? nullptr : ggml_get_type_traits(matrix->type)->to_float;
  const bool is_float = matrix != nullptr && matrix->type == GGML_TYPE_F32;
  if (to_float == nullptr && !is_float) {
    return fail(ErrorCode::bad_input, fmt::format("{} has no output matrix that can be read", model.string()));
  }
  Matrix result;
  result.rows = tokens.size();
  result.columns = static_cast<std::uint64_t>(matrix->ne[0]);
  result.values.resize(result.rows * result.columns);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] < 0 || tokens[i] >= matrix->ne[1]) {
      return fail(ErrorCode::bad_input, fmt::format("{} has no token {}", model.string(), tokens[i]));
    }
    const char* row = static_cast<const char*>(matrix->data) + static_cast<std::size_t>(tokens[i]) * matrix->nb[1];
    float* target = result.values.data() + i * result.columns;
    if (is_float) std::copy_n(reinterpret_cast<const float*>(row), result.columns, target);
    if (!is_float) to_float(row, target, matrix->ne[0]);
  }
  return result;
}

}  // namespace cms::tap
