// Experiments: chosen on the command line (`cms lab run NAME`) or in a TOML file (`cms lab run goals`).
//
// A file is the command line written down: `run` names the experiment, every other key is one of its options. So both
// have one set of names, checks and defaults. docs/lab/goals.md has the format. Threads: main only.
#pragma once

#include <CLI/CLI.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/outcome.hpp"
#include "lab/suite.hpp"

struct Experiment {
  bool json = false;  // goal lines and which texts served what to stdout, the table to stderr
  std::function<cms::Result<cms::lab::Outcome>()> run;
};

// One subcommand an experiment; the one that is parsed is put into `chosen`.
void add_experiments(CLI::App& app, Experiment& chosen);

// What files leave open: where things are on this machine.
struct Places {
  std::string data;   // "{data}" in a file, and --data where an experiment has it
  std::string work;   // "{work}"; --work is a folder of the experiment's name in it
  std::string model;  // "{model}", and --model; may be empty
  std::string families;  // --families where an experiment has it; may be empty
  unsigned threads = 0;
};

struct ExperimentFile {
  std::string name;   // of the file, without ending
  std::string title;  // key `title`; the name without one
  std::vector<cms::lab::Failing> failing;  // sections `fails`: `goal`, `tried`, `why`
  std::string run;    // the experiment's name
  std::vector<cms::lab::StepOption> options;
  Experiment experiment;
};

// A suite: `title`, and `experiments`, names of files beside it; or one experiment as a suite of its own.
struct SuiteFile {
  std::string title;
  std::vector<ExperimentFile> experiments;
};

// Errors: `bad_input` naming file, and line or option: no such file, not TOML, a value of a kind that no option has, an
// option that the experiment has not or that it refuses, two experiments of one name.
cms::Result<SuiteFile> read_suite_file(const std::filesystem::path& path, const Places& places);
