// What score and watch start from: an atlas and a set of activations that may be seen against it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "pipeline/model.hpp"
#include "tap/activation_set.hpp"
#include "types/score.hpp"

// The words of the command line, as they came.
struct ScoreWords {
  std::string atlas;
  std::string set;
  std::string assume_model;
  std::string trust;  // public key file; empty = any atlas
};

// Puts them on a command: `set`, said to be what `set_is`, --atlas, --assume-model, --trust. They outlive the parser.
void add_score_words(CLI::App& command, ScoreWords& words, const std::string& set_is);
// The same without `set`.
void add_model_words(CLI::App& command, ScoreWords& words);

struct ScoreInputs {
  cms::pipeline::Model model;
  cms::ActivationSet set;
  std::vector<cms::tap::AccountRows> accounts;  // in order of first appearance, their rows in order of time
};

// Errors: `bad_input` when a file is damaged or a row has no account, `refused` when the set is of another model.
cms::Result<ScoreInputs> read_score_inputs(const ScoreWords& words);

struct AccountScore {
  std::string account;
  cms::Score score;
};
