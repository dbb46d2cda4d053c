#include "help_pages.hpp"

#include <fmt/format.h>

#include <vector>

namespace {

// A command under its whole name, "cms lab run", and what it takes.
struct Command {
  std::string path;
  const CLI::App* app = nullptr;
  std::vector<const CLI::Option*> options;      // with a name that begins with -
  std::vector<const CLI::Option*> positionals;
  std::vector<const CLI::App*> subcommands;
};

void walk(const CLI::App& app, const std::string& path, std::vector<Command>& commands) {
  Command command{path, &app, {}, {}, app.get_subcommands([](const CLI::App*) { return true; })};
  for (const auto* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? command.positionals : command.options).push_back(option);
  }
  const auto subcommands = command.subcommands;
  commands.push_back(std::move(command));
  for (const auto* one : subcommands) walk(*one, path + " " + one->get_name(), commands);
}

std::vector<Command> commands_of(const CLI::App& app) {
  std::vector<Command> commands;
  walk(app, app.get_name(), commands);
  return commands;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// Between single quotes of a POSIX shell, and of zsh.
std::string in_quotes(const std::string& text) { return "'" + replaced(text, "'", "'\\''") + "'"; }

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// "-o", "--output": every way to write the option.
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

// --- roff ----------------------------------------------------------------------------------------------------------

std::string roff(std::string text) {
  text = replaced(replaced(std::move(text), "\\", "\\e"), "-", "\\-");
  if (!text.empty() && (text.front() == '.' || text.front() == '\'')) text.insert(0, "\\&");
  return replaced(replaced(std::move(text), "\n.", "\n\\&."), "\n'", "\n\\&'");
}

std::string synopsis(const Command& command) {
  std::string text = command.path;
  if (!command.subcommands.empty()) return text + " COMMAND";
  for (const auto* one : command.options) {
    if (one->get_required()) text += " " + names_of(*one).back() + (takes_value(*one) ? " VALUE" : "");
  }
  for (const auto* one : command.positionals) {
    text += one->get_required() ? " " + one->get_name() : " [" + one->get_name() + "]";
  }
  return text + " [OPTION...]";
}

std::string option_roff(const CLI::Option& option) {
  const auto value = takes_value(option) ? " \\fI" + roff(option.get_type_name()) + "\\fR" : std::string();
  const auto standard = option.get_default_str().empty() ? "" : roff(" (default: " + option.get_default_str() + ")");
  return fmt::format(".TP\n\\fB{}\\fR{}\n{}{}\n",
                     roff(option.get_positional() ? option.get_name() : joined(names_of(option), ", ")), value,
                     roff(option.get_description()), standard);
}

}  // namespace

std::string manual_page(const CLI::App& app, const std::string& version) {
  auto text = fmt::format(".TH CMS 1 \"\" \"cms {}\" \"User Commands\"\n.SH NAME\ncms \\- {}\n.SH SYNOPSIS\n"
                          ".B cms\nCOMMAND [OPTION...]\n.SH COMMANDS\n",
                          roff(version), roff(app.get_description()));
  for (const auto& command : commands_of(app)) {
    text += fmt::format(".SS {}\n{}\n", roff(synopsis(command)), roff(command.app->get_description()));
    for (const auto* one : command.positionals) text += option_roff(*one);
    for (const auto* one : command.options) text += option_roff(*one);
  }
  // The codes are those of base/result.hpp.
  return text + ".SH EXIT STATUS\n.TP\n0\nDone.\n.TP\n1\nThe machine said no: disk, memory, a library.\n"
                ".TP\n2\nThe words of the command are wrong.\n"
                ".TP\n3\nA file is missing, damaged, of the wrong form or too small.\n"
                ".TP\n4\nWell\\-formed, but of another model, layer, pooling, dimension, atlas or signature.\n";
}

// --- shells --------------------------------------------------------------------------------------------------------
// All three find the command that is being written in the same way: from `cms` on, every word that is a subcommand of
// what was found so far goes one step down.

