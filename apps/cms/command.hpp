// The subcommands of `cms`. Each `add_` registers one on the parser; when it is chosen, its work is put into `chosen`.
//
// main() parses, runs `chosen`, prints its error and returns the error's code. Threads: main only.
#pragma once

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <functional>
#include <string>

#include "base/result.hpp"

using Run = std::function<cms::Result<void>()>;

// Accepts numbers from `low` to `high` (both finite). CLI::Range, which compares the other way round, lets NaN through.
inline CLI::Validator finite_range(double low, double high) {
  const auto refuse = [low, high](const std::string& word) {
    double value = 0;
    const bool within = CLI::detail::lexical_cast(word, value) && value >= low && value <= high;
    return within ? std::string() : fmt::format("{} is not a number from {} to {}", word, low, high);
  };
  return {refuse, fmt::format("FLOAT in [{} - {}]", low, high)};
}

void add_capture(CLI::App& app, Run& chosen);
void add_model(CLI::App& app, Run& chosen);
void add_fit(CLI::App& app, Run& chosen);
void add_score(CLI::App& app, Run& chosen);
void add_watch(CLI::App& app, Run& chosen);
void add_fleet(CLI::App& app, Run& chosen);
void add_inspect(CLI::App& app, Run& chosen);
void add_lab(CLI::App& app, Run& chosen);
void add_lab_run(CLI::App& lab_app, Run& chosen);  // the experiments: cms lab run NAME
