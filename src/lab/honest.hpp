// Honest accounts composed from what people really sent: interests, follow-ups, sessions of one subject.
//
// Every composer draws from `pool` (rows of people, of one part of a split), uses whatever families it finds there,
// never puts a text twice into an account, and gives nothing when the pool cannot fill Length::requests_min.
// Equal corpus, pool, options and chance give equal accounts. Threads: pure. Cost: one cosine per request and row of
// the family walked. What each kind stands for, and what not: docs/lab/composition.md.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "lab/corpus.hpp"
#include "lab/corpus_account.hpp"

namespace cms::lab {

struct HonestOptions {
  Length length = {};
  double whole_conversations = 0.8;  // probability that a walk follows conversations, where a family has them
  std::uint32_t neighbours = 12;     // a semantic step goes to one of so many nearest unused rows; at least 1
  double jump = 0.25;                // probability that a semantic step goes anywhere in the family
  double major = 0.8;                // mixed: probability of the main family
  std::uint32_t families_min = 3;    // power
  std::uint32_t families_max = 6;
  double power_concentration = 1;    // of the Dirichlet weights of families
  double power_run_end = 1.0 / 8;    // a run in one family is 1 + Geometric(this) requests
  double generalist_concentration = 0.7;
  double generalist_run_end = 1.0 / 3;
};

// One walk in one family.
std::optional<ComposedAccount> single(const Corpus&, Pool, const HonestOptions&, Random&);
// Walks in two families, interleaved request by request; ends when either has run out.
std::optional<ComposedAccount> mixed(const Corpus&, Pool, const HonestOptions&, Random&);
// Walks in 3 to 6 families, in runs; a family that has run out is left. Needs families_min families.
std::optional<ComposedAccount> power(const Corpus&, Pool, const HonestOptions&, Random&);
// Walks in all families of the pool, in short runs.
std::optional<ComposedAccount> generalist(const Corpus&, Pool, const HonestOptions&, Random&);
// Draws without replacement from one family, as a job over a table sends them.
std::optional<ComposedAccount> batch(const Corpus&, Pool, const HonestOptions&, Random&);

// Families of the pool with at least `texts` distinct texts, as indices into corpus.families, ascending.
std::vector<std::uint32_t> families_with(const Corpus& corpus, Pool pool, std::uint32_t texts);

}  // namespace cms::lab