std::string bash_completion(const CLI::App& app) {
  const auto commands = commands_of(app);
  std::string steps, cases;
  for (const auto& command : commands) {
    if (command.path != app.get_name()) steps += fmt::format("{}\"{}\"", steps.empty() ? "" : " | ", command.path);
    std::vector<std::string> words, options;
    for (const auto* one : command.subcommands) words.push_back(one->get_name());
    for (const auto* one : command.options) options.push_back(joined(names_of(*one), " "));
    cases += fmt::format("    \"{}\") words=\"{}\" options=\"{}\" ;;\n", command.path, joined(words, " "),
                         joined(options, " "));
  }
  return fmt::format(
      "# bash completion of cms: source <(cms help --complete bash)\n"
      "_cms() {{\n"
      "  local path={0} words= options= word i\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}}\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=${{COMP_WORDS[i]}}\n"
      "    case \"$path $word\" in\n"
      "    {1}) path=\"$path $word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$path\" in\n"
      "{2}"
      "  esac\n"
      "  if [[ $current == -* ]]; then words=$options; fi\n"
      "  COMPREPLY=()\n"
      "  while IFS= read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen -W \"$words\" -- \"$current\")\n"
      "}}\n"
      "complete -o default -F _cms {0}\n",
      app.get_name(), steps, cases);
}

std::string zsh_completion(const CLI::App& app) {
  // What stands before the first colon is the word, the rest explains it.
  const auto item = [](const std::string& word, const std::string& what) {
    return in_quotes(replaced(word, ":", "\\:") + ":" + replaced(what, "\n", " "));
  };
  std::string steps, cases;
  for (const auto& command : commands_of(app)) {
    if (command.path != app.get_name()) steps += fmt::format("{}\"{}\"", steps.empty() ? "" : "|", command.path);
    std::string words, options;
    for (const auto* one : command.subcommands) words += " " + item(one->get_name(), one->get_description());
    for (const auto* one : command.options) {
      for (const auto& name : names_of(*one)) options += " " + item(name, one->get_description());
    }
    cases += fmt::format("    (\"{}\")\n      commands=({} )\n      options=({} ) ;;\n", command.path, words, options);
  }
  return fmt::format(
      "#compdef {0}\n"
      "_cms() {{\n"
      "  local context={0} word\n"
      "  local -a commands options\n"
      "  for word in ${{words[2,CURRENT-1]}}; do\n"
      "    case \"$context $word\" in\n"
      "      ({1}) context=\"$context $word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$context\" in\n"
      "{2}"
      "  esac\n"
      "  if [[ ${{words[CURRENT]}} == -* ]]; then\n"
      "    _describe -o option options\n"
      "  elif (( ${{#commands}} )); then\n"
      "    _describe command commands\n"
      "  else\n"
      "    _files\n"
      "  fi\n"
      "}}\n"
      "_cms \"$@\"\n",
      app.get_name(), steps, cases);
}

std::string fish_completion(const CLI::App& app) {
  // fish knows \\ and \' between single quotes.
  const auto quoted = [](const std::string& text) {
    return "'" + replaced(replaced(replaced(text, "\\", "\\\\"), "'", "\\'"), "\n", " ") + "'";
  };
  std::string steps, lines;
  for (const auto& command : commands_of(app)) {
    if (command.path != app.get_name()) steps += " " + quoted(command.path);
    const auto here = fmt::format("complete -c {} -n \"__cms_path '{}'\"", app.get_name(), command.path);
    for (const auto* one : command.subcommands) {
      lines += fmt::format("{} -f -a {} -d {}\n", here, one->get_name(), quoted(one->get_description()));
    }
    for (const auto* one : command.options) {
      std::string names;
      for (const auto& name : one->get_snames()) names += " -s " + name;
      for (const auto& name : one->get_lnames()) names += " -l " + name;
      lines += fmt::format("{}{}{} -d {}\n", here, names, takes_value(*one) ? " -r" : "",
                           quoted(one->get_description()));
    }
  }
  return fmt::format(
      "# fish completion of cms: cms help --complete fish > ~/.config/fish/completions/cms.fish\n"
      "function __cms_path\n"
      "  set -l path {0}\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    if contains -- \"$path $word\"{1}\n"
      "      set path \"$path $word\"\n"
      "    end\n"
      "  end\n"
      "  test \"$path\" = \"$argv[1]\"\n"
      "end\n{2}",
      app.get_name(), steps, lines);
}
