// Accounts as texts: honest ones, and extractors who pack many questions into a request or wrap them.
//
// A *question* is a text of one segment that nobody else in the corpus says. Equal corpus, pool and chance give equal
// accounts. Threads: pure. What each stands for: docs/lab/packed.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "lab/corpus_account.hpp"
#include "lab/study.hpp"

namespace cms::lab {

struct TextRequest {
  std::string text;
  std::uint32_t questions = 0;  // of the extractor in it
};
using TextAccount = std::vector<TextRequest>;

// The texts behind a corpus.
struct Texts {
  const Corpus& corpus;
  std::vector<std::string> of_row;
};
Texts texts_of(const ActivationSet& set, const Corpus& corpus);

// Every row a request, its whole text. `questions` are counted where the row is the attacker's.
TextAccount as_texts(const Texts& texts, const ComposedAccount& account);

// The questions among `pool`, in an order that depends on each text alone, so that every split packs them alike.
std::vector<std::uint32_t> questions_of(const Texts& texts, Pool pool);

// `questions` in their order, `count` a request, each on a line of its own; what does not fill a request is left out.
TextAccount packed(const Texts& texts, std::span<const std::uint32_t> questions, std::uint32_t count);

// Honest-looking preambles, one after another as an honest generalist would send them who moves in all families of
// `pool` (rows of people): each is `half_segments` / 2 whole segments of words of people, so that a tap which reads no
// more sees nothing else. At most `count`, fewer where the pool's texts run out; no segment twice.
std::vector<std::string> preambles(const Texts& texts, Pool pool, std::uint32_t half_segments, std::size_t count,
                                   Random& random);

// Each request behind the preamble of the same number, on a new line; the shorter of both ends it.
TextAccount wrapped(const TextAccount& requests, std::span<const std::string> preambles);

// Drops the accounts of fewer than `least` requests; gives how many these were.
std::size_t drop_short(std::vector<TextAccount>& accounts, std::size_t least);

// `count` requests drawn from `requests` without replacement.
TextAccount drawn(const TextAccount& requests, std::size_t count, Random& random);

}  // namespace cms::lab
