// cms config: a configuration checked before the daemon has it, and one to begin with.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "serve/config_check.hpp"
#include "serve/settings.hpp"

namespace {

using cms::Result;
namespace serve = cms::serve;
using Level = serve::Finding::Level;

struct Words {
  std::string file;
  bool json = false;
  bool table = false;
};

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void print_json(const std::string& file, const std::vector<serve::Finding>& findings, bool holds) {
  nlohmann::ordered_json json;
  json["file"] = file;
  json["holds"] = holds;
  json["findings"] = nlohmann::ordered_json::array();
  for (const auto& one : findings) {
    nlohmann::ordered_json line;
    line["level"] = name(one.level);
    line["setting"] = one.setting;
    line["message"] = one.message;
    json["findings"].push_back(std::move(line));
  }
  fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

Result<void> check(const Words& words) {
  const auto config = serve::read_config(words.file);
  if (!config) {
    const auto& [code, message] = config.error();
    if (words.json) print_json(words.file, {{Level::error, "", message, code}}, false);
    return cms::fail(code, message);
  }
  const auto findings = serve::check_config(*config, now());
  const serve::Finding* first = nullptr;
  for (const auto& one : findings) {
    if (one.level == Level::error && first == nullptr) first = &one;
    if (!words.json) fmt::print("{:<8} {:<22} {}\n", name(one.level), one.setting, one.message);
  }
  if (words.json) print_json(words.file, findings, first == nullptr);
  if (first == nullptr) return {};
  return cms::fail(first->code, fmt::format("{}: {}: {}", words.file, first->setting, first->message));
}

}  // namespace

void add_config(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto* command = app.add_subcommand("config", "The daemon's configuration: check one, print one to begin with");
  command->require_subcommand(1);
  auto* checking = command->add_subcommand("check", "Read a configuration and open what it names; nothing is started");
  checking->add_option("file", words->file, "The configuration, such as cms.toml")->required();
  checking->add_flag("--json", words->json, "One JSON object instead of lines");
  checking->callback([words, &chosen] { chosen = [words] { return check(*words); }; });
  auto* standard = command->add_subcommand("default", "Print a configuration with every setting explained");
  standard->add_flag("--table", words->table, "The settings as the table of docs/operate.md instead");
  standard->callback([words, &chosen] {
    chosen = [words]() -> Result<void> {
      fmt::print("{}", words->table ? serve::settings_page() : serve::default_config());
      return {};
    };
  });
}
