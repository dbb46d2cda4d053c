// The experiments of cms lab run, one subcommand each.
#include <memory>
#include <string>

#include "command.hpp"
#include "experiment.hpp"
#include "lab/ablation.hpp"
#include "lab/economics.hpp"
#include "lab/first_study.hpp"
#include "lab/fleet.hpp"
#include "lab/frontier.hpp"
#include "lab/made_up.hpp"
#include "lab/mixtures.hpp"
#include "lab/mmd.hpp"
#include "lab/packed.hpp"
#include "lab/published.hpp"
#include "lab/sleeper.hpp"
#include "lab/students.hpp"
#include "lab/texts_used.hpp"
#include "lab/theft.hpp"
#include "pipeline/parallel.hpp"

namespace {

using cms::Result;
namespace lab = cms::lab;

// CLI11 fills strings; what an experiment takes as paths is handed over when it starts.
template <typename Options>
struct Words {
  Options options;
  std::string data, families, readings, tune, set, model, pretrained, work, known, layers;
  bool json = false;
};

// An experiment whose options are filled in.
template <typename Options, typename Run>
Experiment experiment(const Words<Options>& words, const Run& run) {
  auto options = words.options;
  if (options.threads == 0) options.threads = cms::pipeline::default_threads();
  return {words.json, [options, run]() -> Result<lab::Outcome> {
            lab::TextsUsed texts;
            CMS_TRY(result, run(options, texts));
            lab::Outcome outcome{lab::describe(result) + "\n" + texts.describe(), lab::goal_lines(result)};
            if constexpr (requires { lab::plots(result); }) outcome.plots = lab::plots(result);
            outcome.texts = texts.as_json();
            return outcome;
          }};
}

constexpr const char* kData =
    "Folder with activations/{human,distill}.npy and their lines, or an activation set whose rows have kind, family or "
    "field, and text";
constexpr const char* kFamilies = "TOML: which families play which part; those of the shared sets when not given";

// One on activations of people and of distillers.
template <typename Options, typename Run>
Experiment on_data(Words<Options> words, const Run& run) {
  words.options.data = words.data;
  if constexpr (requires { words.options.families; }) {
    if (words.families.empty()) return experiment(words, run);
    const auto families = lab::read_families(words.families);
    if (families) words.options.families = *families;
    auto chosen = experiment(words, run);
    if (!families) chosen.run = [families] { return Result<lab::Outcome>(tl::make_unexpected(families.error())); };
    return chosen;
  } else {
    return experiment(words, run);
  }
}

Experiment first_study(Words<lab::FirstStudyOptions> words) {
  words.options.readings = words.readings;
  words.options.tune = words.tune;
  return on_data(std::move(words), lab::run_first_study);
}

Experiment theft(Words<lab::TheftOptions> words) {
  words.options.work = words.work;
  words.options.set = words.set;
  words.options.model = words.model;
  return on_data(std::move(words), lab::run_theft);
}

Experiment published(Words<lab::PublishedOptions> words) {
  words.options.set = words.set;
  words.options.model = words.model;
  words.options.program_version = CMS_VERSION;
  return experiment(words, lab::run_published);
}

Experiment ablation(Words<lab::AblationOptions> words) {
  words.options.layers = words.layers;
  words.options.tune = words.tune;
  return on_data(std::move(words), lab::run_ablation);
}

Experiment mmd(Words<lab::MmdOptions> words) {
  words.options.known = words.known;
  return on_data(std::move(words), lab::run_mmd);
}

// One on such activations that reads more with their model.
template <typename Options, typename Run>
Experiment with_model(Words<Options> words, const Run& run) {
  words.options.model = words.model;
  words.options.work = words.work;
  return on_data(std::move(words), run);
}

// What all experiments take.
template <typename Options>
void add_common(CLI::App& command, Words<Options>& words) {
  words.options.threads = 0;
  command.add_option("--threads", words.options.threads, "Threads; 0 = as many as the machine has")
      ->check(CLI::Range(0, 1024));
  command.add_flag("--json", words.json, "Goal lines and which texts served what to stdout, the table to stderr");
}

// Results are of all of them; `what` says of what.
template <typename Options>
void add_seeds(CLI::App& command, Options& options, const std::string& what) {
  command.add_option("--seeds", options.seeds, what + ", separated by commas")->delimiter(',')->capture_default_str();
}

// What those take that compose and score accounts; `seeds` says of what.
template <typename Options>
void add_scoring(CLI::App& command, Words<Options>& words, const std::string& seeds) {
  auto& options = words.options;
  add_seeds(command, options, seeds);
  command.add_option("--stride", options.score.stride, "Requests between two evaluations")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  add_common(command, words);
}

// What those on activations of people and of distillers take.
template <typename Options>
void add_data(CLI::App& command, Words<Options>& words) {
  command.add_option("--data", words.data, kData)->required();
  command.add_option("--families", words.families, kFamilies);
  add_scoring(command, words, "Of splits and accounts");
}

// And those that read more with their model; returns where that is kept.
template <typename Options>
CLI::Option* add_model_and_work(CLI::App& command, Words<Options>& words) {
  command.add_option("--model", words.model, "GGUF the data were made with")->check(CLI::ExistingFile);
  return command.add_option("--work", words.work,
                            "Folder for vectors read with the model; a later run finds them there");
}

// Only some have these two: how many accounts there are.
template <typename Options>
void add_scale(CLI::App& command, Options& options, const std::string& what) {
  command.add_option("--scale", options.scale, what)->check(number_within(0.01, 100))->capture_default_str();
}
template <typename Options>
void add_ranking_accounts(CLI::App& command, Options& options, const std::string& what) {
  command.add_option("--ranking-accounts", options.ranking_accounts, what)
      ->check(CLI::Range(100, 100'000))
      ->capture_default_str();
}

void add_first_study(CLI::App& run_app, Experiment& chosen) {
  auto words = std::make_shared<Words<lab::FirstStudyOptions>>();
  auto& options = words->options;
  options.score.stride = 8;
  auto* command = run_app.add_subcommand("first-study", "Who is flagged, kind by kind, and what each channel adds");
  add_data(*command, *words);
  add_scale(*command, options, "Of the numbers of accounts");
  command->add_option("--requests", options.requests, "Of an account, where its families have so many texts")
      ->check(CLI::Range(100, 10'000))
      ->capture_default_str();
  add_ranking_accounts(*command, options, "Honest accounts that rank, before --scale");
  command->add_option("--shares", options.shares, "Of diluted accounts' requests, separated by commas; up to 1")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--rank", options.rank, "Directions that the atlas keeps")
      ->check(CLI::Range(2, 256))
      ->capture_default_str();
  const auto set_goals = [&options](const std::string& name) {
    options.goals = name == "lab" ? lab::Goals::lab : lab::Goals::study;
  };
  command
      ->add_option_function<std::string>("--goals", set_goals,
                                         "What cells are to reach: the first study's goals, or the lab's")
      ->check(CLI::IsMember({"study", "lab"}))
      ->default_str("study");
  command->add_flag("--halves-apart", options.halves_apart,
                    "Calibration accounts that rank hold other texts than those that make the tables");
  command->add_flag("--by-kind", options.by_kind,
                    "Every kind of honest account ranks for itself, held-out families as unseen kinds");
  command
      ->add_flag("--jobs-declared", options.jobs_declared,
                 "Batch jobs are let off by name: none is in calibration, those under test have no goal")
      ->excludes("--by-kind");
  command->add_option("--readings", words->readings, "Append every reading of the first seed to this file");
  command->add_option("--tune", words->tune,
                      "Activations of our own prompts: choose on other attackers and rows, the test rows stay unread");
  command->callback([words, &chosen] { chosen = first_study(*words); });
}

void add_mixtures(CLI::App& run_app, Experiment& chosen) {
  auto words = std::make_shared<Words<lab::FirstStudyOptions>>();
  auto& options = words->options;
  options.score.stride = 8;
  auto* command = run_app.add_subcommand("mixtures", "Tests of one population against two, beside the score");
  add_data(*command, *words);
  add_scale(*command, options, "Of the numbers of accounts");
  add_ranking_accounts(*command, options, "Honest accounts that rank, before --scale");
  command->add_option("--tune", words->tune,
                      "Activations of our own prompts: other attackers and rows, the test rows stay unread");
  command->callback([words, &chosen] {
    words->options.tune = words->tune;
    chosen = on_data(*words, lab::run_mixtures);
  });
}

void add_frontier(CLI::App& run_app, Experiment& chosen) {
  auto words = std::make_shared<Words<lab::FrontierOptions>>();
  auto& options = words->options;
  auto* command =
      run_app.add_subcommand("frontier", "What a white-box attacker covers at each PoH floor, and what it costs");
  add_data(*command, *words);
  command->add_option("--requests", options.requests_max, "Cap on one attacker's requests")
      ->check(CLI::Range(50, 1'000'000))
      ->capture_default_str();
  add_ranking_accounts(*command, options, "Honest accounts that rank");
  command->callback([words, &chosen] { chosen = on_data(*words, lab::run_frontier); });
}

void add_students(CLI::App& run_app, Experiment& chosen) {
  auto words = std::make_shared<Words<lab::StudentsOptions>>();
  auto& options = words->options;
  auto* command = run_app.add_subcommand("students", "What an account's answers are worth, and thefts by student");
  add_data(*command, *words);
  add_scale(*command, options, "Of the first study's numbers of accounts, at least 10 a cell");
  add_ranking_accounts(*command, options, "Honest accounts that rank");
  command->add_option("--runs", options.theft_runs, "Thefts of each kind a seed")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  add_model_and_work(*command, *words);
  command
      ->add_option("--pretrained", words->pretrained,
                   "GGUF that a second student begins with, such as tools/second_model fetches")
      ->check(CLI::ExistingFile);
  command->callback([words, &chosen] {
    words->options.pretrained = words->pretrained;
    chosen = with_model(*words, lab::run_students);
  });
}

void add_economics(CLI::App& run_app, Experiment& chosen) {
  auto words = std::make_shared<Words<lab::EconomicsOptions>>();
  auto& options = words->options;
  auto* command = run_app.add_subcommand("economics", "What extraction costs under each price rule");
  add_data(*command, *words);
  add_scale(*command, options, "Of the first study's numbers of honest accounts, at least 10 a kind");
  command->add_option("--floors", options.floors, "PoH no account of an attacker falls below; 0 first, others up to 1")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--requests", options.requests_max, "Cap on one attacker's requests")
      ->check(CLI::Range(50, 100'000))
      ->capture_default_str();
  add_ranking_accounts(*command, options, "Honest accounts that rank");
  command->add_option("--long-accounts", options.long_accounts, "Old honest accounts composed")
      ->check(CLI::Range(10, 10'000))
      ->capture_default_str();
  command->add_flag("--tune", options.tune, "Attackers and honest accounts of the calibrate part, to choose on");
  command->callback([words, &chosen] { chosen = on_data(*words, lab::run_economics); });
}

void add_sleeper(CLI::App& run_app, Experiment& chosen) {
  auto words = std::make_shared<Words<lab::SleeperOptions>>();
  auto& options = words->options;
  auto* command =
      run_app.add_subcommand("sleeper", "Honest for long, then extracting: how late the flag, how slow recovery");
  add_data(*command, *words);
  command->add_option("--asleep", options.asleep, "Honest requests before the attack, separated by commas; 0 first")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--attack-requests", options.attack_requests, "Of the extraction itself")
      ->check(CLI::Range(16, 10'000))
      ->capture_default_str();
  command->add_option("--accounts", options.accounts, "Accounts of each kind a seed")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  add_ranking_accounts(*command, options, "Honest accounts that rank");
  command->callback([words, &chosen] { chosen = on_data(*words, lab::run_sleepers); });
}

void add_fleet_study(CLI::App& run_app, Experiment& chosen) {
  auto words = std::make_shared<Words<lab::FleetStudyOptions>>();
  auto& options = words->options;
  options.score.stride = 8;
  auto* command = run_app.add_subcommand("fleet", "Campaigns hidden among thousands of honest accounts, seen together");
  add_data(*command, *words);
  command->add_option("--accounts", options.fleet.accounts, "Honest accounts of a fleet")
      ->check(CLI::Range(200, 1'000'000))
      ->capture_default_str();
  command->add_option("--calibration-fleets", options.calibration_fleets, "Honest fleets; half of them rank")
      ->check(CLI::Range(2, 1'000))
      ->capture_default_str();
  command->add_flag("--by-kind", options.by_kind, "Honest groups of each kind rank for themselves");
  command->add_flag("--jobs-declared", options.fleet.jobs_declared,
                    "Batch jobs are let off by name, and so left out: none is in a fleet or calibrates");
  command->add_option("--looks", options.looks, "At every honest fleet, while its accounts go on")
      ->check(CLI::Range(1, 30))
      ->capture_default_str();
  command->add_option("--test-fleets", options.test_fleets, "Honest fleets that campaigns are hidden in")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  add_ranking_accounts(*command, options, "Honest accounts that rank one by one");
  command->add_flag_callback("--no-costs", [words] { words->options.costs = false; },
                             "Leave out what campaigns pay, which takes most of the time");
  command->add_option("--update-accounts", options.update_accounts,
                      "Made-up accounts to time an update of, 6 KB of memory each; 0 = none")
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  auto* tune = command->add_flag("--tune", options.tune,
                                 "Choose on other attackers, all their rows, and the calibrate part's people");
  command->add_option("--resolution", options.campaign.communities.resolution,
                      "Of communities: fleets of a few hundred accounts fall apart at more than 1")
      ->check(number_within(0.01, 100))
      ->capture_default_str();
  command->add_option("--style", options.campaign.links.style,
                      "Nats of likeness in style that link odd accounts of any topic (with --tune); 0 = no such links")
      ->needs(tune)
      ->check(number_within(0, 32))
      ->capture_default_str();
  command->add_option("--style-outlying", options.campaign.links.style_outlying,
                      "Outlyingness above which accounts are odd enough for --style (with --tune)")
      ->needs(tune)
      ->check(number_within(-3, 6))
      ->capture_default_str();
  command->callback([words, &chosen] { chosen = on_data(*words, lab::run_fleet); });
}

void add_theft(CLI::App& run_app, Experiment& chosen) {
  auto words = std::make_shared<Words<lab::TheftOptions>>();
  auto& options = words->options;
  auto* command = run_app.add_subcommand("theft", "Stolen from answers: a softmax head, a model's last layer");
  options.score.stride = 8;
  command->add_option("--data", words->data, "As other experiments take it: steal a head over it, score who asks so");
  auto* families = command->add_option("--families", words->families, kFamilies);
  command->add_option("--work", words->work, "With --data: folder for vectors read with the model, found there later");
  command->add_option("--set", words->set, "Activation set with field or family: steal a head over it")
      ->excludes("--data")
      ->excludes(families);
  command->add_option("--model", words->model, "GGUF: steal its hidden size and output matrix");
  command->add_option("--prompts", options.prompts, "Prompts asked; more than the hidden size")
      ->check(CLI::Range(2, 16384))
      ->capture_default_str();
  command->add_option("--accounts", options.accounts, "With --data: accounts that send each theft's queries")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  add_ranking_accounts(*command, options, "With --data: honest accounts that rank");
  add_seeds(*command, options, "Of ground, rows, prompts and tokens");
  add_common(*command, *words);
  command->callback([words, &chosen] { chosen = theft(*words); });
}

void add_published(CLI::App& run_app, Experiment& chosen) {
  auto words = std::make_shared<Words<lab::PublishedOptions>>();
  auto& options = words->options;
  options.prompts = "examples/prompts.jsonl";
  options.score.stride = 4;
  auto* command = run_app.add_subcommand("published", "The published CMS experiment on any model, beside our score");
  command->add_option("--model", words->model, "GGUF whose activations are captured, and kept");
  command->add_option("--prompts", options.prompts, "JSON lines with kind, field, split and text")
      ->capture_default_str();
  command->add_option("--capture", options.capture, "Name of the captured set; without it one in the user's cache");
  command->add_option("--set", words->set, "Activations of such prompts, instead of a model")->excludes("--model");
  command->add_option("--windows", options.windows, "Requests measured together, separated by commas")
      ->delimiter(',')
      ->capture_default_str();
  add_scale(*command, options, "Of the numbers of sessions");
  add_scoring(*command, *words, "Of sessions and charts");
  command->callback([words, &chosen] { chosen = published(*words); });
}

void add_ablation(CLI::App& run_app, Experiment& chosen) {
  auto words = std::make_shared<Words<lab::AblationOptions>>();
  auto& options = words->options;
  options.score.stride = 8;
  auto* command = run_app.add_subcommand("ablation", "The first study with one thing other than the product has it");
  add_data(*command, *words);
  command->add_option("--layers", words->layers, "Folder with {human,distill}.LAYER.POOLING.npy (tools/lab/capture)");
  command->add_option("--tune", words->tune,
                      "Activations of our own prompts: choose on other attackers and rows, the test rows stay unread");
  command->add_option("--blocks", options.blocks, "Of layers, rank, charts, window, measures; all when not given")
      ->delimiter(',');
  add_scale(*command, options, "Of the first study's numbers of accounts");
  add_ranking_accounts(*command, options, "Honest accounts that rank, before --scale");
  command->callback([words, &chosen] { chosen = ablation(*words); });
}

void add_mmd(CLI::App& run_app, Experiment& chosen) {
  auto words = std::make_shared<Words<lab::MmdOptions>>();
  auto& options = words->options;
  auto* command =
      run_app.add_subcommand("mmd", "Windows of the MMD study's pairs: honest requests with some of an attacker's");
  command->add_option("--data", words->data, "Folder with activations/{human,distill}.npy and their lines")->required();
  command->add_option("--known", words->known, "Such a folder; attackers' texts that are in it too are left out");
  add_seeds(*command, options, "Of parts and windows");
  command->add_option("--windows", options.windows, "Requests of a window, separated by commas")
      ->delimiter(',')
      ->check(CLI::Range(16, 10'000))
      ->capture_default_str();
  command->add_option("--calibration-windows", options.calibration_windows, "Half of them rank")
      ->check(CLI::Range(100, 100'000))
      ->capture_default_str();
  command->add_option("--honest-windows", options.honest_windows, "Under test, of each pair and seed")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--attack-windows", options.attack_windows, "Of each share")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--level", options.level, "Windows flagged: conformal p-value at most this")
      ->check(number_within(0.0001, 1))
      ->capture_default_str();
  command->add_option("--ridge", options.ridge, "Of the shrunk covariance, in mean variances")
      ->check(number_within(0.0001, 10'000))
      ->capture_default_str();
  add_common(*command, *words);
  command->callback([words, &chosen] { chosen = mmd(*words); });
}

void add_packed(CLI::App& run_app, Experiment& chosen) {
  auto words = std::make_shared<Words<lab::PackedOptions>>();
  auto& options = words->options;
  options.score.stride = 8;
  auto* command =
      run_app.add_subcommand("packed", "Many questions in one request, or behind a preamble: which tap sees them");
  add_data(*command, *words);
  add_model_and_work(*command, *words)->required();
  command->add_option("--taps", options.taps, "Of those compared, separated by commas; all when not given")
      ->delimiter(',');
  command->add_option("--accounts", options.accounts, "Extractors of each kind a seed")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--requests", options.requests, "Of an honest account, where its families have so many texts")
      ->check(CLI::Range(100, 10'000))
      ->capture_default_str();
  command->add_option("--questions", options.questions, "Of one extractor, a request each or packed")
      ->check(CLI::Range(20, 100'000))
      ->capture_default_str();
  command->add_option("--pool", options.packed_pool, "Questions that are packed; extractors share the requests")
      ->check(CLI::Range(20, 100'000))
      ->capture_default_str();
  add_scale(*command, options, "Of the first study's numbers of honest accounts, at least 10 a kind");
  add_ranking_accounts(*command, options, "Honest accounts that rank");
  command->add_flag("--replay", options.replay, "Extractors ask what people asked, not what instruction sets ask");
  command->add_flag("--tune", options.tune, "Choose a tap on the calibration part; the test part stays unread");
  command->callback([words, &chosen] { chosen = with_model(*words, lab::run_packed); });
}

void add_made_up(CLI::App& run_app, Experiment& chosen) {
  auto words = std::make_shared<Words<lab::MadeUpOptions>>();
  auto& options = words->options;
  options.score.stride = 8;
  auto* command = run_app.add_subcommand("made-up", "Queries nobody asked: random words and characters, augmentation");
  add_data(*command, *words);
  add_model_and_work(*command, *words)->required();
  command->add_option("--accounts", options.accounts, "Attackers of each kind a seed")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--augmented", options.augmented, "Of augmentation, whose texts are read for each anew")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--requests", options.requests, "Of one attacker")
      ->check(CLI::Range(20, 1'000))
      ->capture_default_str();
  command->add_option("--pool", options.pool, "Texts of random words, and of random characters; accounts share them")
      ->check(CLI::Range(20, 100'000))
      ->capture_default_str();
  add_scale(*command, options, "Of the first study's numbers of honest accounts, at least 10 a kind");
  add_ranking_accounts(*command, options, "Honest accounts that rank");
  command->callback([words, &chosen] { chosen = with_model(*words, lab::run_made_up); });
}

}  // namespace

void add_experiments(CLI::App& app, Experiment& chosen) {
  add_first_study(app, chosen);
  add_mixtures(app, chosen);
  add_frontier(app, chosen);
  add_economics(app, chosen);
  add_fleet_study(app, chosen);
  add_packed(app, chosen);
  add_students(app, chosen);
  add_sleeper(app, chosen);
  add_theft(app, chosen);
  add_published(app, chosen);
  add_made_up(app, chosen);
  add_ablation(app, chosen);
  add_mmd(app, chosen);
}
