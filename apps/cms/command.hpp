// The subcommands of `cms`. Each `add_` registers one on the parser; when it is chosen, its work is put into `chosen`.
//
// main() parses, runs `chosen`, prints its error and returns the error's code. Threads: main only.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string>

#include "base/result.hpp"

using Run = std::function<cms::Result<void>()>;

// A number within the bounds; unlike CLI::Range not what is no number (nan).
CLI::Validator number_within(double least, double most);

void add_capture(CLI::App& app, Run& chosen);
void add_model(CLI::App& app, Run& chosen);
void add_split(CLI::App& app, Run& chosen);
void add_fit(CLI::App& app, Run& chosen);
void add_score(CLI::App& app, Run& chosen);
void add_watch(CLI::App& app, Run& chosen);
void add_backtest(CLI::App& app, Run& chosen);
void add_replay(CLI::App& app, Run& chosen);
void add_config(CLI::App& app, Run& chosen);
void add_help(CLI::App& app, Run& chosen);
void add_fleet(CLI::App& app, Run& chosen);
void add_inspect(CLI::App& app, Run& chosen);
void add_token(CLI::App& app, Run& chosen);
void add_events(CLI::App& app, Run& chosen);
void add_store(CLI::App& app, Run& chosen);  // key, store, erase
void add_lab(CLI::App& app, Run& chosen);
void add_serve(CLI::App& app, Run& chosen);
void add_lab_run(CLI::App& lab_app, Run& chosen);  // the experiments: cms lab run NAME
