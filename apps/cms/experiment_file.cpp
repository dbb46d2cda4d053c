// TOML to the words of a command line, and these to an experiment.
#include <fmt/format.h>

#include <algorithm>
#include <toml++/toml.h>

#include "base/files.hpp"
#include "experiment.hpp"

namespace {

using cms::ErrorCode;
using cms::fail;
using cms::Result;

Result<toml::table> read_table(const std::filesystem::path& path) {
  CMS_TRY(text, cms::read_text_file(path));
  try {
    return toml::parse(text, path.string());
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::bad_input, fmt::format("{}, line {}: {}", path.string(), error.source().begin.line,
                                                  error.description()));
  }
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

Result<std::vector<std::string>> words_of(const toml::table& table, const std::string& file, const Places& places) {
  std::vector<std::string> words = {table["run"].value_or(std::string())};
  for (const auto& [key, node] : table) {
    if (key == "run" || key == "title") continue;
    const auto option = fmt::format("--{}", key.str());
    if (const auto* flag = node.as_boolean()) {
      if (flag->get()) words.push_back(option);
      continue;
    }
    const auto word = spelled(node, places);
    if (!word) {
      return fail(ErrorCode::bad_input,
                  fmt::format("{}, line {}: \"{}\" is neither text, number, true or false, nor a list of these", file,
                              node.source().begin.line, key.str()));
    }
    words.push_back(option);
    words.push_back(*word);
  }
  return words;
}

// Adds `--option value` where the experiment has the option and neither file nor value leaves it open.
void complete(CLI::App& command, const std::string& option, const std::string& value,
              std::vector<std::string>& words) {
  if (value.empty() || command.get_option_no_throw(option) == nullptr) return;
  if (std::find(words.begin(), words.end(), option) != words.end()) return;
  words.push_back(option);
  words.push_back(value);
}

Result<ExperimentFile> experiment_of(const toml::table& table, const std::filesystem::path& path,
                                     const Places& places) {
  ExperimentFile file;
  file.name = path.stem().string();
  file.title = table["title"].value_or(file.name);
  CMS_TRY(words, words_of(table, path.string(), places));
  CLI::App app("an experiment", "cms lab run");
  app.require_subcommand(1);
  add_experiments(app, file.experiment);
  const auto commands = app.get_subcommands([&](CLI::App* one) { return one->get_name() == words.front(); });
  if (commands.empty()) {
    return fail(ErrorCode::bad_input, fmt::format("{}: no experiment \"{}\"; `cms lab list` names those there are",
                                                  path.string(), words.front()));
  }
  complete(*commands.front(), "--data", places.data, words);
  complete(*commands.front(), "--model", places.model, words);
  complete(*commands.front(), "--work", (std::filesystem::path(places.work) / file.name).string(), words);
  complete(*commands.front(), "--threads", fmt::format("{}", places.threads), words);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    return fail(ErrorCode::bad_input, fmt::format("{}: {}", path.string(), error.what()));
  }
  file.words = std::move(words);
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
  for (const auto& name : *names) {
    const auto beside = path.parent_path() / (name.value_or(std::string()) + ".toml");
    CMS_TRY(one, read_table(beside));
    CMS_TRY(read, experiment_of(one, beside, places));
    suite.experiments.push_back(std::move(read));
  }
  return suite;
}
