// Theft of a language model's last layer from the logits it gives: hidden size, and output matrix up to a base.
//
// Logits are z = W g with W (vocabulary x h) the output matrix and g (h) the last hidden vector, so the logits of many
// prompts span h dimensions only, however large the vocabulary. The functions see logits, or top log-probabilities
// under a logit bias, and nothing else of the model; any subset of at least h + 1 tokens spans the same h dimensions.
// Reference: Carlini et al., "Stealing Part of a Production Language Model", ICML 2024, arXiv 2403.06634, sections 4
// (full logits) and 5 (top log-probabilities with a logit bias). Threads: pure functions.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace cms::lab {

struct StolenLayer {
  std::size_t dimension = 0;             // the hidden size h
  double drop = 0;                       // singular value h over singular value h + 1
  std::vector<double> singular_values;   // all, falling
  Eigen::MatrixXd projection;            // m x h: U Sigma, the rows of W times an unknown h x h matrix
};

// Sections 4.1 and 4.2 of the paper, on `logits` (n prompts x m tokens): the hidden size is where the logarithm of the
// singular values falls most. What follows the fall has to be float noise (at most 1e-4 of the first, and a tenth of
// the one before). Errors: `usage` when there is no such fall, which is what too few prompts or tokens give;
// `bad_input` for less than 2 prompts or tokens, or a logit that is not finite. Cost: n^2 m for n <= m.
Result<StolenLayer> steal_layer(const Eigen::MatrixXd& logits);

// How well the stolen projection (m x h) is the true one (m x d) after the h x d matrix that suits best: Frobenius norm
// of what is left over that of the truth, which is a root mean square error over the root mean square weight. The
// columns of the projection must be independent, the truth not 0. Cost: m h (h + d).
double alignment_error(const Eigen::MatrixXd& projection, const Eigen::MatrixXd& truth);

// One line of an answer: a token and its log-probability, in float as interfaces print it.
struct TokenLogProbability {
  std::int32_t token = 0;
  float value = 0;
};

// The interface of section 5: the `top` greatest log-probabilities of the next token after `bias` was added to the
// logits of `biased`. One call is one query.
using TopOracle = std::function<std::vector<TokenLogProbability>(std::span<const std::int32_t> biased, double bias)>;

// The server's side, made once a prompt so that a query costs no pass over the vocabulary.
struct TopServer {
  std::vector<float> logits;           // of every token
  std::size_t top = 5;                 // answers a query
  double greatest = 0;                 // logit
  double sum = 0;                      // of exp(logit - greatest)
  std::vector<std::int32_t> leaders;   // the 2 * top tokens of greatest logit, falling
};
// `logits` not empty, `top` >= 1. Cost: the vocabulary.
TopServer serve_top(std::vector<float> logits, std::size_t top);
// `biased`: at most `top` different tokens of the vocabulary; `bias` >= 0. Equal to softmax over the biased logits.
std::vector<TokenLogProbability> answer(const TopServer& server, std::span<const std::int32_t> biased, double bias);

struct StolenLogits {
  std::vector<double> differences;   // logit of each wanted token less that of the reference
  std::uint64_t queries = 0;
};

// Section 5, for interfaces that give several: each query lifts `top` - 1 wanted tokens and the reference to the top.
// Their log-probabilities share the bias and the normaliser, so differences are those of the logits. Costs
// 1 / (top - 1) queries a logit. The wanted tokens differ from one another; the reference among them gets 0 and costs
// nothing.
// Errors: `usage` for `top` < 2; `bad_input` when a lifted token is not in the answer: the bias is too small.
Result<StolenLogits> steal_logits(const TopOracle& ask, std::span<const std::int32_t> wanted, std::int32_t reference,
                                  std::size_t top, double bias);

}  // namespace cms::lab
