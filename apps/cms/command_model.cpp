// cms model prepare: the form of a model file that runs fastest, made once.
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "tap/model_file.hpp"

namespace {

struct Words {
  std::string source;
  std::string target;
};

cms::Result<void> prepare(const Words& words) {
  std::filesystem::path source = words.source;
  if (source.empty()) {
    CMS_TRY(found, cms::tap::default_source());
    source = found;
  }
  std::filesystem::path target = words.target;
  if (target.empty()) {
    CMS_TRY(cached, cms::tap::prepared_path(source));
    target = cached;
  }
  // A file that the user names may be the form of another source: it is made anew.
  CMS_CHECK(cms::tap::prepare_model(source, target, !words.target.empty()));
  fmt::print("{}\n", target.string());
  return {};
}

}  // namespace

void add_model(CLI::App& app, Run& chosen) {
  auto* model = app.add_subcommand("model", "Work on model files");
  model->require_subcommand(1);
  auto words = std::make_shared<Words>();
  auto* command = model->add_subcommand("prepare", "Requantise a GGUF file to Q4_0, which runs fastest on a CPU");
  command->add_option("--model", words->source, "GGUF file; without it the one that the set-up fetched");
  command->add_option("-o,--output", words->target, "Where to put it; without it the user's cache");
  command->callback([words, &chosen] { chosen = [words] { return prepare(*words); }; });
}
