#include "score_inputs.hpp"

void add_score_words(CLI::App& command, ScoreWords& words, const std::string& set_is) {
  command.add_option("set", words.set, set_is)->required();
  add_model_words(command, words);
}

void add_model_words(CLI::App& command, ScoreWords& words) {
  command.add_option("--atlas", words.atlas, "Atlas made by `cms fit`")->required();
  command.add_option("--assume-model", words.assume_model, "NAME or NAME/LAYER/POOLING of a set that has no manifest");
  command.add_option("--trust", words.trust, "Ed25519 public key (PEM) the atlas must be signed with");
}

cms::Result<ScoreInputs> read_score_inputs(const ScoreWords& words) {
  CMS_TRY(model, cms::pipeline::read_model(words.atlas, words.trust));
  CMS_TRY(set, cms::tap::read_set(words.set, {.assume_model = words.assume_model, .tensor = {}}));
  if (auto same = cms::matches(model.atlas.manifest, set.manifest); !same) return fail_in(words.set, same.error());
  auto accounts = cms::tap::rows_by_account(set);
  if (!accounts) return fail_in(words.set, accounts.error());
  return ScoreInputs{std::move(model), std::move(set), std::move(*accounts)};
}
