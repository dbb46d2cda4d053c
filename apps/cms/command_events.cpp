// cms events export: a log of events in the words of another system.
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "serve/event_log.hpp"
#include "serve/ocsf.hpp"

namespace {

using cms::Result;

struct Words {
  std::string log;
  bool ocsf = false;
};

Result<void> run(const Words& words) {
  if (!words.ocsf) return cms::fail(cms::ErrorCode::usage, "say into what: --ocsf");
  return cms::serve::for_each_event(words.log, [](cms::serve::Event&& event) -> Result<void> {
    const auto finding = cms::serve::ocsf_finding(event, CMS_VERSION);
    if (finding) fmt::print("{}\n", finding->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return {};
  });
}

}  // namespace

void add_events(CLI::App& app, Run& chosen) {
  auto* events = app.add_subcommand("events", "The log of events that the daemon writes");
  events->require_subcommand(1);
  auto* command = events->add_subcommand("export", "Prints it in the words of another system, one line an event");
  const auto words = std::make_shared<Words>();  // lives as long as the parser that writes into it
  command->add_option("FILE", words->log, "Log of events")->required();
  command->add_flag("--ocsf", words->ocsf, "As Detection Findings of OCSF 1.4.0; only changes of action");
  command->callback([words, &chosen] { chosen = [words] { return run(*words); }; });
}
