// Attacks on the tap itself: many questions packed into one request, and questions behind an honest-looking preamble.
//
// Every attack and every honest kind is read through each of several taps (packed_tap.hpp), every tap is calibrated on
// honest accounts read through it, and what became of the accounts is told beside what the tap costs. Vectors of texts
// longer than the shared activations read come from the model, and are kept in a folder, so that a run goes on where
// the last ended. Page: docs/lab/packed.md.
// Threads: see options; results do not depend on their number.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/families.hpp"
#include "lab/texts_used.hpp"
#include "score/calibration.hpp"

namespace cms::lab {

struct PackedOptions {
  std::filesystem::path data;   // as read_data takes it (ground.hpp)
  Families families = shared_families();
  std::filesystem::path model;  // GGUF they were made with; empty: everything must be in `work` already
  std::filesystem::path work;   // folder of vectors read anew
  std::vector<std::uint64_t> seeds = {1, 2, 3};
  std::vector<std::string> taps;        // names of settings; empty = all
  bool tune = false;                    // choose: extractors and honest accounts from the calibration part
  bool replay = false;          // extractors ask what people asked, not what instruction sets do
  std::uint32_t accounts = 60;          // extractors per attack and seed
  std::uint32_t requests = 150;         // of an honest account, where its families have so many texts
  std::uint32_t questions = 400;        // of one extractor; behind preambles at least 100 where these run out
  std::uint32_t packed_pool = 2'000;    // questions that are packed; accounts share the requests made of them
  double scale = .3;                    // of the first study's numbers of honest accounts under test
  std::uint32_t ranking_accounts = 500;
  score::Options score;
  unsigned threads = 1;
};

// One kind of account under one tap, all seeds together.
struct PackedCell {
  std::string tap;
  std::string name;
  bool honest = false;
  std::optional<double> goal;  // honest: greatest share flagged; attacks under the chosen tap: least
  std::uint64_t accounts = 0, flagged = 0;
  std::vector<double> horizons;  // of each view, in points: mean over the seeds, as far as these were judged
  std::uint64_t seeds = 0;
  std::uint64_t dropped = 0;   // not among `accounts`: texts sufficed for too few requests
  std::vector<double> sent;    // requests of each
  double requests = 0, sequences = 0, words = 0, points = 0;  // of all accounts; sequences and words that are read
  std::vector<double> flag_requests, flag_questions;  // of flagged accounts: with the request that brought the flag
};

// The settings compared, the chosen one among them.
inline constexpr const char* kChosenTap = "lines and farthest";

// Adds to `texts` which served what. Errors: `bad_input` when the data are not there or too small; `usage` for an
// unknown tap; those of read_missing(). Cost: docs/lab/packed.md.
Result<std::vector<PackedCell>> run_packed(const PackedOptions& options, TextsUsed& texts);

// A table a tap. Of a kind all of whose accounts were dropped it has these alone.
std::string describe(const std::vector<PackedCell>& cells);
// Goals, and without one of them the requests of each kind's accounts, once for all taps. A kind all of whose accounts
// were dropped keeps its goal, without a figure.
std::string goal_lines(const std::vector<PackedCell>& cells);

}  // namespace cms::lab
