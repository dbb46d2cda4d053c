#include "tap/llama_tap.hpp"

#include <fmt/format.h>
#include <ggml-backend.h>
#include <llama.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "tap/llama_library.hpp"
#include "tap/llama_model.hpp"

namespace cms::tap {
namespace {

constexpr std::uint32_t kSequencesMax = 256;  // llama.cpp's own bound on sequences in a batch

// One tensor of the graph that is copied out as it is computed.
struct Probe {
  std::string tensor;         // its name in llama.cpp's graph
  std::vector<float> rows;    // tokens of the pass * dimension
  bool seen = false;
};

// What the evaluation callback works on. It lives as long as the context.
struct Watch {
  std::vector<Probe> probes;
  std::int64_t dimension = 0;
  std::int64_t tokens = 0;   // of this pass
  std::size_t left = 0;      // probes not seen in this pass
  std::string surprise;      // why a tensor could not be used
};

// llama.cpp asks of every node whether we want it (`ask`), and shows it when computed; false then ends the pass.
bool watch_node(ggml_tensor* node, bool ask, void* user_data) {
  auto& watch = *static_cast<Watch*>(user_data);
  const auto probe = std::ranges::find(watch.probes, std::string_view(node->name), &Probe::tensor);
  if (probe == watch.probes.end()) return !ask;
  if (ask) return true;
  if (probe->seen) return watch.left > 0;
  probe->seen = true;
  --watch.left;
  if (node->type != GGML_TYPE_F32 || !ggml_is_contiguous(node) || node->ne[0] != watch.dimension ||
      node->ne[1] != watch.tokens) {
    watch.surprise = fmt::format("{} is [{} x {}], not [{} x {}] floats", node->name, node->ne[0], node->ne[1],
                                 watch.dimension, watch.tokens);
    return false;
  }
  probe->rows.resize(static_cast<std::size_t>(watch.dimension * watch.tokens));
  ggml_backend_tensor_get(node, probe->rows.data(), 0, probe->rows.size() * sizeof(float));
  return watch.left > 0;
}

std::string metadata(const llama_model* model, const char* key) {
  char value[256] = {};
  return llama_model_meta_val_str(model, key, value, sizeof(value)) > 0 ? std::string(value) : std::string();
}

// Lower case, with '-' for whatever is not a letter, digit, '_' or '.'.
std::string slug(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool kept = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    if (kept) result.push_back(upper ? static_cast<char>(c - 'A' + 'a') : c);
    if (!kept && !result.empty() && result.back() != '-') result.push_back('-');
  }
  while (!result.empty() && result.back() == '-') result.pop_back();
  return result;
}

// "smollm2-135m-q4_0": base name, size and file type, else the full name, else the file's, and the file type.
std::string model_name(const llama_model* model, const std::filesystem::path& path) {
  const std::string base = metadata(model, "general.basename");
  const std::string size = metadata(model, "general.size_label");
  const std::string full = metadata(model, "general.name");
  std::string name = full.empty() ? path.stem().string() : full;
  if (!base.empty() && !size.empty()) name = base + "-" + size;
  const std::string type = slug(llama_ftype_name(llama_model_ftype(model)));
  const std::string result = slug(name);
  return result.ends_with(type) ? result : result + "-" + type;
}

// A text as the model gets it.
struct Tokens {
  std::vector<llama_token> seen;
  std::uint32_t total = 0;
};

}  // namespace

std::string Readout::layer() const { return block ? fmt::format("l{}", *block) : "final"; }

std::string Readout::suffix() const { return layer() + (pooling == Pooling::mean ? ".mean" : ".last"); }

struct LlamaTap::State {
  TapOptions options;
  std::string name;
  Watch watch;                                        // before the context, which points to it
  std::vector<std::size_t> probe_of;                  // probe of each readout
  ModelPointer model;
  ContextPointer context;
  std::string chat_template;
  bool outputs_all = false;   // every token must be an output, for the last block to compute them all
  std::uint32_t sequences_max = 1;

