// cms help: manual page and shell completions.
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "help_pages.hpp"

namespace {

struct Words {
  bool man = false;
  std::string shell;
};

cms::Result<void> run(const CLI::App& app, const Words& words) {
  if (words.man) fmt::print("{}", manual_page(app, CMS_VERSION));
  else if (words.shell == "bash") fmt::print("{}", bash_completion(app));
  else if (words.shell == "zsh") fmt::print("{}", zsh_completion(app));
  else if (words.shell == "fish") fmt::print("{}", fish_completion(app));
  else fmt::print("{}", app.help());
  return {};
}

}  // namespace

void add_help(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto* command = app.add_subcommand("help", "This help, the manual page, or completions for a shell");
  auto* man = command->add_flag("--man", words->man, "The manual page, for man: cms help --man > cms.1");
  command->add_option("--complete", words->shell, "Completions for this shell: bash, zsh or fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))->excludes(man);
  command->callback([&app, words, &chosen] { chosen = [&app, words] { return run(app, *words); }; });
}
