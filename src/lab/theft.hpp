// Two real thefts, each by an attacker who sees only what an interface answers, and how well they succeed.
//
// 1. A softmax head over real activations, by solving equations (theft_equations.hpp).
// 2. Hidden size and output matrix of a real language model, from full logits and from the five greatest
//    log-probabilities under a logit bias (theft_logits.hpp).
// The secrets are read only to compare. With the shared data, accounts that send either theft's queries are scored too
// (theft_streams.hpp). docs/lab/theft.md has protocol and results. Threads: one call at a time;
// llama.cpp's own threads work inside. Cost: one pass of the model a prompt, and a singular value decomposition.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/families.hpp"
#include "lab/texts_used.hpp"
#include "lab/theft_equations.hpp"
#include "score/calibration.hpp"
#include "types/activation.hpp"

namespace cms::lab {

struct TheftOptions {
  std::filesystem::path data;       // as read_data takes it: the first theft is on it, streams are scored
  Families families = shared_families();  // of the data
  std::filesystem::path work;       // folder of vectors read with the model for the second theft's streams
  std::filesystem::path set;        // activation set whose rows have a field or family; empty: no first theft
  std::filesystem::path model;      // GGUF; empty: no second theft
  std::vector<std::uint64_t> seeds = {1, 2, 3};  // of ground, rows, prompts and tokens: both thefts anew for each
  std::uint32_t prompts = 640;      // more than the hidden size, which the attacker guesses by trying
  std::uint32_t tokens = 2048;      // of the vocabulary whose logits are kept
  std::uint32_t held_out = 32;      // prompts that the stolen layer has to explain
  std::uint32_t compared = 8;       // prompts whose logits are compared one by one
  std::size_t classes = 8;          // of the head: the fields of most rows
  std::uint32_t accounts = 10;      // that send each theft's queries, each its own
  std::uint32_t ranking_accounts = 500;
  score::Options score;
  std::uint32_t threads = 0;        // 0: as many as the machine has
};

// One way the head's probabilities were printed, one number of queries.
struct EquationCell {
  Precision precision = Precision::float64;
  std::uint64_t queries = 0;
  std::uint64_t clamped = 0;   // probabilities printed as 0
  HeadError error;
  double agreement = 0;        // share of rows not asked that the stolen head decides as the victim
};

struct EquationTheft {
  std::size_t classes = 0;
  std::size_t dimension = 0;        // features
  std::size_t trained_rows = 0;
  double trained_accuracy = 0;
  double fresh_accuracy = 0;        // on rows of the same classes that were not trained on
  std::size_t fresh_rows = 0;
  std::size_t agreement_rows = 0;
  double asked_of_classes = 0;      // share of the queries that are of the victim's classes
  std::vector<EquationCell> cells;
};

struct LogitTheft {
  std::size_t vocabulary = 0;
  std::size_t prompts = 0;
  std::size_t tokens = 0;
  std::size_t true_dimension = 0;
  std::size_t full_dimension = 0;   // found from full logits
  double full_drop = 0;             // singular value there over the next
  std::size_t bias_dimension = 0;   // found from log-probabilities under a bias
  double bias_drop = 0;
  double matrix_error = 0;          // of the output matrix, relative
  double bias_matrix_error = 0;     // of its rows less the reference's: what logits less the reference's can give
  double held_out_error = 0;        // part of fresh logits outside the stolen span, relative
  double logit_error = 0;           // greatest absolute error of a logit difference stolen by bias
  std::size_t compared = 0;         // logits it is the greatest of
  std::uint64_t bias_queries = 0;
  std::uint64_t bias_logits = 0;    // that they gave
  std::size_t honest_requests = 0;  // of an honest account, whose answers the theft was carried out on too; 0: of none
  std::size_t honest_dimension = 0; // found from them; 0: not found
  double honest_drop = 0;
};

// Accounts of all seeds that sent the queries of one theft, each under the score of its seed's ground.
struct StreamCell {
  std::string name;
  bool attack = true;
  std::uint64_t requests = 0;     // of the first account; of attacks, of all
  std::uint64_t distinct = 0;     // texts among them
  std::vector<double> poh_min;    // by account
  std::vector<std::uint32_t> first_flags;  // by account; 0 = never
};

// One of each a seed, in the order of the seeds; none of what was not asked for. Streams hold all seeds' accounts.
struct TheftResult {
  std::vector<EquationTheft> equations;
  std::vector<LogitTheft> logits;
  std::vector<StreamCell> streams;
};

// The first theft, on a set in memory. Errors: `bad_input` when rows have no field or family, or are too few: each
// class needs 2 rows, and the queries must not be among the rows trained on. `askable`: which rows may be asked; empty
// for all. Cost: about 10 s for 6,000 rows of 576.
Result<EquationTheft> steal_from_set(const ActivationSet& set, const TheftOptions& options, std::uint64_t seed,
                                     const std::vector<bool>& askable = {});

inline constexpr std::size_t kTheftTop = 5;  // log-probabilities an answer, as the interface of the paper gave

// What the second theft asks when its attacker is an honest customer: every token of an answer prints its logits, so
// this many requests and tokens of an answer give as many logits as there are random prompts.
inline constexpr std::size_t kHonestRequests = 80, kAnswerTokens = 8;

// The rows that it asks, in order: 2 (dimension + 1) of them, of which half are enough. Errors: as steal_from_set.
Result<std::vector<std::size_t>> equation_queries(const ActivationSet& set, const TheftOptions& options,
                                                  std::uint64_t seed, const std::vector<bool>& askable = {});

// Seed of what account `account` asks; that of account 0 is the thief's own. No two accounts of seeds below 1,000 have
// the same.
constexpr std::uint64_t account_seed(std::uint64_t seed, std::uint64_t account) { return seed + 1'000 * account; }

// Both thefts, once a seed. Adds to `texts` which served what. Errors: `usage` when there is neither data, set nor
// model, no work folder beside data and model, or no account; when the prompts are too few for the hidden size, or the
// tokens more than the vocabulary has; those of steal_from_set and of reading data, set and model. Cost:
// docs/lab/theft.md.
Result<TheftResult> run_theft(const TheftOptions& options, TextsUsed& texts);

// The tables, for people: of several seeds agreement is the mean, errors, sizes and printed zeros are the worst seed's,
// and streams are of all seeds' accounts.
std::string describe(const TheftResult& result);
// One JSON object a line: what, figure, goal, holds (null without a goal); figures as in the tables.
std::string goal_lines(const TheftResult& result);

}  // namespace cms::lab
