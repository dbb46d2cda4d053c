// The program `cms`: words of the command line in, one subcommand run, its error as exit code out.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "base/spelling.hpp"
#include "command.hpp"

CLI::Validator number_within(double least, double most) {
  const auto range = CLI::Range(least, most);
  const auto check = [range](std::string& text) {
    double number = 0;
    const bool is_number = CLI::detail::lexical_cast(text, number) && !std::isnan(number);
    return is_number ? range(text) : fmt::format("{} is not a number", text);
  };
  return {check, range.get_description()};
}

namespace {

// The options, or else the commands, of the command that the words came to.
std::vector<std::string> names_of(const CLI::App& app, bool options) {
  const auto* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  std::vector<std::string> names;
  if (!options) {
    for (const auto* one : command->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(one->get_name());
    }
    return names;
  }
  for (const auto* one : command->get_options()) {
    for (const auto& name : one->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// Where an option or command is wrong, and another word may be missing, this names the wrong one, and what was meant.
int refuse(const CLI::App& app, const CLI::ParseError& error) {
  const auto strangers = app.remaining(true);
  const bool missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  const bool surplus = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  const bool option = !strangers.empty() && strangers.front().starts_with("-");
  if ((!missing && !(surplus && option)) || strangers.empty()) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(cms::ErrorCode::usage);
  }
  const auto word = strangers.front().substr(0, strangers.front().find('='));
  const auto names = names_of(app, option);
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto near = known.empty() ? std::string_view() : cms::nearest(word, known);
  // What begins otherwise was not meant.
  const auto same = std::ranges::mismatch(word, near).in1 - word.begin();
  const auto meant = same > (option ? 2 : 0) ? fmt::format("did you mean \"{}\"? ", near) : "";
  fmt::print(stderr, "cms: error: there is no \"{}\" here; {}--help says what there is\n", word, meant);
  return static_cast<int>(cms::ErrorCode::usage);
}

int run(int argc, char** argv) {
  CLI::App app("Capability Manifold Surveillance: Proof-of-Humanity from the geometry of an account's requests", "cms");
  app.set_version_flag("--version", CMS_VERSION);
  app.require_subcommand(1);
  Run chosen;
  add_capture(app, chosen);
  add_model(app, chosen);
  add_split(app, chosen);
  add_fit(app, chosen);
  add_score(app, chosen);
  add_watch(app, chosen);
  add_backtest(app, chosen);
  add_replay(app, chosen);
  add_config(app, chosen);
  add_help(app, chosen);
  add_fleet(app, chosen);
  add_inspect(app, chosen);
  add_token(app, chosen);
  add_events(app, chosen);
  add_store(app, chosen);
  add_lab(app, chosen);
  add_serve(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return refuse(app, error);
  }
  auto result = chosen();
  // What a full disk did not take must not pass for a result.
  if (std::fflush(stdout) != 0 && result) result = cms::fail(cms::ErrorCode::failed, "cannot write standard output");
  if (result) return 0;
  fmt::print(stderr, "cms: error: {}\n", result.error().message);
  return static_cast<int>(result.error().code);
}

}  // namespace

int main(int argc, char** argv) {
  // A file beyond the user's limit is an error of write(), not the end of the program with half a file left behind.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cms: error: %s\n", error.what());
    return static_cast<int>(cms::ErrorCode::failed);
  }
}
