#include "score_inputs.hpp"

cms::Result<ScoreInputs> read_score_inputs(const ScoreWords& words) {
  CMS_TRY(model, cms::pipeline::read_model(words.atlas, words.trust));
  CMS_TRY(set, cms::tap::read_set(words.set, {.assume_model = words.assume_model, .tensor = {}}));
  if (auto same = cms::matches(model.atlas.manifest, set.manifest); !same) return fail_in(words.set, same.error());
  auto accounts = cms::tap::rows_by_account(set);
  if (!accounts) return fail_in(words.set, accounts.error());
  return ScoreInputs{std::move(model), std::move(set), std::move(*accounts)};
}
