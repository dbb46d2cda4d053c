// cms lab: composed accounts and the report on them; experiments are in command_lab_run.cpp.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "base/files.hpp"
#include "command.hpp"
#include "lab/demo.hpp"
#include "lab/report.hpp"
#include "pipeline/parallel.hpp"
#include "score_inputs.hpp"
#include "tap/activation_set.hpp"

namespace {

using cms::ErrorCode;
using cms::Result;
namespace lab = cms::lab;

constexpr const char* kList =
    "honest accounts\n"
    "  single      one walk in one field\n"
    "  mixed       two walks, four fifths in the main one\n"
    "  power       walks in 3 to 6 fields, in runs\n"
    "  generalist  walks in every field, in short runs\n"
    "  batch       one field in random order, as a job over a table sends it\n"
    "attackers\n"
    "  naive       uniform draws from an instruction set\n"
    "  systematic  farthest-first: the most coverage for the least requests\n"
    "  sorted      random draws sent in order of similarity, to look coherent\n"
    "  alternating one run in order of similarity, one as drawn, in turn\n"
    "  clustered   random centres with their neighbours, to look like follow-ups\n"
    "  adaptive    farthest-first among what is like the last requests\n"
    "  alike       farthest-first among texts of which every two have a least cosine\n"
    "  diluted     every other request from an honest power user\n"
    "  replayed    naive over what people really asked\n"
    "  stream      one field of an instruction set in random order\n"
    "experiments (cms lab run NAME; goals runs all that a file lists)\n"
    "  first-study  who is flagged, kind by kind, what each channel adds, and the field's baselines beside\n"
    "  ablation     the first study again, with another layer, rank, number of charts or window, or a measure less\n"
    "  mixtures     tests of one population against two, beside the score\n"
    "  frontier     what a white-box attacker covers at each PoH floor, and at what cost\n"
    "  economics    what extraction costs under each price rule, and what honest accounts pay\n"
    "  packed       many questions in one request, or behind a preamble: which tap sees them\n"
    "  made-up      random words, random characters, texts changed step by step: who is flagged, what is learnt\n"
    "  students     what an account's answers are worth, and Knockoff Nets\n"
    "  sleeper      honest for long, then extracting: how late the flag, how slow recovery\n"
    "  fleet        campaigns hidden among thousands of honest accounts, seen together\n"
    "  mmd          windows of the MMD study's pairs, its detector and ours\n"
    "  theft        a softmax head and a model's last layer, stolen from their answers\n"
    "  published    the published CMS experiment on any model, its score and ours\n";

struct ComposeWords {
  std::string set;
  std::string folder;
  lab::DemoOptions options;
};

Result<void> compose(const ComposeWords& words) {
  CMS_TRY(set, cms::tap::read_set(words.set));
  const auto demo = lab::compose_demo(set, words.options);
  if (!demo) return fail_in(words.set, demo.error());
  CMS_CHECK(lab::write_demo(words.folder, *demo));
  CMS_TRY(calibration, cms::tap::rows_by_account(demo->calibrate));
  CMS_TRY(live, cms::tap::rows_by_account(demo->live));
  fmt::print("{}: manifold {} rows, benign {} rows, calibrate {} accounts; live.jsonl {} accounts, {} requests\n",
             words.folder, demo->manifold.count(), demo->benign.count(), calibration.size(), live.size(),
             demo->live.count());
  return {};
}

struct ReportWords {
  ScoreWords inputs;
  std::string reference;
  std::string output;
  unsigned threads = 0;
  bool json = false;
};

Result<void> report(const ReportWords& words) {
  CMS_TRY(inputs, read_score_inputs(words.inputs));
  std::optional<lab::Agreement> agreement;
  if (!words.reference.empty()) {
    CMS_TRY(reference, cms::tap::read_set(words.reference));
    CMS_TRY(checked, lab::check_agreement(inputs.set, reference, inputs.model.atlas));
    agreement = checked;
  }
  const unsigned threads = words.threads > 0 ? words.threads : cms::pipeline::default_threads();
  auto made = lab::make_report(inputs.model, inputs.set, cms::policy::Ladder{}, threads);
  if (!made) return fail_in(words.inputs.set, made.error());
  made->agreement = agreement;
  CMS_CHECK(cms::write_file(words.output, lab::page(*made, inputs.model)));
  fmt::print("{}", words.json ? lab::json_lines(*made) : lab::describe(*made));
  return {};
}

void add_compose(CLI::App& lab_app, Run& chosen) {
  auto words = std::make_shared<ComposeWords>();
  auto* command = lab_app.add_subcommand("compose", "Cut an annotated set into fit, calibration and live accounts");
  command->add_option("set", words->set, "Activation set whose rows have id, kind, field, split and text")->required();
  command->add_option("-o,--output", words->folder, "Folder for the parts; made when missing")->required();
  command->add_option("--seed", words->options.seed, "Of which texts make which account")->capture_default_str();
  command->callback([words, &chosen] { chosen = [words] { return compose(*words); }; });
}

void add_report(CLI::App& lab_app, Run& chosen) {
  auto words = std::make_shared<ReportWords>();
  auto* command = lab_app.add_subcommand("report", "Score accounts of known kinds: table, verdict and pictures");
  command->add_option("set", words->inputs.set, "Activation set with account, kind and from_attacker")->required();
  command->add_option("--atlas", words->inputs.atlas, "Atlas made by `cms fit`")->required();
  command->add_option("--reference", words->reference, "Set whose rows of the same id must agree with these");
  command->add_option("-o,--output", words->output, "The page, one HTML file")->required();
  command->add_option("--threads", words->threads, "Threads; 0 = as many as the machine has")
      ->check(CLI::Range(0, 1024));
  command->add_flag("--json", words->json, "JSON lines instead of the table");
  command->callback([words, &chosen] { chosen = [words] { return report(*words); }; });
}

}  // namespace

void add_lab(CLI::App& app, Run& chosen) {
  auto* lab_app = app.add_subcommand("lab", "Composed accounts, reports on them, experiments");
  lab_app->require_subcommand(1);
  auto* list = lab_app->add_subcommand("list", "Kinds of accounts and experiments");
  list->callback([&chosen] {
    chosen = [] {
      fmt::print("{}", kList);
      return Result<void>{};
    };
  });
  add_compose(*lab_app, chosen);
  add_report(*lab_app, chosen);
  add_lab_run(*lab_app, chosen);
}
