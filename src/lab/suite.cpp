#include "lab/suite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <sstream>

#include "base/files.hpp"
#include "base/hash.hpp"

namespace cms::lab {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

using OptionKind = StepOption::Kind;

// "sleeper --seeds 1,2,3"
std::string command_of(const SuiteStep& step) {
  std::string line = step.experiment;
  for (const auto& option : step.options) {
    if (option.kind == OptionKind::silent) continue;
    line += " " + option.name + (option.value.empty() ? "" : " " + option.value);
  }
  return line;
}

// Files below a folder, links followed, but for those below `work`; in the order of their names.
Result<std::vector<fs::path>> files_below(const fs::path& folder, const fs::path& work) {
  std::error_code error;
  const auto own = fs::weakly_canonical(work, error);
  fs::recursive_directory_iterator entry(folder, fs::directory_options::follow_directory_symlink, error), end;
  std::vector<fs::path> files;
  while (!error && entry != end) {
    const bool is_folder = entry->is_directory(error);
    if (is_folder && fs::weakly_canonical(entry->path(), error) == own) entry.disable_recursion_pending();
    if (!is_folder && !error && entry->is_regular_file(error)) files.push_back(entry->path());
    if (!error) entry.increment(error);
  }
  if (error) return fail(ErrorCode::bad_input, fmt::format("cannot read {}: {}", folder.string(), error.message()));
  std::sort(files.begin(), files.end());
  return files;
}

// What a value stands for: a file, all files of a folder, or those of the set of this name; maybe none.
Result<std::vector<fs::path>> files_of(const std::string& value, const fs::path& work) {
  std::error_code error;
  if (fs::is_directory(value, error)) return files_below(value, work);
  std::vector<fs::path> files;
  for (const char* ending : {"", ".npy", ".safetensors", ".ndjson", ".jsonl", ".manifest.json"}) {
    if (fs::is_regular_file(value + ending, error)) files.emplace_back(value + ending);
  }
  const auto whole = fs::path(value);
  if (files.size() != 1 || files.front() != whole || !whole.has_extension()) return files;
  // NAME.npy has its lines and its manifest beside it.
  for (const char* ending : {".jsonl", ".manifest.json"}) {
    auto beside = whole;
    beside.replace_extension(ending);
    if (beside != whole && fs::is_regular_file(beside, error)) files.push_back(beside);
  }
  return files;
}

// Content counts, not the place: a folder's files go by their names in it, single files by their endings.
Result<void> add_content(const std::string& value, const fs::path& work, std::string& all) {
  CMS_TRY(files, files_of(value, work));
  std::error_code error;
  const bool is_folder = fs::is_directory(value, error);
  for (const auto& file : files) {
    CMS_TRY(digest, sha256_file(file));
    const auto name = is_folder ? file.lexically_relative(value) : file.extension();
    all += fmt::format("  {} {}\n", name.string(), digest);
  }
  if (files.empty()) all += "  nothing at " + value + "\n";
  return {};
}

// Hash of all that a result depends on.
Result<std::string> configuration_of(const SuiteStep& step, const SuiteOptions& options) {
  std::string all = options.program + "\n" + step.experiment + "\n";
  for (const auto& option : step.options) {
    if (option.kind == OptionKind::silent) continue;
    all += option.name + "\n";
    if (option.kind == OptionKind::file) {
      CMS_CHECK(add_content(option.value, options.work, all));
    } else {
      all += "  " + option.value + "\n";
    }
  }
  const auto digest = sha256({reinterpret_cast<const std::uint8_t*>(all.data()), all.size()});
  return to_hex(digest).substr(0, 16);
}

std::uint32_t configurations_in(const fs::path& folder, const std::string& name) {
  std::uint32_t count = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto file = entry.path().filename().string();
    count += file.size() == name.size() + 22 && file.starts_with(name + "-") && file.ends_with(".json") ? 1 : 0;
  }
  return count;
}

bool is_goal_line(const json& goal) {
  const auto is = [&](const char* key, auto... kinds) {
    return goal.contains(key) && ((goal[key].type() == kinds) || ...);
  };
  using Type = json::value_t;
  return goal.is_object() && is("what", Type::string) && is("goal", Type::string) &&
         (is("figure", Type::null) || goal.value("figure", json()).is_number()) &&
         is("holds", Type::null, Type::boolean);
}

bool are_goal_lines(const std::string& lines) {
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    if (!is_goal_line(json::parse(line, nullptr, false))) return false;
  }
  return lines.empty() || lines.back() == '\n';
}

// As outcome.hpp makes them.
bool are_plots(const json& plots) {
  const std::map<json, std::vector<const char*>> lists_of = {
      {"curves", {"curves"}}, {"bars", {"bars", "parts"}}, {"graph", {"groups", "dots", "links"}}};
  return plots.is_array() && std::ranges::all_of(plots, [&](const json& plot) {
           const auto lists = lists_of.find(plot.is_object() ? plot.value("kind", json()) : json());
           return lists != lists_of.end() && std::ranges::all_of(lists->second, [&](const char* list) {
                    return plot.value(list, json()).is_array();
                  });
         });
}

bool is_result(const json& kept) {
  return kept.is_object() && kept.value("table", json()).is_string() && kept.value("goal_lines", json()).is_string() &&
         kept.value("seconds", json()).is_number() && are_goal_lines(kept["goal_lines"].get<std::string>()) &&
         are_plots(kept.value("plots", json())) && kept.value("texts", json()).is_array();
}

Result<void> read_kept(const fs::path& path, StepResult& result) {
  CMS_TRY(text, read_text_file(path));
  const auto kept = json::parse(text, nullptr, false);
  if (!is_result(kept)) return fail(ErrorCode::bad_input, fmt::format("{} is no result; delete it", path.string()));
  result.outcome = {kept["table"].get<std::string>(), kept["goal_lines"].get<std::string>(), kept["plots"],
                    kept["texts"]};
  result.seconds = kept["seconds"].get<double>();
  result.kept = true;
  return {};
}

Result<void> fill_in(const SuiteStep& step, const SuiteOptions& options, const fs::path& folder, StepResult& result) {
  CMS_TRY(configuration, configuration_of(step, options));
  const auto path = folder / fmt::format("{}-{}.json", step.name, configuration);
  std::error_code error;
  if (fs::exists(path, error)) return read_kept(path, result);

  const auto start = std::chrono::steady_clock::now();
  CMS_TRY(outcome, step.run());
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const json kept = {{"command", result.command},
                     {"seconds", result.seconds},
                     {"table", outcome.table},
                     {"goal_lines", outcome.goal_lines},
                     {"plots", outcome.plots},
                     {"texts", outcome.texts}};
  CMS_CHECK(write_file(path, kept.dump(1, ' ', true, json::error_handler_t::replace)));
  result.outcome = std::move(outcome);
  return {};
}

}  // namespace

Result<SuiteResult> run_suite(const std::string& title, const std::vector<SuiteStep>& steps,
                              const SuiteOptions& options) {
  const auto folder = options.work / "results";
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(ErrorCode::failed, fmt::format("cannot make {}: {}", folder.string(), error.message()));
  SuiteResult suite{title, {}};
  for (const auto& step : steps) {
    StepResult result;
    result.name = step.name;
    result.title = step.title;
    result.failing = step.failing;
    result.command = command_of(step);
    if (auto done = fill_in(step, options, folder, result); !done) result.error = done.error();
    result.configurations = configurations_in(folder, step.name);
    suite.steps.push_back(std::move(result));
    if (options.told) options.told(suite.steps.back(), suite.steps.size(), steps.size());
  }
  return suite;
}

}  // namespace cms::lab
