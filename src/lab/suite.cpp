#include "lab/suite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/files.hpp"
#include "base/hash.hpp"

namespace cms::lab {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// Words that say where or how fast, not what.
bool is_silent(const std::string& word) { return word == "--threads" || word == "--work"; }

// "sleeper --seeds 1,2,3"
std::string command_of(const std::vector<std::string>& words) {
  std::string line;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_silent(words[i])) {
      ++i;
      continue;
    }
    line += (line.empty() ? "" : " ") + words[i];
  }
  return line;
}

// Adds name and content of a file, or of every file of a folder in the order of their names.
Result<void> add_content(const fs::path& path, std::string& all) {
  std::vector<fs::path> files;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
  } else if (fs::is_regular_file(path, error)) {
    files.push_back(path);
  }
  for (const auto& file : files) {
    CMS_TRY(digest, sha256_file(file));
    all += fmt::format("{} {}\n", fs::relative(file, path).string(), digest);
  }
  return {};
}

// Hash of all that a result depends on. Folders are known by what lies in them, not by where they are.
Result<std::string> configuration_of(const SuiteStep& step, const std::string& program) {
  std::string all = program + "\n";
  for (std::size_t i = 0; i < step.words.size(); ++i) {
    if (is_silent(step.words[i])) {
      ++i;
      continue;
    }
    const auto before = all.size();
    CMS_CHECK(add_content(step.words[i], all));
    if (all.size() == before) all += step.words[i] + "\n";
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

Result<StepResult> read_kept(const fs::path& path, StepResult result) {
  CMS_TRY(text, read_text_file(path));
  const auto kept = json::parse(text, nullptr, false);
  const bool whole = kept.is_object() && kept.contains("table") && kept["table"].is_string() &&
                     kept.contains("goal_lines") && kept["goal_lines"].is_string() && kept.contains("plots") &&
                     kept.contains("seconds") && kept["seconds"].is_number();
  if (!whole) return fail(ErrorCode::bad_input, fmt::format("{} is no result; delete it", path.string()));
  result.outcome = {kept["table"].get<std::string>(), kept["goal_lines"].get<std::string>(), kept["plots"]};
  result.seconds = kept["seconds"].get<double>();
  result.kept = true;
  return result;
}

Result<StepResult> run_step(const SuiteStep& step, const SuiteOptions& options, const fs::path& folder) {
  StepResult result;
  result.name = step.name;
  result.title = step.title;
  result.command = command_of(step.words);
  CMS_TRY(configuration, configuration_of(step, options.program));
  const auto path = folder / fmt::format("{}-{}.json", step.name, configuration);
  if (fs::exists(path)) return read_kept(path, std::move(result));

  const auto start = std::chrono::steady_clock::now();
  auto outcome = step.run();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!outcome) {
    result.error = outcome.error();
    return result;
  }
  result.outcome = std::move(*outcome);
  const json kept = {{"command", result.command},
                     {"seconds", result.seconds},
                     {"table", result.outcome.table},
                     {"goal_lines", result.outcome.goal_lines},
                     {"plots", result.outcome.plots}};
  CMS_CHECK(write_file(path, kept.dump(1, ' ', true, json::error_handler_t::replace)));
  return result;
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
    CMS_TRY(result, run_step(step, options, folder));
    result.configurations = configurations_in(folder, step.name);
    suite.steps.push_back(std::move(result));
    if (options.told) options.told(suite.steps.back(), suite.steps.size(), steps.size());
  }
  return suite;
}

}  // namespace cms::lab
