// TOML to the words of a command line, and these to an experiment.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/files.hpp"
#include "base/spelling.hpp"
#include "base/toml.hpp"
#include "experiment.hpp"

namespace {

using cms::ErrorCode;
using cms::fail;
using cms::Result;
using cms::lab::StepOption;

Result<toml::table> read_table(const std::filesystem::path& path) {
  CMS_TRY(text, cms::read_text_file(path));
  return cms::parse_toml(text, path.string());
}

// "{data}/more" with what the places say.
std::string filled(std::string text, const Places& places) {
  const std::pair<std::string, std::string> known[] = {
      {"{data}", places.data}, {"{work}", places.work}, {"{model}", places.model}};
  for (const auto& [key, value] : known) {
    for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + value.size())) {
      text.replace(at, key.size(), value);
    }
  }
  return text;
}

// A value as the command line spells it: lists with commas. Empty where no option takes such a thing.
std::optional<std::string> spelled(const toml::node& node, const Places& places) {
  if (const auto* text = node.as_string()) return filled(text->get(), places);
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  const auto* list = node.as_array();
  if (list == nullptr || list->empty()) return std::nullopt;
  std::string all;
  for (const auto& one : *list) {
    const auto word = one.is_array() ? std::nullopt : spelled(one, places);
    if (!word) return std::nullopt;
    all += (all.empty() ? "" : ",") + *word;
  }
  return all;
}

StepOption option_of(const std::string& key, std::string value) {
  constexpr std::string_view kFiles[] = {"data",  "set",      "tune",   "prompts",   "model",
                                         "known", "families", "layers", "pretrained"};
  constexpr std::string_view kSilent[] = {"threads", "work", "readings", "capture"};
  const auto among = [&](const auto& names) { return std::find(std::begin(names), std::end(names), key); };
  auto kind = StepOption::Kind::text;
  if (among(kFiles) != std::end(kFiles)) kind = StepOption::Kind::file;
  if (among(kSilent) != std::end(kSilent)) kind = StepOption::Kind::silent;
  return {"--" + key, std::move(value), kind};
}

// Keys that say something of the experiment itself.
bool is_ours(std::string_view key) { return key == "run" || key == "title" || key == "fails"; }

// An option with an empty value is one that the file leaves out, whatever this machine would fill in.
Result<std::vector<StepOption>> options_of(const toml::table& table, const std::string& file, const Places& places) {
  std::vector<StepOption> options;
  for (const auto& [key, node] : table) {
    if (is_ours(key.str())) continue;
    const auto* flag = node.as_boolean();
    const auto value = flag != nullptr ? std::string() : spelled(node, places);
    const bool named = !key.str().empty() && key.str() != "help" && key.str().front() != '-';
    if (!value || !named) {
      return fail(ErrorCode::bad_input,
                  fmt::format("{}, line {}: \"{}\" is {}", file, node.source().begin.line, key.str(),
                              named ? "neither text, number, true or false, nor a list of these" : "no option"));
    }
    if (flag == nullptr || flag->get()) options.push_back(option_of(std::string(key.str()), *value));
  }
  return options;
}

bool has(const std::vector<StepOption>& options, const std::string& name) {
  return std::any_of(options.begin(), options.end(), [&](const StepOption& one) { return one.name == name; });
}

// Adds an option where the experiment has it and the file neither sets it nor one that excludes it.
void complete(CLI::App& command, const std::string& key, const std::string& value, std::vector<StepOption>& options) {
  const auto* option = command.get_option_no_throw("--" + key);
  if (value.empty() || option == nullptr || has(options, "--" + key)) return;
  for (const auto& given : options) {
    auto* other = given.value.empty() ? nullptr : command.get_option_no_throw(given.name);
    if (other != nullptr && (other->get_excludes().contains(const_cast<CLI::Option*>(option)) ||
                             option->get_excludes().contains(other))) {
      return;
    }
  }
  options.push_back(option_of(key, value));
}

Result<std::vector<cms::lab::Failing>> failing_of(const toml::table& table, const std::string& file) {
  std::vector<cms::lab::Failing> failing;
  const auto* fails = table["fails"].as_array();
  if (fails == nullptr) {
    if (!table.contains("fails")) return failing;
    return fail(ErrorCode::bad_input, fmt::format("{}: \"fails\" is no list of sections", file));
  }
  for (const auto& node : *fails) {
    const auto* section = node.as_table();
    const auto text = [section](const char* key) {
      return section == nullptr ? std::string() : (*section)[key].value_or(std::string());
    };
    failing.push_back({text("goal"), text("tried"), text("why")});
    const auto& one = failing.back();
    if (one.goal.empty() || one.tried.empty() || one.why.empty()) {
      return fail(ErrorCode::bad_input, fmt::format("{}, line {}: [[fails]] has goal, tried and why, each a text", file,
                                                    node.source().begin.line));
    }
  }
  return failing;
}

