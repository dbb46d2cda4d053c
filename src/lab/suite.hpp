// A suite: experiments run one after another, what they left kept, and one page of it all.
//
// Invariants
//  1. A result is kept under a hash of its configuration: the program, the options, and the content of every file they
//     name. The same configuration is never run twice in one folder, so a suite that was interrupted goes on where it
//     stopped. A result is written whole or not at all.
//  2. Results are never deleted: how many configurations of an experiment were ever run there is counted and printed.
//     Who looks at report families often enough finds what pleases him; the number says how often somebody looked.
// Threads: one owner. Cost: the experiments', and a hash of their files. Page: docs/lab/goals.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/outcome.hpp"

namespace cms::lab {

// One option, as on the command line; a flag has no value.
struct StepOption {
  std::string name;
  std::string value;
  // file: its value is a file, a folder or the name of an activation set, and it is their content that counts.
  // silent: it says where or how fast, not what.
  enum class Kind : std::uint8_t { text, file, silent } kind = Kind::text;
};

// Of a goal that is not reached: what was tried, and why it fails.
struct Failing {
  std::string goal, tried, why;
};

struct SuiteStep {
  std::string name;                 // of files; unique in the suite
  std::string title;
  std::string experiment;           // as after `cms lab run`
  std::vector<StepOption> options;
  std::function<Result<Outcome>()> run;
  std::vector<Failing> failing = {};
};

struct StepResult {
  std::string name;
  std::string title;
  std::vector<Failing> failing;
  std::string command;     // experiment and options as one line
  Outcome outcome;
  double seconds = 0;      // it took when it was run
  bool kept = false;       // found, not run
  std::uint32_t configurations = 0;  // of this step, ever run in the folder; this one included
  std::optional<Error> error;        // then there is no outcome
};

struct SuiteResult {
  std::string title;
  std::vector<StepResult> steps;
};

struct SuiteOptions {
  std::filesystem::path work;     // results go to WORK/results
  std::string program;            // hash of what computes
  std::function<void(const StepResult&, std::size_t done, std::size_t total)> told;  // after each step; may be empty
};

// Runs what has no result yet. A step that fails, whose files cannot be read, or whose result cannot be kept or is
// damaged, is told of, and the rest go on. Errors: `failed` when the work folder cannot be made.
Result<SuiteResult> run_suite(const std::string& title, const std::vector<SuiteStep>& steps,
                              const SuiteOptions& options);

// Every table under its title, then what failed and how the goals stand.
std::string describe(const SuiteResult& result);
// The goal lines of all steps.
std::string goal_lines(const SuiteResult& result);
// A JSON object a step that was run: `experiment`, its name, and `texts`, which served what.
std::string text_lines(const SuiteResult& result);
// One HTML file that needs nothing else: goals first, then every experiment with its pictures and its table.
std::string page(const SuiteResult& result);

}  // namespace cms::lab
