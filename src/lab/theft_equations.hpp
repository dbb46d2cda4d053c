// Theft by solving equations: a softmax head is recovered from the probabilities it serves.
//
// With classes c and a feature vector x the served probabilities obey log(p_c / p_0) = (w_c - w_0) x + (b_c - b_0),
// which is linear in d + 1 unknowns a class, so d + 1 queries that are not alike give them all. Adding one vector to
// the weights of every class changes no probability: only differences to class 0 can be stolen, and only they are
// compared. The attacker sees queries and answers, nothing else.
// Reference: Tramer, Zhang, Juels, Reiter, Ristenpart, "Stealing Machine Learning Models via Prediction APIs", USENIX
// Security 2016, section 4.1. Threads: pure functions.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cms::lab {

// C x (d + 1): a row a class, the last column is its bias.
using Head = Eigen::MatrixXd;

struct HeadOptions {
  std::uint32_t steps = 300;  // of Nesterov's accelerated gradient descent
  double ridge = 1e-3;        // times half the squared weights, on standardised features
};

// Ridge multinomial logistic regression over `rows` (n x d) with `labels` (n, each < `classes`). Features are
// standardised inside; the head returned works on rows as they come. `rows` must hold at least one row.
// Cost: steps * n * d * classes.
Head fit_head(const Eigen::MatrixXd& rows, std::span<const std::size_t> labels, std::size_t classes,
              const HeadOptions& options = {});

// What the head answers, n x C: softmax of the scores, in double.
Eigen::MatrixXd probabilities(const Head& head, const Eigen::MatrixXd& rows);

// The class of greatest score of each row (n); the first of equal ones.
std::vector<std::size_t> decisions(const Head& head, const Eigen::MatrixXd& rows);

// How an interface prints probabilities: rounding them is the defence of section 7 of the paper.
enum class Precision : std::uint8_t { float64, float32, decimals_4, decimals_3 };

// "float64", "4 decimals".
std::string precision_name(Precision precision);

// The probabilities as the interface prints them; float64 changes nothing.
Eigen::MatrixXd printed(const Eigen::MatrixXd& probabilities, Precision precision);

// What an attacker takes for a probability printed as 0: half of the least number above 0 that the interface prints
// (float64: the least normal number).
double least_probability(Precision precision);

struct StolenHead {
  Head differences;              // (C - 1) x (d + 1): row c - 1 is class c less class 0
  std::uint64_t queries = 0;     // answers used
  std::uint64_t clamped = 0;     // probabilities below `least` that were taken for it
};

// Least squares over the log ratios by column-pivoting QR; with d + 1 queries it is the exact solution. `queries` is
// n x d, `answers` n x C with C >= 2, `least` > 0 replaces smaller answers.
// Errors: `usage` for fewer than d + 1 queries; `bad_input` when shapes do not fit, an answer is negative or not
// finite, or the queries are too alike: the message gives their rank. Cost: n d^2.
Result<StolenHead> steal_head(const Eigen::MatrixXd& queries, const Eigen::MatrixXd& answers, double least);

// How near the stolen differences are to those of the victim.
struct HeadError {
  double greatest = 0;  // absolute error of a weight
  double relative = 0;  // Frobenius norm of the error over that of the truth
};
HeadError compare_heads(const StolenHead& stolen, const Head& victim);

// Share of `rows` (at least one) on which the stolen head decides as the victim does.
double agreement(const StolenHead& stolen, const Head& victim, const Eigen::MatrixXd& rows);

}  // namespace cms::lab