  Result<void> place_probes();
  Result<void> make_context();
  Result<std::string> apply_template(const std::string& text) const;
  [[nodiscard]] std::vector<llama_token> tokenize(const std::string& text) const;
  Result<Tokens> prepare(const std::string& text) const;
  Result<void> pass(std::span<const std::pair<std::uint32_t, std::uint32_t>> places, const std::vector<Tokens>& texts);
  void pool(std::span<const std::pair<std::uint32_t, std::uint32_t>> places, const std::vector<Tokens>& texts,
            std::vector<std::vector<double>>& sums) const;
};

Result<void> LlamaTap::State::place_probes() {
  const auto blocks = static_cast<std::uint32_t>(llama_model_n_layer(model.get()));
  for (const auto& readout : options.readouts) {
    if (readout.block && *readout.block >= blocks) {
      return fail(ErrorCode::usage, fmt::format("the model has blocks 0 to {}, there is no layer {}", blocks - 1,
                                                *readout.block));
    }
    const std::string tensor = readout.block ? fmt::format("l_out-{}", *readout.block) : "result_norm";
    auto probe = std::ranges::find(watch.probes, tensor, &Probe::tensor);
    if (probe == watch.probes.end()) probe = watch.probes.insert(probe, Probe{tensor, {}, false});
    probe_of.push_back(static_cast<std::size_t>(probe - watch.probes.begin()));
    // llama.cpp drops the rows of tokens that are not outputs inside the last block.
    if (!readout.block || *readout.block + 1 == blocks) outputs_all = true;
  }
  return {};
}

Result<void> LlamaTap::State::make_context() {
  const bool recurrent = llama_model_is_recurrent(model.get()) || llama_model_is_hybrid(model.get());
  // Recurrent models reorder packed sequences; one at a time keeps row i token i.
  sequences_max = recurrent ? 1 : std::min<std::uint32_t>(kSequencesMax, options.batch_tokens);
  const auto context_max = static_cast<std::uint32_t>(llama_model_n_ctx_train(model.get()));
  if (context_max > 0) options.context_tokens = std::min(options.context_tokens, context_max);
  auto parameters = llama_context_default_params();
  parameters.n_ctx = std::max(options.context_tokens, options.batch_tokens);
  parameters.n_batch = options.batch_tokens;
  parameters.n_ubatch = options.batch_tokens;
  parameters.n_seq_max = sequences_max;
  // Room for the logits of every output is made though none are computed; one a sequence is the least allowed.
  parameters.n_outputs_max = outputs_all ? 0 : sequences_max;
  parameters.n_threads = static_cast<std::int32_t>(options.threads);
  parameters.n_threads_batch = parameters.n_threads;
  parameters.pooling_type = LLAMA_POOLING_TYPE_NONE;
  parameters.kv_unified = true;
  parameters.no_perf = true;
  parameters.cb_eval = watch_node;
  parameters.cb_eval_user_data = &watch;
  context.reset(llama_init_from_model(model.get(), parameters));
  if (!context) {
    return fail(ErrorCode::failed, fmt::format("llama.cpp could not set up a context of {} tokens: {}",
                                               parameters.n_ctx, llama_complaint()));
  }
  return {};
}

Result<std::string> LlamaTap::State::apply_template(const std::string& text) const {
  if (!options.chat_template) return text;
  const llama_chat_message message = {"user", text.c_str()};
  std::string buffer(text.size() + 256, '\0');
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto size = llama_chat_apply_template(chat_template.c_str(), &message, 1, true, buffer.data(),
                                                static_cast<std::int32_t>(buffer.size()));
    if (size < 0) return fail(ErrorCode::bad_input, "llama.cpp does not know the model's chat template");
    const bool fits = static_cast<std::size_t>(size) <= buffer.size();
    buffer.resize(static_cast<std::size_t>(size));
    if (fits) return buffer;
  }
  return fail(ErrorCode::failed, "llama.cpp's chat template does not settle on a length");
}

