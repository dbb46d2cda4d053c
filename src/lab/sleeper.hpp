// Sleepers: accounts that are honest for long, then extract, then are honest again.
//
// How many requests an attack gets before it is flagged, by how long the account slept; and how many honest requests it
// takes after the attack until PoH is back above kRecovered. Evidence leaks by requests only: time stands still.
// Threads: see options. Page: docs/lab/sleeper.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/corpus_account.hpp"
#include "lab/families.hpp"
#include "lab/honest.hpp"
#include "lab/outcome.hpp"
#include "lab/texts_used.hpp"
#include "score/score.hpp"

namespace cms::lab {

struct SleeperOptions {
  std::filesystem::path data;  // as read_data takes it (ground.hpp)
  Families families = shared_families();
  std::vector<std::uint64_t> seeds = {1, 2, 3};
  std::vector<std::uint32_t> asleep = {0, 50, 200, 1'000};  // honest requests before the attack; the first is early
  std::uint32_t attack_requests = 300;
  std::uint32_t after_requests = 300;  // honest ones after it, fewer where texts run out
  std::uint32_t accounts = 40;         // per seed, attack and time asleep
  std::uint32_t ranking_accounts = 500;
  score::Options score;
  unsigned threads = 1;
};

inline constexpr double kRecovered = .25;

struct SleeperParts {
  Pool attack;
  Pool cover;  // rows of people
};
// An honest power account of `asleep` requests, `attack` requests of an attacker, then the honest account goes on for
// up to `after`. No text twice. Nothing when the cover cannot fill the sleep. Threads: pure.
struct Sleeper {
  ComposedAccount account;
  std::uint32_t onset = 0;  // requests before the attack
  std::uint32_t end = 0;    // requests up to its last
};
std::optional<Sleeper> sleeper(const Corpus& corpus, const SleeperParts& parts, std::uint32_t asleep,
                               std::uint32_t attack, std::uint32_t after, bool systematic_attack, Random& random);

struct SleeperOutcome {
  std::string attack;  // "naive, instruction sets", ...
  std::uint32_t asleep = 0;
  bool flagged_before = false;
  std::uint32_t delay = 0;     // requests from the onset to the first flag; 0 = not within the attack
  std::uint32_t recovery = 0;  // requests from its end until PoH > kRecovered; 0 = not within what was sent
};

// Adds to `texts` which served what. Errors: `bad_input` when the data are not there or too small. Cost: half a minute
// a seed on two cores.
Result<std::vector<SleeperOutcome>> run_sleepers(const SleeperOptions& options, TextsUsed& texts);

std::string describe(const std::vector<SleeperOutcome>& outcomes);
// Of each attack and sleep the delay and, where it slept, who was flagged while asleep: of the rate itself, not of its
// bound, is the promise to honest accounts asked.
std::string goal_lines(const std::vector<SleeperOutcome>& outcomes);
// Flags by requests since the onset.
nlohmann::json plots(const std::vector<SleeperOutcome>& outcomes);

}  // namespace cms::lab
