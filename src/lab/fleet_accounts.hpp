// Fleets of honest accounts, with the groups that look like campaigns, and campaigns to hide among them.
//
// A campaign is one stream of requests sent through many accounts. Where texts are fewer than its requests the stream
// begins anew; no account holds a text twice. Equal corpus, pools, options and chance give equal fleets.
// Threads: pure. Cost: as honest.hpp, thousands of accounts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "lab/corpus.hpp"
#include "lab/corpus_account.hpp"

namespace cms::lab {

struct FleetOptions {
  std::uint32_t accounts = 10'000;
  double grouped = .4;              // share of accounts that belong to honest groups
  std::uint32_t group_min = 10;     // accounts of a group, log-uniform
  std::uint32_t group_max = 1'000;
  std::uint32_t requests_min = 30;  // of an account, log-uniform
  std::uint32_t requests_max = 150;
  bool jobs_declared = false;       // batch jobs are declared automation, which the fleet leaves out: there are none
};

// Honest groups: `team`: people of one customer, with the same 1 to 3 families; `reseller`: the same customers, 3 to 8
// families, behind many keys; `proxy`: each key carries 2 to 7 people of any family, interleaved; `job`: one batch job
// over one family, its requests shared out over many keys of like length.
struct HonestGroup {
  std::string kind;
  std::vector<ComposedAccount> accounts;
};
inline constexpr const char* kGroupKinds[] = {"team", "reseller", "proxy", "job"};
HonestGroup honest_group(const Corpus& corpus, Pool people, const std::string& kind, std::uint32_t accounts,
                         const FleetOptions& options, Random& random);

struct ComposedFleet {
  std::vector<ComposedAccount> accounts;
  std::vector<std::uint32_t> groups;  // number of each account's group, kNoGroup for people on their own
  std::vector<std::string> kinds;     // of the groups

  [[nodiscard]] std::vector<std::string> kinds_of_accounts() const;  // empty for people on their own
};
inline constexpr std::uint32_t kNoGroup = UINT32_MAX;

// People on their own (of 15: 4 single, 4 mixed, 3 power, 3 generalist, 1 batch) and groups of all kinds in
// turn; where jobs are declared, without batch jobs of either.
ComposedFleet honest_fleet(const Corpus& corpus, Pool people, const FleetOptions& options, Random& random);

struct CampaignPools {
  Pool stream;
  Pool cover;  // people's rows, for dilution
};
struct CampaignShape {
  std::string kind;  // one of kCampaignKinds
  std::uint32_t accounts = 100;
  std::uint32_t requests = 60;  // of each account
};
// `rotated`: request by request in turn. `sticky`: sorted by topic, ten in a row to one account, then on to the next.
// `slices`: each account takes what lies nearest a centre of its own and no other account has, so that few texts make
// fewer accounts. `overlapping`: each account draws from the twice as many that lie nearest its centre. `staggered`:
// rotated, but seen while accounts have sent between 16 and all of their requests. With `diluted` before one of the
// first four (alone: rotated) every other request on average is of an honest power account of its own, with `proxied`
// of 2 to 7 people. Fewer accounts come back where the pools cannot fill them.
std::vector<ComposedAccount> campaign(const Corpus& corpus, const CampaignPools& pools, const CampaignShape& shape,
                                      Random& random);
inline constexpr const char* kCampaignKinds[] = {
    "rotated",        "sticky",         "slices",              "overlapping", "staggered",      "diluted",
    "diluted sticky", "diluted slices", "diluted overlapping", "proxied",     "proxied sticky", "proxied slices",
    "proxied overlapping"};

// Of the texts of two accounts drawn at random, the share of the smaller account's that both hold; mean over `pairs`.
double shared_texts(const Corpus& corpus, std::span<const ComposedAccount> accounts, std::uint32_t pairs,
                    Random& random);

}  // namespace cms::lab
