// cms help: manual page and shell completions.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <string>
#include <vector>

#include "command.hpp"
#include "help_pages.hpp"

namespace {

struct Words {
  std::vector<std::string> command;
  bool man = false;
  std::string shell;
};

cms::Result<void> run(const CLI::App& app, const Words& words) {
  const auto* about = &app;
  auto words_to_it = app.get_name();
  for (const auto& name : words.command) {
    const auto below = about->get_subcommands([&](const CLI::App* one) { return one->check_name(name); });
    if (below.empty()) {
      return cms::fail(cms::ErrorCode::usage, fmt::format("there is no command \"{}\"; `cms help` lists them",
                                                          fmt::join(words.command, " ")));
    }
    about = below.front();
    words_to_it += " " + about->get_name();
  }
  if (words.man) fmt::print("{}", manual_page(app, CMS_VERSION));
  else if (words.shell == "bash") fmt::print("{}", bash_completion(app));
  else if (words.shell == "zsh") fmt::print("{}", zsh_completion(app));
  else if (words.shell == "fish") fmt::print("{}", fish_completion(app));
  // Not help(), which would be that of `help`, the command that was given.
  else fmt::print("{}", app.get_formatter()->make_help(about, words_to_it, CLI::AppFormatMode::Normal));
  return {};
}

}  // namespace

void add_help(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto* command = app.add_subcommand("help", "This help or a command's, the manual page, completions for a shell");
  auto* about = command->add_option("command", words->command, "What help is wanted on: cms help fleet fit");
  auto* man = command->add_flag("--man", words->man, "The manual page, for man: cms help --man > cms.1")
                  ->excludes(about);
  command->add_option("--complete", words->shell, "Completions for this shell: bash, zsh or fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))->excludes(man)->excludes(about);
  command->callback([&app, words, &chosen] { chosen = [&app, words] { return run(app, *words); }; });
}
