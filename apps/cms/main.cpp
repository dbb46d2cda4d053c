// The program `cms`: words of the command line in, one subcommand run, its error as exit code out.
#include <fmt/format.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <exception>

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

// What CLI11 says of a word that is no command is that one is required; this names the word.
int refuse(const CLI::App& app, const CLI::ParseError& error) {
  const auto strangers = app.remaining(true);
  const bool missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (missing && !strangers.empty() && !strangers.front().starts_with("-")) {
    fmt::print(stderr, "cms: there is no \"{}\" here; --help says what there is\n", strangers.front());
    return static_cast<int>(cms::ErrorCode::usage);
  }
  return app.exit(error) == 0 ? 0 : static_cast<int>(cms::ErrorCode::usage);
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
