// A composed account: corpus rows in the order one account sends them, and the activation set made of such accounts.
//
// Times are a model, not a measurement (docs/lab/composition.md); they separate people from machines by construction
// and may serve the leak of evidence only, never as a feature. Threads: pure functions of their arguments.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "lab/corpus.hpp"
#include "types/activation.hpp"

namespace cms::lab {

// Invariants: no text twice; from_attacker is as long as rows.
struct ComposedAccount {
  std::string kind;                 // "single", "naive", ...
  std::vector<std::uint32_t> rows;  // of the corpus
  std::vector<bool> from_attacker;  // whose request it is; mixed in diluted accounts only
};

// Requests an account holds: `requests` where the pool suffices, else fewer, but never below `requests_min`.
struct Length {
  std::uint32_t requests = 150;
  std::uint32_t requests_min = 100;
};

// An account whose requests are all the attacker's, or none.
ComposedAccount account_of(std::string kind, std::vector<std::uint32_t> rows, bool from_attacker);

// The account, or nothing where it is empty or shorter than `length.requests_min`.
std::optional<ComposedAccount> finished(ComposedAccount account, const Length& length);

// How alike the requests of an account are: over all its pairs, 1 where it has none.
struct Likeness {
  std::uint32_t requests = 0;  // of the account
  double least = 1;            // cosine of two
  double mean = 1;
};
// Cost: requests^2 / 2 cosines.
Likeness likeness_of(const Corpus& corpus, Pool rows);

// Calls `compose` until it has given `count` accounts, at most 20 times a wanted account: fewer come back from a pool
// that is too small.
std::vector<ComposedAccount> compose_many(std::size_t count,
                                          const std::function<std::optional<ComposedAccount>()>& compose);

struct TimeOptions {
  double person_gap_seconds = 40;      // mean, exponential, inside a session
  double session_requests = 20;        // mean, geometric
  double break_seconds_min = 3600;     // between sessions
  double break_seconds_mean = 21600;   // beyond the least, exponential
  double machine_gap_seconds = 2;      // mean, exponential: attackers' requests and batch jobs
  double start_seconds_max = 86400;    // first request, uniform
};

// Seconds of each request, increasing. A request comes at the pace of who sends it.
std::vector<double> request_times(const ComposedAccount& account, const TimeOptions& options, Random& random);

// The accounts as one activation set: rows of `source` (the set the corpus was made of) copied account by account,
// named prefix + kind + "-" + three-digit number within the kind. RowInfo::more keeps its keys; what was `kind` there
// (human, distill) becomes `origin`, `kind` is the account's, `from_attacker` is added.
// Cost: 4 x dimension bytes and one JSON object a request; request_times and the rows alone are far lighter.
ActivationSet compose_set(const ActivationSet& source, const Corpus& corpus,
                          std::span<const ComposedAccount> accounts, const std::string& prefix, Random& random);

}  // namespace cms::lab