std::vector<llama_token> LlamaTap::State::tokenize(const std::string& text) const {
  const llama_vocab* vocabulary = llama_model_get_vocab(model.get());
  std::vector<llama_token> tokens(text.size() + 8);
  auto count = llama_tokenize(vocabulary, text.data(), static_cast<std::int32_t>(text.size()), tokens.data(),
                              static_cast<std::int32_t>(tokens.size()), true, options.chat_template);
  if (count < 0) {
    tokens.resize(static_cast<std::size_t>(-count));
    count = llama_tokenize(vocabulary, text.data(), static_cast<std::int32_t>(text.size()), tokens.data(), -count, true,
                           options.chat_template);
  }
  tokens.resize(static_cast<std::size_t>(std::max(count, 0)));
  // A template that spells the start token out would have it twice.
  const llama_token start = llama_vocab_bos(vocabulary);
  const bool twice = tokens.size() > 1 && tokens[0] == start && tokens[1] == start;
  if (options.chat_template && twice) tokens.erase(tokens.begin());
  return tokens;
}

Result<Tokens> LlamaTap::State::prepare(const std::string& text) const {
  if (text.size() > INT32_MAX / 2) return fail(ErrorCode::bad_input, "the text is too long");
  const std::string whole = without_endless_runs(text);
  const std::string cut = cut_text(whole, options.limits);
  CMS_TRY(read, apply_template(cut));
  Tokens tokens;
  if (!cut.empty()) tokens.seen = tokenize(read);
  if (tokens.seen.empty()) return fail(ErrorCode::bad_input, "the text is empty");
  if (options.count_whole) {
    tokens.total = static_cast<std::uint32_t>(tokens.seen.size());
    if (cut != whole) {
      CMS_TRY(all, apply_template(whole));
      tokens.total = static_cast<std::uint32_t>(tokenize(all).size());
    }
  }
  if (tokens.seen.size() > options.context_tokens) tokens.seen.resize(options.context_tokens);
  return tokens;
}

// Runs the tokens at `places` (text, position) through the model; the probes hold their rows afterwards.
Result<void> LlamaTap::State::pass(std::span<const std::pair<std::uint32_t, std::uint32_t>> places,
                                   const std::vector<Tokens>& texts) {
  const auto count = static_cast<std::int32_t>(places.size());
  llama_batch batch = llama_batch_init(count, 0, 1);
  batch.n_tokens = count;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto [text, position] = places[i];
    batch.token[i] = texts[text].seen[position];
    batch.pos[i] = static_cast<llama_pos>(position);
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = static_cast<llama_seq_id>(text);
    batch.logits[i] = outputs_all || i + 1 == places.size() ? 1 : 0;
  }
  watch.tokens = count;
  watch.left = watch.probes.size();
  watch.surprise.clear();
  for (auto& probe : watch.probes) probe.seen = false;
  const auto status = llama_decode(context.get(), batch);
  llama_batch_free(batch);
  if (status != 0) {
    return fail(ErrorCode::failed, fmt::format("llama.cpp stopped with {}: {}", status, llama_complaint()));
  }
  if (!watch.surprise.empty()) {
    return fail(ErrorCode::bad_input, "the model's graph is unlike others: " + watch.surprise);
  }
  for (const auto& probe : watch.probes) {
    if (!probe.seen) return fail(ErrorCode::bad_input, "the model's graph has no tensor " + probe.tensor);
  }
  return {};
}

void LlamaTap::State::pool(std::span<const std::pair<std::uint32_t, std::uint32_t>> places,
                           const std::vector<Tokens>& texts, std::vector<std::vector<double>>& sums) const {
  const auto dimension = static_cast<std::size_t>(watch.dimension);
  for (std::size_t r = 0; r < options.readouts.size(); ++r) {
    const bool mean = options.readouts[r].pooling == Pooling::mean;
    const auto& rows = watch.probes[probe_of[r]].rows;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto [text, position] = places[i];
      if (!mean && position + 1 != texts[text].seen.size()) continue;
      const double weight = mean ? 1.0 / static_cast<double>(texts[text].seen.size()) : 1.0;
      double* sum = sums[r].data() + text * dimension;
      for (std::size_t k = 0; k < dimension; ++k) sum[k] += weight * static_cast<double>(rows[i * dimension + k]);
    }
  }
}

