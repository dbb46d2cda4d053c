// Students: what an account's answers are worth, beside how much of the manifold it covered, and Knockoff Nets.
//
// Every account of the first study's cells trains a student on its first 100 requests; its fidelity over texts nobody
// asked is set beside its coverage of the yardstick and beside another predictor (how near its requests lie to the
// examination), and beside its fidelity on its own field. With another model, beside that of a student that begins with
// it: kernel ridge on the unit points of that model's own atlas. With the served model, beside how often a student of
// its last hidden vectors says the model's next token. Then thefts, Knockoff Nets (random and adaptive) and ActiveThief
// (uncertainty, k-centre and both), over instruction sets and over people's prompts: fidelity as requests grow, and
// where CMS flags them. Threads: see options. Page: docs/lab/students.md.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/families.hpp"
#include "lab/next_token.hpp"
#include "lab/outcome.hpp"
#include "lab/school.hpp"
#include "lab/student.hpp"
#include "lab/texts_used.hpp"
#include "score/score.hpp"

namespace cms::lab {

struct StudentsOptions {
  std::filesystem::path data;  // as read_data takes it (ground.hpp)
  std::filesystem::path model;       // GGUF that the data were read with; empty: no next tokens
  std::filesystem::path pretrained;  // GGUF that a second student begins with; empty: none
  std::filesystem::path work;        // folder for what is read with either
  Families families = shared_families();
  std::vector<std::uint64_t> seeds = {1, 2, 3};
  double scale = .05;                // of the first study's numbers of accounts, at least 10 a cell
  std::uint32_t examination = 500;   // texts
  std::uint32_t theft_runs = 5;      // per seed, kind and pool
  std::uint32_t ranking_accounts = 500;
  score::Options score;
  unsigned threads = 1;
};

inline constexpr std::uint32_t kStudentRequests = 100;
inline constexpr std::array<std::uint32_t, 4> kTheftCheckpoints = {50, 100, 200, 400};

struct StudentOutcome {
  std::string cell;
  bool honest = false;
  double coverage = 0;  // of the yardstick's mass
  double charts = 0;    // share of its charts
  Nearness nearness;    // of its requests to the examination
  std::uint32_t distinct_texts = 0;  // among its requests
  Fidelity fidelity;
  std::optional<Fidelity> own_field;
  std::optional<Fidelity> pretrained;  // of a student that begins with a model of its own
  std::optional<Agreement> next_token;
};

struct StudentTheft {
  std::string kind;  // "Knockoff random, instruction sets", ...
  std::array<double, 4> fidelity{};  // cosine, at kTheftCheckpoints
  double poh_min = 1;
  std::uint32_t first_flag = 0;  // 0 = never
  std::optional<Agreement> next_token;  // at the end
};

struct StudentsResult {
  std::vector<StudentOutcome> students;
  std::vector<StudentTheft> thefts;
};

// Adds to `texts` which served what. Errors: `bad_input` when the data are not there or too small; `usage` for either
// model without a work folder; those of Speech::open and reread. Cost: a minute a seed on two cores; with a model three
// more, and once some eight to read the texts; with one that students begin with half a minute, and once some fifteen.
Result<StudentsResult> run_students(const StudentsOptions& options, TextsUsed& texts);

std::string describe(const StudentsResult& result);
std::string goal_lines(const StudentsResult& result);
// Fidelity against coverage, a dot an account.
nlohmann::json plots(const StudentsResult& result);

}  // namespace cms::lab
