// cms lab run: experiments by name, or as files say.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "command.hpp"
#include "experiment.hpp"
#include "lab/families.hpp"
#include "lab/suite.hpp"
#include "tap/model_file.hpp"

namespace {

using cms::Result;
namespace lab = cms::lab;

Result<void> print(const Experiment& experiment) {
  CMS_TRY(outcome, experiment.run());
  fmt::print(experiment.json ? stderr : stdout, "{}", outcome.table);
  const nlohmann::json used = {{"texts", outcome.texts}};
  if (experiment.json) fmt::print("{}{}\n", outcome.goal_lines, used.dump());
  return {};
}

struct GoalsWords {
  std::string file = "experiments/goals.toml";
  Places places{"", "lab-results", "", "", 0};
  std::vector<std::string> only;
  std::string output;
  bool json = false;
};

void tell(const lab::StepResult& step, std::size_t done, std::size_t total) {
  const auto how = step.error  ? "failed: " + step.error->message
                   : step.kept ? std::string("kept from an earlier run")
                               : fmt::format("{:.0f} s", step.seconds);
  fmt::print(stderr, "[{}/{}] {}: {}\n", done, total, step.name, how);
}

Result<void> run_goals(GoalsWords words) {
  if (words.places.model.empty()) {
    if (const auto prepared = cms::tap::default_model()) words.places.model = prepared->string();
  }
  if (!words.places.families.empty()) CMS_CHECK(lab::read_families(words.places.families));
  CMS_TRY(suite, read_suite_file(words.file, words.places));
  for (const auto& name : words.only) {
    const auto is_it = [&](const ExperimentFile& one) { return one.name == name; };
    if (std::none_of(suite.experiments.begin(), suite.experiments.end(), is_it)) {
      return cms::fail(cms::ErrorCode::usage, fmt::format("--only: {} has no experiment \"{}\"", words.file, name));
    }
  }
  CMS_TRY(program, cms::sha256_file("/proc/self/exe"));
  std::vector<lab::SuiteStep> steps;
  for (const auto& one : suite.experiments) {
    const auto& only = words.only;
    if (only.empty() || std::find(only.begin(), only.end(), one.name) != only.end()) {
      steps.push_back({one.name, one.title, one.run, one.options, one.experiment.run, one.failing});
    }
  }
  CMS_TRY(result, lab::run_suite(suite.title, steps, {words.places.work, program, tell}));
  const auto page = words.output.empty() ? words.places.work + "/report.html" : words.output;
  CMS_CHECK(cms::write_file(page, lab::page(result)));
  fmt::print(words.json ? stderr : stdout, "{}report: {}\n", lab::describe(result), page);
  if (words.json) fmt::print("{}{}", lab::goal_lines(result), lab::text_lines(result));
  for (const auto& step : result.steps) {
    if (step.error) return cms::fail(cms::ErrorCode::failed, fmt::format("{}: {}", step.name, step.error->message));
  }
  return {};
}

void add_goals(CLI::App& run_app, Run& chosen) {
  auto words = std::make_shared<GoalsWords>();
  auto* command = run_app.add_subcommand("goals", "All experiments that a file lists, and one page of them");
  command->add_option("--data", words->places.data,
                      "Folder with activations/{human,distill}.npy and their lines, or an activation set")
      ->required();
  command->add_option("--families", words->places.families,
                      "TOML: which families of the data play which part; those of the shared sets when not given");
  command->add_option("--file", words->file, "TOML: a list of experiments, or one")->capture_default_str();
  command->add_option("--work", words->places.work, "Folder of results; what is there is not run again")
      ->capture_default_str();
  command->add_option("--model", words->places.model, "GGUF of the data; else what `cms model prepare` made");
  command->add_option("--only", words->only, "Of the file's experiments, separated by commas")->delimiter(',');
  command->add_option("-o,--output", words->output, "The page; WORK/report.html when not given");
  command->add_option("--threads", words->places.threads, "Threads; 0 = as many as the machine has")
      ->check(CLI::Range(0, 1024));
  command->add_flag("--json", words->json, "Goal lines and which texts served what to stdout, the tables to stderr");
  command->callback([words, &chosen] { chosen = [words] { return run_goals(*words); }; });
}

}  // namespace

void add_lab_run(CLI::App& lab_app, Run& chosen) {
  auto* run_app = lab_app.add_subcommand("run", "Run an experiment");
  run_app->require_subcommand(1);
  auto experiment = std::make_shared<Experiment>();
  add_experiments(*run_app, *experiment);
  for (auto* command : run_app->get_subcommands({})) {
    command->parse_complete_callback([experiment, &chosen] { chosen = [experiment] { return print(*experiment); }; });
  }
  add_goals(*run_app, chosen);
}