LlamaTap::LlamaTap(std::unique_ptr<State> state) : state_(std::move(state)) {}
LlamaTap::LlamaTap(LlamaTap&&) noexcept = default;
LlamaTap& LlamaTap::operator=(LlamaTap&&) noexcept = default;
LlamaTap::~LlamaTap() = default;

Result<LlamaTap> LlamaTap::open(const std::filesystem::path& model, const TapOptions& options) {
  if (options.readouts.empty() || options.batch_tokens == 0 || options.context_tokens == 0) {
    return fail(ErrorCode::usage, "the tap needs a readout, a batch and a context of at least one token");
  }
  CMS_TRY(loaded, load_decoder(model));
  auto state = std::make_unique<State>();
  state->options = options;
  if (options.threads == 0) state->options.threads = std::max(1U, std::thread::hardware_concurrency());
  state->model = std::move(loaded);
  if (options.chat_template) {
    const char* own = llama_model_chat_template(state->model.get(), nullptr);
    if (own == nullptr) return fail(ErrorCode::bad_input, fmt::format("{} has no chat template", model.string()));
    state->chat_template = own;
  }
  state->name = model_name(state->model.get(), model);
  state->watch.dimension = llama_model_n_embd(state->model.get());
  CMS_CHECK(state->place_probes());
  CMS_CHECK(state->make_context());
  return LlamaTap(std::move(state));
}

std::uint32_t LlamaTap::dimension() const { return static_cast<std::uint32_t>(state_->watch.dimension); }

std::vector<Manifest> LlamaTap::manifests() const {
  std::vector<Manifest> manifests;
  for (const auto& readout : state_->options.readouts) {
    Manifest manifest;
    manifest.model_name = state_->name;
    manifest.layer = readout.layer();
    manifest.normalisation = readout.block ? "none" : "output_norm";
    manifest.pooling = readout.pooling == Pooling::mean ? "mean" : "last";
    manifest.template_name = state_->options.chat_template ? "chat" : "none";
    manifest.words_max = state_->options.limits.words_max;
    manifest.chars_max = state_->options.limits.chars_max;
    manifest.dimension = dimension();
    manifests.push_back(std::move(manifest));
  }
  return manifests;
}

Result<TapBatch> LlamaTap::read(std::span<const std::string> texts) {
  State& state = *state_;
  const std::uint32_t batch_tokens = state.options.batch_tokens;
  std::vector<Tokens> chosen;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> places;
  for (std::size_t i = 0; i < texts.size() && chosen.size() < state.sequences_max; ++i) {
    auto tokens = state.prepare(texts[i]);
    if (!tokens) return fail_in(fmt::format("text {}", i), tokens.error());
    if (!chosen.empty() && places.size() + tokens->seen.size() > batch_tokens) break;
    for (std::uint32_t position = 0; position < tokens->seen.size(); ++position) {
      places.emplace_back(static_cast<std::uint32_t>(i), position);
    }
    chosen.push_back(std::move(*tokens));
  }
  TapBatch batch;
  batch.count = chosen.size();
  const std::size_t numbers = chosen.size() * dimension();
  std::vector<std::vector<double>> sums(state.options.readouts.size(), std::vector<double>(numbers));
  llama_memory_clear(llama_get_memory(state.context.get()), false);
  for (std::size_t first = 0; first < places.size(); first += batch_tokens) {
    const auto part = std::span(places).subspan(first, std::min<std::size_t>(batch_tokens, places.size() - first));
    CMS_CHECK(state.pass(part, chosen));
    state.pool(part, chosen, sums);
  }
  for (const auto& sum : sums) {
    const auto bad = std::ranges::find_if(sum, [](double value) { return !std::isfinite(value); });
    if (bad != sum.end()) {
      return fail(ErrorCode::bad_input, fmt::format("text {}: the model gives a vector that is not finite",
                                                    static_cast<std::size_t>(bad - sum.begin()) / dimension()));
    }
    batch.values.emplace_back(sum.begin(), sum.end());
  }
  for (const auto& tokens : chosen) {
    batch.tokens_seen.push_back(static_cast<std::uint32_t>(tokens.seen.size()));
    batch.tokens_total.push_back(tokens.total);
  }
  return batch;
}

}  // namespace cms::tap
