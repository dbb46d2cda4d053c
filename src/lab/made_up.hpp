// Made-up queries: accounts that ask what nobody asked, read with the real model, beside honest accounts and attackers
// who ask real texts.
//
// Random words (Krishna et al., "Thieves on Sesame Street!", ICLR 2020), random characters, and Jacobian augmentation
// (Papernot et al., ASIACCS 2017): ten known texts, then rounds in which each known text is changed in one word, the
// one under which a student trained on all answers so far is least confident of the model's answer; so what is known
// doubles every round. Of every account: where CMS flags it, which baselines do, and what its answers taught a student.
// Vectors read with the model lie in a folder, so that a run goes on where the last ended. Page: docs/lab/made-up.md.
// Threads: see options; results do not depend on their number.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/families.hpp"
#include "lab/baselines.hpp"
#include "lab/student.hpp"
#include "lab/texts_used.hpp"
#include "score/calibration.hpp"

namespace cms::lab {

struct MadeUpOptions {
  std::filesystem::path data;   // as read_data takes it (ground.hpp)
  Families families = shared_families();
  std::filesystem::path model;  // GGUF they were made with; empty: everything must be in `work` already
  std::filesystem::path work;   // folder of vectors read anew
  std::vector<std::uint64_t> seeds = {1, 2, 3};
  std::uint32_t accounts = 20;         // attackers of each kind a seed, but for
  std::uint32_t augmented = 6;         // those by augmentation, whose texts are read for each anew
  std::uint32_t requests = 150;        // of one
  std::uint32_t pool = 600;            // texts of random words, and as many of random characters; accounts share them
  std::uint32_t seeds_of_augmentation = 10;  // texts known before the first round
  std::uint32_t examination = 500;     // texts that students are examined on
  double scale = .2;                   // of the first study's numbers of honest accounts
  std::uint32_t ranking_accounts = 500;
  score::Options score;
  unsigned threads = 1;
};

struct MadeUpAccount {
  std::string kind;
  bool honest = false;
  double poh_min = 1;
  std::uint32_t first_flag = 0;         // 0 = never
  std::array<bool, kBaselines.size()> baselines{};  // flagged by each, at .01 as CMS is
  Fidelity fidelity;                    // of a student of the first 100 requests
};

// Adds to `texts` which served what. Errors: `bad_input` when the data are not there or too small; those of
// read_missing(). Cost: docs/lab/made-up.md.
Result<std::vector<MadeUpAccount>> run_made_up(const MadeUpOptions& options, TextsUsed& texts);

std::string describe(const std::vector<MadeUpAccount>& accounts);
// Goals of honest kinds alone, the first study's, of the rate itself; what attackers come to is only reported.
std::string goal_lines(const std::vector<MadeUpAccount>& accounts);

}  // namespace cms::lab
