#include "lab/theft_logits.hpp"

#include <fmt/format.h>

#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace cms::lab {
namespace {

constexpr double kNoise = 1e-4;     // of the first singular value: float logits leave about 1e-6
constexpr double kLeastDrop = 10;   // singular values of full rank fall by less from one to the next

}  // namespace

Result<StolenLayer> steal_layer(const Eigen::MatrixXd& logits) {
  if (logits.rows() < 2 || logits.cols() < 2 || !logits.allFinite()) {
    return fail(ErrorCode::bad_input, "the attack needs finite logits of at least 2 prompts and 2 tokens");
  }
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(logits.transpose(), Eigen::ComputeThinU);
  const Eigen::VectorXd& values = svd.singularValues();
  // Below this a singular value is rounding, and its logarithm says nothing.
  const double floor = std::max(values(0) * std::numeric_limits<double>::epsilon() *
                                    static_cast<double>(std::max(logits.rows(), logits.cols())),
                                std::numeric_limits<double>::min());
  StolenLayer layer;
  for (Eigen::Index i = 0; i + 1 < values.size(); ++i) {
    const double drop = std::max(values(i), floor) / std::max(values(i + 1), floor);
    if (drop <= layer.drop) continue;
    layer.drop = drop;
    layer.dimension = static_cast<std::size_t>(i) + 1;
  }
  const auto h = static_cast<Eigen::Index>(layer.dimension);
  if (layer.drop < kLeastDrop || values(h) > kNoise * values(0)) {
    return fail(ErrorCode::usage, fmt::format("{} prompts by {} tokens show no end of the singular values: ask more of "
                                              "both than the hidden size", logits.rows(), logits.cols()));
  }
  layer.singular_values.assign(values.begin(), values.end());
  layer.projection = svd.matrixU().leftCols(h) * values.head(h).asDiagonal();
  return layer;
}

double alignment_error(const Eigen::MatrixXd& projection, const Eigen::MatrixXd& truth) {
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> solver(projection);
  const Eigen::MatrixXd base = solver.solve(truth);
  return (truth - projection * base).norm() / truth.norm();
}

TopServer serve_top(std::vector<float> logits, std::size_t top) {
  TopServer server;
  server.top = top;
  server.greatest = *std::ranges::max_element(logits);
  for (const float logit : logits) server.sum += std::exp(logit - server.greatest);
  server.leaders.resize(logits.size());
  std::iota(server.leaders.begin(), server.leaders.end(), 0);
  const auto kept = static_cast<std::ptrdiff_t>(std::min(logits.size(), 2 * top));
  std::partial_sort(server.leaders.begin(), server.leaders.begin() + kept, server.leaders.end(),
                    [&](std::int32_t a, std::int32_t b) {
                      return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
                    });
  server.leaders.resize(static_cast<std::size_t>(kept));
  server.leaders.shrink_to_fit();
  server.logits = std::move(logits);
  return server;
}

std::vector<TokenLogProbability> answer(const TopServer& server, std::span<const std::int32_t> biased, double bias) {
  std::vector<std::pair<double, std::int32_t>> candidates;
  double greatest = server.greatest;
  double taken = 0;
  for (const auto token : biased) {
    candidates.emplace_back(server.logits[token] + bias, token);
    greatest = std::max(greatest, candidates.back().first);
    taken += std::exp(server.logits[token] - server.greatest);
  }
  double sum = std::max(server.sum - taken, 0.0) * std::exp(server.greatest - greatest);
  for (const auto& candidate : candidates) sum += std::exp(candidate.first - greatest);
  for (const auto token : server.leaders) {
    if (std::ranges::find(biased, token) == biased.end()) candidates.emplace_back(server.logits[token], token);
  }
  std::ranges::sort(candidates, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  candidates.resize(std::min(candidates.size(), server.top));
  const double normaliser = greatest + std::log(sum);
  std::vector<TokenLogProbability> result;
  for (const auto& [value, token] : candidates) result.push_back({token, static_cast<float>(value - normaliser)});
  return result;
}

Result<StolenLogits> steal_logits(const TopOracle& ask, std::span<const std::int32_t> wanted, std::int32_t reference,
                                  std::size_t top, double bias) {
  if (top < 2) return fail(ErrorCode::usage, "the attack needs at least 2 log-probabilities a query");
  StolenLogits stolen;
  stolen.differences.assign(wanted.size(), 0);
  std::vector<std::size_t> open;  // places in `wanted`
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] != reference) open.push_back(i);
  }
  for (std::size_t first = 0; first < open.size(); first += top - 1) {
    const auto part = std::span(open).subspan(first, std::min(top - 1, open.size() - first));
    std::vector<std::int32_t> lifted = {reference};
    for (const auto i : part) lifted.push_back(wanted[i]);
    const auto answers = ask(lifted, bias);
    ++stolen.queries;
    std::vector<double> values;
    for (const auto token : lifted) {
      const auto found = std::ranges::find(answers, token, &TokenLogProbability::token);
      if (found == answers.end()) {
        return fail(ErrorCode::bad_input, fmt::format("a bias of {} does not lift token {} into the answer: use a "
                                                      "greater one", bias, token));
      }
      values.push_back(found->value);
    }
    for (std::size_t k = 0; k < part.size(); ++k) stolen.differences[part[k]] = values[k + 1] - values[0];
  }
  return stolen;
}

}  // namespace cms::lab
