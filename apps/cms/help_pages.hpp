// The program's manual page and shell completions, made from the parser itself: they cannot be out of date.
//
// Threads: pure. Cost: a walk over the commands.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

// In roff, for man(1), section 1. `version` is printed at its foot.
std::string manual_page(const CLI::App& app, const std::string& version);

// For `source <(cms help --complete bash)`; for a file `_cms` in zsh's fpath; for fish's completions/cms.fish.
std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);
std::string fish_completion(const CLI::App& app);