// That the experiment has every option that the file sets.
Result<void> check_names(const toml::table& table, const std::string& file, CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) {
      if (name != "help") names.push_back(name);
    }
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (const auto& [key, node] : table) {
    if (is_ours(key.str()) || command.get_option_no_throw("--" + std::string(key.str())) != nullptr) continue;
    return fail(ErrorCode::bad_input, fmt::format("{}, line {}: {} has no option \"{}\"; did you mean \"{}\"?", file,
                                                  key.source().begin.line, command.get_name(), key.str(),
                                                  cms::nearest(key.str(), known)));
  }
  return {};
}

Result<ExperimentFile> experiment_of(const toml::table& table, const std::filesystem::path& path,
                                     const Places& places) {
  ExperimentFile file;
  file.name = path.stem().string();
  file.title = table["title"].value_or(file.name);
  file.run = table["run"].value_or(std::string());
  CMS_TRY(failing, failing_of(table, path.string()));
  file.failing = std::move(failing);
  CMS_TRY(options, options_of(table, path.string(), places));
  CLI::App app("an experiment", "cms lab run");
  app.require_subcommand(1);
  add_experiments(app, file.experiment);
  const auto commands = app.get_subcommands([&](CLI::App* one) { return one->get_name() == file.run; });
  if (commands.empty()) {
    return fail(ErrorCode::bad_input, fmt::format("{}: no experiment \"{}\"; `cms lab list` names those there are",
                                                  path.string(), file.run));
  }
  CMS_CHECK(check_names(table, path.string(), *commands.front()));
  complete(*commands.front(), "data", places.data, options);
  complete(*commands.front(), "model", places.model, options);
  complete(*commands.front(), "families", places.families, options);
  complete(*commands.front(), "work", (std::filesystem::path(places.work) / file.name).string(), options);
  complete(*commands.front(), "threads", fmt::format("{}", places.threads), options);
  std::vector<std::string> words = {file.run};
  std::erase_if(options, [&](const StepOption& option) {  // what the file leaves out; a flag has no value
    return option.value.empty() && commands.front()->get_option(option.name)->get_items_expected() > 0;
  });
  for (const auto& option : options) {
    words.push_back(option.name);
    if (!option.value.empty()) words.push_back(option.value);
  }
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    return fail(ErrorCode::bad_input, fmt::format("{}: {}", path.string(), error.what()));
  }
  file.options = std::move(options);
  return file;
}

}  // namespace

Result<SuiteFile> read_suite_file(const std::filesystem::path& path, const Places& places) {
  CMS_TRY(table, read_table(path));
  SuiteFile suite;
  suite.title = table["title"].value_or(path.stem().string());
  if (table.contains("run")) {
    CMS_TRY(one, experiment_of(table, path, places));
    suite.experiments.push_back(std::move(one));
    return suite;
  }
  const auto* names = table["experiments"].as_array();
  if (names == nullptr || names->empty()) {
    return fail(ErrorCode::bad_input,
                fmt::format("{} has neither `run` (an experiment) nor `experiments` (names of files beside it)",
                            path.string()));
  }
  for (const auto& node : *names) {
    const auto name = node.value_exact<std::string>();
    if (!name || name->empty()) {
      return fail(ErrorCode::bad_input, fmt::format("{}, line {}: `experiments` are names of files beside it",
                                                    path.string(), node.source().begin.line));
    }
    const auto beside = path.parent_path() / (*name + ".toml");
    if (!std::filesystem::exists(beside)) {
      return fail(ErrorCode::bad_input, fmt::format("{}, line {}: there is no experiment {}", path.string(),
                                                    node.source().begin.line, beside.string()));
    }
    CMS_TRY(one, read_table(beside));
    CMS_TRY(read, experiment_of(one, beside, places));
    for (const auto& other : suite.experiments) {
      if (other.name == read.name) {
        return fail(ErrorCode::bad_input, fmt::format("{} has two experiments \"{}\"", path.string(), read.name));
      }
    }
    suite.experiments.push_back(std::move(read));
  }
  return suite;
}
