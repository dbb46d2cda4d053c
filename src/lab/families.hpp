// Which families of texts play which part in a study: read from TOML, so that another data set brings its own.
//
// Threads: pure but for reading the file. docs/lab/goals.md has the format; experiments/families.toml is built in.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cms::lab {

struct FamilyParts {
  std::vector<std::string> unseen;            // people's, of whom nobody is calibrated
  std::vector<std::string> manifold;          // wholly in the fit part
  std::vector<std::string> instruction_sets;  // attackers draw from them together
  std::vector<std::string> streams;           // one attacker each
};

struct Families {
  FamilyParts report, tune;
  std::vector<std::string> generalist;
  std::vector<std::string> conversations;
  std::vector<std::string> held_out;  // people's, that rank as unseen kinds where kinds rank for themselves
  std::map<std::string, std::vector<std::string>> merged;  // by name, the families of the data that are one here
};

// Family name that the distillers of the tune set get.
inline constexpr const char* kOwnDistillers = "own_distillers";

// Those of the shared sets (experiments/families.toml).
Families shared_families();

// What is said of a family that plays a part and is not in the data.
std::string no_family(const std::string& name);

// Errors: `bad_input` naming the file and what is wrong: no TOML, a key that is missing or no list of names, a family
// that attacks, or is unseen, in both report and tune, or is merged into two.
Result<Families> read_families(const std::filesystem::path& path);

}  // namespace cms::lab
