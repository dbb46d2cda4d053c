#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lab/statistics.hpp"
#include "lab/theft.hpp"
#include "types/score.hpp"

namespace cms::lab {
namespace {

// Goals were set before the first run.
constexpr double kWeightGoal = 1e-4;
constexpr double kLogitGoal = 1e-4;
constexpr double kMatrixGoal = 1e-3;
constexpr double kFlaggedGoal = .99;  // of the accounts that send a theft's queries: the first study's for attackers

std::string equation_table(const EquationTheft& theft) {
  std::string text = fmt::format(
      "a softmax head of {} classes over {} features, fitted to {} rows (accuracy {:.3f}; {:.3f} on {} others),\n"
      "stolen by solving equations with rows {:.0f}% of which are of its classes; agreement on {} rows not asked\n\n",
      theft.classes, theft.dimension, theft.trained_rows, theft.trained_accuracy, theft.fresh_accuracy,
      theft.fresh_rows, 100 * theft.asked_of_classes, theft.agreement_rows);
  text += fmt::format("{:<12} {:>7} {:>10} {:>14} {:>14} {:>9}\n", "printed as", "queries", "printed 0",
                      "greatest error", "relative error", "agreement");
  for (const auto& cell : theft.cells) {
    text += fmt::format("{:<12} {:>7} {:>10} {:>14.2e} {:>14.2e} {:>9.4f}\n", precision_name(cell.precision),
                        cell.queries, cell.clamped, cell.error.greatest, cell.error.relative, cell.agreement);
  }
  return text;
}

std::string logit_table(const LogitTheft& theft) {
  const auto line = [](const std::string& what, const std::string& figure) {
    return fmt::format("{:<58} {:>14}\n", what, figure);
  };
  std::string text =
      fmt::format("a language model, stolen from the next-token answers to {} random prompts, {} of {} tokens\n\n",
                     theft.prompts, theft.tokens, theft.vocabulary) +
         line("hidden size (secret)", fmt::format("{}", theft.true_dimension)) +
         line("  found from full logits", fmt::format("{}", theft.full_dimension)) +
         line("    fall of the singular values there, times", fmt::format("{:.3g}", theft.full_drop)) +
         line("  found from top log-probabilities under a bias", fmt::format("{}", theft.bias_dimension)) +
         line("    fall of the singular values there, times", fmt::format("{:.3g}", theft.bias_drop)) +
         line("output matrix: error after alignment, relative", fmt::format("{:.2e}", theft.matrix_error)) +
         line("logits of fresh prompts outside the stolen span, relative",
              fmt::format("{:.2e}", theft.held_out_error)) +
         line(fmt::format("greatest error of {} logits stolen by bias", theft.compared),
              fmt::format("{:.2e}", theft.logit_error)) +
         line("queries under a bias", fmt::format("{}", theft.bias_queries)) +
         line("  a logit", fmt::format("{:.3f}", static_cast<double>(theft.bias_queries) /
                                                     static_cast<double>(theft.bias_logits)));
  if (theft.honest_requests > 0) {
    text += line(fmt::format("hidden size found from {} requests of an honest account", theft.honest_requests),
                 fmt::format("{}", theft.honest_dimension)) +
            line("    fall of the singular values there, times", fmt::format("{:.3g}", theft.honest_drop));
  }
  return text;
}

double flagged_share(const StreamCell& cell) {
  const auto never = std::ranges::count(cell.first_flags, 0U);
  return 1 - static_cast<double>(never) / static_cast<double>(cell.first_flags.size());
}

std::string stream_table(std::span<const StreamCell> streams) {
  std::string text = fmt::format("accounts that send a theft's queries; flagged at PoH <= {}\n\n", kFlagged) +
                     fmt::format("{:<18} {:>8} {:>8} {:>8} {:>8} {:>11} {:>11}\n", "queries of", "accounts", "requests",
                                 "texts", "flagged", "first flag", "lowest PoH");
  for (const auto& cell : streams) {
    std::vector<double> delays;
    for (const auto flag : cell.first_flags) {
      if (flag > 0) delays.push_back(flag);
    }
    text += fmt::format("{:<18} {:>8} {:>8} {:>8} {:>8.2f} {:>11} {:>11.4f}\n", cell.name, cell.poh_min.size(),
                        cell.requests, cell.distinct, flagged_share(cell),
                        delays.empty() ? "-" : fmt::format("{:.0f}", upper_median(delays)), upper_median(cell.poh_min));
  }
  return text;
}

}  // namespace

std::string describe(const TheftResult& result) {
  std::string text;
  if (result.equations) text += equation_table(*result.equations);
  if (result.equations && result.logits) text += '\n';
  if (result.logits) text += logit_table(*result.logits);
  if (!result.streams.empty()) text += '\n' + stream_table(result.streams);
  return text;
}

std::string goal_lines(const TheftResult& result) {
  std::string text;
  const auto line = [&](const std::string& what, const nlohmann::json& figure, const nlohmann::json& goal,
                        const nlohmann::json& held) {
    text += nlohmann::json({{"what", "theft: " + what}, {"figure", figure}, {"goal", goal}, {"holds", held}}).dump() +
            "\n";
  };
  const auto at_most = [&](const std::string& what, double figure, double goal) {
    line(what, figure, fmt::format("<= {:.0e}", goal), figure <= goal);
  };
  if (result.equations) {
    for (const auto& cell : result.equations->cells) {
      const auto how = fmt::format("{}, {} queries", precision_name(cell.precision), cell.queries);
      const auto what = "greatest error of a stolen weight, " + how;
      if (cell.precision == Precision::float64) at_most(what, cell.error.greatest, kWeightGoal);
      if (cell.precision != Precision::float64) line(what, cell.error.greatest, "-", nullptr);
      line("agreement of the stolen head, " + how, cell.agreement, "-", nullptr);
    }
  }
  if (result.logits) {
    const auto& theft = *result.logits;
    const auto dimension = fmt::format("= {}", theft.true_dimension);
    line("hidden size, full logits", theft.full_dimension, dimension, theft.full_dimension == theft.true_dimension);
    line("hidden size, logit bias", theft.bias_dimension, dimension, theft.bias_dimension == theft.true_dimension);
    at_most("output matrix, relative error after alignment", theft.matrix_error, kMatrixGoal);
    at_most("greatest error of a logit, logit bias", theft.logit_error, kLogitGoal);
    line("fresh logits outside the stolen span, relative", theft.held_out_error, "-", nullptr);
    if (theft.honest_requests > 0) {
      line(fmt::format("hidden size, answers to {} requests of an honest account", theft.honest_requests),
           theft.honest_dimension, dimension, theft.honest_dimension == theft.true_dimension);
    }
    line("queries a logit, logit bias",
         static_cast<double>(theft.bias_queries) / static_cast<double>(theft.bias_logits), "-", nullptr);
  }
  for (const auto& cell : result.streams) {
    const double share = flagged_share(cell);
    if (!cell.attack) line("accounts flagged, queries of " + cell.name, share, "-", nullptr);
    if (!cell.attack) continue;
    line("accounts flagged, queries of " + cell.name, share, fmt::format(">= {}", kFlaggedGoal), share >= kFlaggedGoal);
  }
  return text;
}

}  // namespace cms::lab
