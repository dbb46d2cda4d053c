// cms capture: prompts to activation sets.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/progress.hpp"
#include "command.hpp"
#include "tap/capture.hpp"
#include "tap/model_file.hpp"

namespace {

using cms::ErrorCode;
using cms::Result;
using cms::tap::CaptureOptions;
using cms::tap::Pooling;
using cms::tap::Readout;

// The words of the command line, as they came.
struct Words {
  CaptureOptions options;
  std::string model;
  std::vector<std::string> layers = {"final"};
  std::vector<std::string> poolings = {"mean"};
  std::string template_name = "none";
  std::string dtype = "f16";
};

Result<std::optional<std::uint32_t>> parse_layer(const std::string& word) {
  if (word == "final") return std::nullopt;
  const std::string digits = word.starts_with('l') ? word.substr(1) : word;
  std::uint32_t block = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), block);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    return cms::fail(ErrorCode::usage, fmt::format("--layer takes a block number or \"final\", not \"{}\"", word));
  }
  return block;
}

// Every layer with every pooling, each once.
Result<std::vector<Readout>> readouts(const Words& words) {
  std::vector<Readout> result;
  for (const auto& layer : words.layers) {
    CMS_TRY(block, parse_layer(layer));
    for (const auto& pooling : words.poolings) {
      const Readout readout = {.block = block, .pooling = pooling == "mean" ? Pooling::mean : Pooling::last};
      if (std::find(result.begin(), result.end(), readout) == result.end()) result.push_back(readout);
    }
  }
  return result;
}

Result<void> run(Words words) {
  CMS_TRY(chosen, readouts(words));
  words.options.tap.readouts = chosen;
  words.options.tap.chat_template = words.template_name == "chat";
  words.options.dtype = words.dtype == "f32" ? cms::tap::Dtype::float32 : cms::tap::Dtype::float16;
  words.options.program_version = CMS_VERSION;
  // The set's own lines would replace the prompts they were made of.
  for (const auto& name : cms::tap::set_names(words.options)) {
    std::error_code error;
    if (!std::filesystem::equivalent(name.string() + ".jsonl", words.options.prompts, error) || error) continue;
    return cms::fail(cms::ErrorCode::usage, fmt::format("-o {} would replace the prompts {}; choose another name",
                                                        words.options.name.string(), words.options.prompts.string()));
  }
  words.options.model = words.model;
  if (words.model.empty()) {
    CMS_TRY(model, cms::tap::default_model());
    words.options.model = model;
  }
  CMS_CHECK(cms::tap::capture(words.options, cms::told_progress("capturing", "distinct texts")));
  for (const auto& name : cms::tap::set_names(words.options)) fmt::print("{}\n", name.string());
  return {};
}

}  // namespace

void add_capture(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto& options = words->options;
  auto* command = app.add_subcommand("capture", "Read prompts with a language model and keep their activations");
  command->add_option("prompts", options.prompts, "JSON lines with \"text\", optionally \"account\" and \"time\"")
      ->required();
  command->add_option("-o,--output", options.name, "Name of the activation set, without ending")->required();
  command->add_option("--model", words->model, "GGUF file; without it the one made by `cms model prepare`");
  command->add_option("--words", options.tap.limits.words_max, "Words of each text that are read; 0 = all");
  command->add_option("--max-chars", options.tap.limits.chars_max,
                      "Characters of these words that are read; 0 = all");
  command->add_option("--segments", options.segments_max,
                      "Segments of --words words of each text that are read, a row each")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  command->add_option("--layer", words->layers, "\"final\" or a block's number, from 0; may be repeated")
      ->allow_extra_args(false)
      ->capture_default_str();
  command->add_option("--pooling", words->poolings, "mean or last token; may be repeated")
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"mean", "last"}))
      ->capture_default_str();
  command->add_option("--template", words->template_name, "none, or chat: the model's own chat template")
      ->check(CLI::IsMember({"none", "chat"}))
      ->capture_default_str();
  command->add_option("--batch-tokens", options.tap.batch_tokens, "Tokens in one pass")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  command->add_option("--context", options.tap.context_tokens, "Longest text in tokens, at most the model's context")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--threads", options.tap.threads, "Threads; 0 = as many as the machine has")
      ->check(CLI::Range(0, 1024));
  command->add_option("--dtype", words->dtype, "Numbers in the set: f16 or f32")
      ->check(CLI::IsMember({"f16", "f32"}))
      ->capture_default_str();
  command->add_flag("--fresh", options.fresh, "Throw away what an unfinished capture of this name left");
  command->callback([words, &chosen] { chosen = [words] { return run(*words); }; });
}
