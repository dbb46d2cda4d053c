// The tap: texts go through a language model (any GGUF that llama.cpp runs as a decoder), hidden vectors come out.
//
// One pass serves every readout asked for. Invariants:
// 1. Only the tensors of the readouts are looked at, and the pass ends after the last of them: the vocabulary
//    projection, a fifth of a small model's work, is never computed for us.
// 2. Batches are filled in the order of the texts, so the same texts from the same start give the same bytes.
// 3. What else is in a batch changes a vector by float noise only; docs/tap.md says how much.
// Threads: one owner; llama.cpp's own threads work inside. Cost: the model's; attention grows with the square of a
// packed batch, so batches are bounded. Reference: llama.h of llama.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tap/text.hpp"
#include "types/activation.hpp"

namespace cms::tap {

enum class Pooling : std::uint8_t { mean, last };

// Where in the model a vector is read, and how its tokens become one.
struct Readout {
  std::optional<std::uint32_t> block;  // residual stream after this block (from 0); none: the final norm's output
  Pooling pooling = Pooling::mean;

  bool operator==(const Readout&) const = default;
  // "final", or "l12".
  [[nodiscard]] std::string layer() const;
  // "final.mean", "l12.last": the ending of a set's name.
  [[nodiscard]] std::string suffix() const;
};

struct TapOptions {
  std::vector<Readout> readouts = {Readout{}};
  TextLimits limits;                // what of a text is read, before its template is applied
  bool chat_template = false;       // put the text into the model's own chat template, as a user's turn
  std::uint32_t batch_tokens = 512;  // tokens in one pass; more is not faster: attention is quadratic in it
  std::uint32_t context_tokens = 2048;  // longest text in tokens, at most the model's own context; memory grows with it
  std::uint32_t threads = 0;        // 0: as many as the machine has
  bool count_whole = true;          // false: tokens_total is 0, and what limits cut off is never split into tokens
};

// The vectors of the leading texts that fit one batch.
struct TapBatch {
  std::size_t count = 0;                    // texts read
  std::vector<std::vector<float>> values;   // one for each readout: count * dimension floats, row-major
  std::vector<std::uint32_t> tokens_seen;   // tokens pooled, one for each text
  std::vector<std::uint32_t> tokens_total;  // tokens of the whole text, before limits and context cut it, or 0
};

class LlamaTap {
 public:
  // Loads the model. Errors: `bad_input` when the file is no GGUF that llama.cpp can run, or has no chat template
  // where one is asked for; `usage` for a block the model does not have; `failed` when memory is short.
  static Result<LlamaTap> open(const std::filesystem::path& model, const TapOptions& options);

  LlamaTap(LlamaTap&&) noexcept;
  LlamaTap& operator=(LlamaTap&&) noexcept;
  ~LlamaTap();

  [[nodiscard]] std::uint32_t dimension() const;
  // Model name, layer, normalisation, pooling, template, limits and dimension of each readout; the model's hash and
  // the program's version are the caller's to fill in.
  [[nodiscard]] std::vector<Manifest> manifests() const;

  // Reads as many of the leading `texts` (UTF-8) as one batch holds, at least one; longer texts than a batch go in
  // several passes. What without_endless_runs() leaves out is neither read nor counted. Errors: `bad_input` for a text
  // that has no tokens or gives NaN, naming its index in `texts`; `failed` when llama.cpp gives up.
  Result<TapBatch> read(std::span<const std::string> texts);

 private:
  struct State;
  explicit LlamaTap(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cms::tap
