// Three disjoint sets of text: what an atlas is fitted on, what calibrates it, what tests it.
//
// Invariants
//  1. No text and no conversation lies in two parts (check_disjoint proves it).
//  2. Where a row goes depends on its conversation (or its text without one), the seed and the options, not on which
//     other rows there are; the one exception is invariant 1, for whose sake rows are dropped.
// Threads: pure. Cost: one SHA-256 a row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/corpus.hpp"

namespace cms::lab {

struct SplitOptions {
  std::uint64_t seed = 1;
  // Shares of the hash range; what they leave lies in no part.
  double fit = 1.0 / 3;
  double calibrate = 1.0 / 3;
  double test = 1.0 / 3;
  std::vector<std::string> unseen = {};    // families that lie wholly in `test`
  std::vector<std::string> manifold = {};  // families that lie wholly in `fit`
  std::vector<std::string> held_out = {};  // families that lie wholly in `calibrate`
};

// Pools of corpus rows, in row order.
struct Split {
  std::vector<std::uint32_t> fit;
  std::vector<std::uint32_t> calibrate;
  std::vector<std::uint32_t> test;
  std::uint64_t seed = 0;  // it was made with; 0 where the rows said themselves where they belong
  std::uint32_t dropped_count = 0;  // rows left out because their text lies in another part already
};

// Splits the corpus. A text that would come to lie in two parts (people in different conversations said the same, or
// an unseen family holds it) stays in the part of its first row and is dropped from the others. Errors: `usage`
// when shares are negative or exceed 1, when a family is unknown or named for two parts.
Result<Split> split_corpus(const Corpus& corpus, const SplitOptions& options);

// `pool` in `parts` pools of about equal size that share no text and no conversation; what would lie in two parts is
// dropped from all but the first. Which part a row comes to depends on the seed and its conversation or text alone.
std::vector<std::vector<std::uint32_t>> apart(const Corpus& corpus, std::span<const std::uint32_t> pool,
                                              std::uint32_t parts, std::uint64_t seed);

// Errors: `failed`, naming a row whose text or conversation lies in two parts.
Result<void> check_disjoint(const Corpus& corpus, const Split& split);

}  // namespace cms::lab
