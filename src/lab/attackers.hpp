// Simulated extraction: accounts that buy the model's answers instead of using them.
//
// Each draws from `pool` (rows of distillers, or of people for replay; of one part of a split), never puts a text
// twice into an account, and gives nothing when the pool cannot fill Length::requests_min. Equal corpus, pool, options
// and chance give equal accounts. Threads: pure. What each stands for: docs/lab/composition.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "lab/corpus.hpp"
#include "lab/corpus_account.hpp"
#include "lab/honest.hpp"

namespace cms::lab {

struct AttackOptions {
  Length length = {};
  std::uint32_t pool_factor = 4;   // systematic chooses among so many times `requests` rows
  std::uint32_t cluster_min = 2;   // clustered: rows of a cluster, centre included
  std::uint32_t cluster_max = 8;
  double similarity = 0.2;         // least cosine; adaptive: to the last `together` - 1 requests, alike: of any two
  std::uint32_t together = 5;      // adaptive: requests in a row that are alike
  double share = 0.5;              // diluted: probability that a request is the attacker's
  std::uint32_t burst = 1;         // diluted: requests in a row before the turn is drawn anew
  std::uint32_t run = 25;          // alternating: requests in a row of one order
  HonestOptions cover = {};        // diluted: the honest account between; its length is not used
};

// Uniform draws without replacement over all families of the pool. Cost: linear in the pool.
std::optional<ComposedAccount> naive(const Corpus&, Pool, const AttackOptions&, Random&);
// Farthest-first over a random sample of pool_factor x requests rows. Cost: pool_factor x requests^2 cosines.
std::optional<ComposedAccount> systematic(const Corpus&, Pool, const AttackOptions&, Random&);
// Random centres, each with its nearest unused rows. Cost: one cosine a row of the pool and cluster.
std::optional<ComposedAccount> clustered(const Corpus&, Pool, const AttackOptions&, Random&);
// Random draws, sent in greedy nearest-neighbour order. Cost: requests^2 / 2 cosines.
std::optional<ComposedAccount> sorted(const Corpus&, Pool, const AttackOptions&, Random&);
// Random draws, sent in runs: one in greedy nearest-neighbour order, one as drawn, in turn, so
// that what is averaged with its sign cancels. Cost: requests^2 / 8 cosines.
std::optional<ComposedAccount> alternating(const Corpus&, Pool, const AttackOptions&, Random&);
// Farthest-first as far as likeness allows (farthest_alike), over a sample as systematic's: it knows that dissimilar
// requests betray it, and stays as clustered as people are. Cost: as systematic, and `together` times as much at worst.
std::optional<ComposedAccount> adaptive(const Corpus&, Pool, const AttackOptions&, Random&);
// Every two requests have at least the cosine `similarity`, as far as the texts go: around a random text grows the set
// of those all alike (mutually_alike, up to pool_factor x requests of them), and of that it sends what is farthest
// first. Where fewer than Length::requests hold it the account is shorter; where fewer than Length::requests_min do, it
// goes on with the likest and its least cosine is lower. Cost: pool_factor x requests cosines a row of the pool.
std::optional<ComposedAccount> alike(const Corpus&, Pool, const AttackOptions&, Random&);
// One family, drawn uniformly among those that can fill an account, in random order.
std::optional<ComposedAccount> stream(const Corpus&, Pool, const AttackOptions&, Random&);

struct DilutedPools {
  Pool attack;
  Pool cover;  // rows of people
};
// Each request is the next of a naive stream with probability `share`, else the next of an honest power account, drawn
// anew every `burst` requests; no text twice within or across. Ends when the stream whose turn it is has run out.
std::optional<ComposedAccount> diluted(const Corpus&, const DilutedPools&, const AttackOptions&, Random&);

// The first `count` of `rows` in farthest-first order from rows[0]: always the row whose greatest cosine to those
// taken is least (ties: earlier in `rows`; Gonzalez, Clustering to minimize the maximum intercluster distance, 1985).
std::vector<std::uint32_t> farthest_first(const Corpus& corpus, Pool rows, std::size_t count);

// The first `count` of `rows` from rows[0] on: of those whose cosine to each of the last `together` - 1 taken is at
// least `similarity` always the one farthest from all taken, where there is none the one whose least cosine to them is
// greatest (ties: earlier in `rows`). At similarity -1 this is farthest_first. Cost: rows x count cosines.
std::vector<std::uint32_t> farthest_alike(const Corpus& corpus, Pool rows, std::size_t count, double similarity,
                                          std::uint32_t together);

// From rows[0] on always the row whose least cosine to those taken is greatest (complete linkage; ties: earlier in
// `rows`): until there are `count_min` whatever that cosine is, then as long as it is at least `similarity`, and never
// more than `count_max`. Cost: one cosine a row and row taken.
std::vector<std::uint32_t> mutually_alike(const Corpus& corpus, Pool rows, double similarity, std::size_t count_min,
                                          std::size_t count_max);

// `rows` from rows[0] on, always to the nearest row left (ties: earlier in `rows`).
std::vector<std::uint32_t> nearest_neighbour_order(const Corpus& corpus, Pool rows);

}  // namespace cms::lab
