// cms score: Proof-of-Humanity of every account of a set.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/progress.hpp"
#include "command.hpp"
#include "pipeline/parallel.hpp"
#include "pipeline/score_line.hpp"
#include "pipeline/step.hpp"
#include "pipeline/tariff.hpp"
#include "score_inputs.hpp"
#include "score_table.hpp"
#include "terminal.hpp"

namespace {

using cms::ErrorCode;
using cms::Result;
namespace pipeline = cms::pipeline;

constexpr std::size_t kTogether = 64;  // requests of an account that go through the step at once

struct Words {
  ScoreWords inputs;
  bool every = false;
  bool json = false;
  bool readings = false;
  std::optional<double> at;
  unsigned threads = 0;
};

// What is printed of one account: its scores, and their lines where lines are asked for.
struct Output {
  std::vector<AccountScore> scores;
  std::string lines;
};

void put(Output& output, const Words& words, const ScoreInputs& inputs, const std::string& account,
         const pipeline::AccountState& state, const cms::Score& score) {
  if (!words.json) {
    output.scores.push_back({account, score});
    return;
  }
  std::optional<double> price;
  if (const auto ledger = pipeline::ledger_of(state)) {
    price = cms::policy::price_of_new_chart(pipeline::tariff(inputs.model), *ledger, score);
  }
  auto line = pipeline::score_line(account, inputs.model.name, score, price);
  if (words.readings) line["readings"] = pipeline::readings(state.reading);
  output.lines += line.dump() + "\n";
}

Output score_account(const Words& words, const ScoreInputs& inputs, const cms::tap::AccountRows& account,
                     pipeline::Scratch& scratch) {
  Output output;
  auto state = pipeline::make_account(inputs.model);
  std::vector<pipeline::Event> events;
  for (const auto row : account.rows) {
    const double time = inputs.set.rows[row].time;
    if (words.at && time > *words.at) break;
    events.push_back({&state, inputs.set.row(row), time});
  }
  // Price and reading after each request are of the account's state until the next one: then none may run ahead.
  const std::size_t together = words.every && words.json ? 1 : kTogether;
  std::vector<cms::Score> scores(together);
  cms::Score score = pipeline::score_at(inputs.model, state, 0);
  for (std::size_t first = 0; first < events.size(); first += together) {
    const auto batch = std::span(events).subspan(first, std::min(together, events.size() - first));
    pipeline::step(inputs.model, batch, scratch, scores);
    score = scores[batch.size() - 1];
    for (std::size_t i = 0; words.every && i < batch.size(); ++i) {
      put(output, words, inputs, account.account, state, scores[i]);
    }
  }
  if (words.at) score = pipeline::score_at(inputs.model, state, *words.at);
  if (!words.every) put(output, words, inputs, account.account, state, score);
  return output;
}

std::vector<Output> score_all(const Words& words, const ScoreInputs& inputs) {
  const unsigned threads = words.threads > 0 ? words.threads : pipeline::default_threads();
  std::vector<Output> outputs(inputs.accounts.size());
  std::vector<pipeline::Scratch> scratches(threads);
  cms::Progress bar("scoring", "accounts", outputs.size());
  std::atomic<std::size_t> done{0};
  std::size_t shown = 0;
  pipeline::parallel_for(outputs.size(), threads, [&](unsigned worker, std::size_t i) {
    outputs[i] = score_account(words, inputs, inputs.accounts[i], scratches[worker]);
    const std::size_t ready = ++done;
    if (worker != 0) return;
    bar.advance(ready - shown);
    shown = ready;
  });
  bar.advance(outputs.size() - shown);
  return outputs;
}

Result<void> run(const Words& words) {
  if (words.at && !std::isfinite(*words.at)) return cms::fail(ErrorCode::usage, "--at takes a time in seconds");
  CMS_TRY(inputs, read_score_inputs(words.inputs));
  const auto outputs = score_all(words, inputs);
  std::vector<AccountScore> scores;
  for (const auto& output : outputs) {
    fmt::print("{}", output.lines);
    scores.insert(scores.end(), output.scores.begin(), output.scores.end());
  }
  if (!words.json) fmt::print("{}", score_table(scores, colours_wanted(), terminal_columns()));
  return {};
}

}  // namespace

void add_score(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto* command = app.add_subcommand("score", "Proof-of-Humanity of every account of an activation set");
  add_score_words(*command, words->inputs, "Activation set whose rows have \"account\"");
  auto* every = command->add_flag("--every", words->every, "A score after every request, not only after the last");
  auto* json = command->add_flag("--json", words->json, "JSON lines instead of a table");
  command->add_flag("--readings", words->readings, "Add every measure of the last evaluation (with --json)")
      ->needs(json);
  command->add_option("--at", words->at, "Score at this time in seconds: later requests are left out, evidence leaks")
      ->excludes(every);
  command->add_option("--threads", words->threads, "Threads; 0 = as many as the machine has")
      ->check(CLI::Range(0, 1024));
  command->callback([words, &chosen] { chosen = [words] { return run(*words); }; });
}
