#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
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
constexpr double kHonestGoal = .01;   // of the honest ones beside them, the rate itself: the first study's

// The one of two that `before` puts first; what is no number is worse than any.
template <typename Before>
double worse(double a, double b, const Before& before) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  return before(a, b) ? a : b;
}

// Over the seeds: the mean of what `get` gives of each theft, and the greatest.
template <typename Theft, typename Get>
double mean(const std::vector<Theft>& thefts, const Get& get) {
  double sum = 0;
  for (const auto& theft : thefts) sum += static_cast<double>(get(theft));
  return sum / static_cast<double>(thefts.size());
}
template <typename Theft, typename Get>
double greatest(const std::vector<Theft>& thefts, const Get& get) {
  double most = get(thefts.front());
  for (const auto& theft : thefts) most = worse(most, get(theft), std::greater<>());
  return most;
}

// One way of printing, over the seeds: errors and printed zeros are the worst seed's, agreement is the mean.
EquationCell cell_of(const std::vector<EquationTheft>& thefts, std::size_t c) {
  EquationCell cell = thefts.front().cells[c];
  for (const auto& theft : thefts) cell.clamped = std::max(cell.clamped, theft.cells[c].clamped);
  cell.error.greatest = greatest(thefts, [c](const auto& one) { return one.cells[c].error.greatest; });
  cell.error.relative = greatest(thefts, [c](const auto& one) { return one.cells[c].error.relative; });
  cell.agreement = mean(thefts, [c](const auto& one) { return one.cells[c].agreement; });
  return cell;
}

std::string equation_table(const std::vector<EquationTheft>& thefts) {
  const auto& first = thefts.front();
  std::string text = fmt::format(
      "a softmax head of {} classes over {} features, fitted to {} rows (accuracy {:.3f}; {:.3f} on {:.0f} others),\n"
      "stolen by solving equations with rows {:.0f}% of which are of its classes; agreement on {} rows not asked\n\n",
      first.classes, first.dimension, first.trained_rows,
      mean(thefts, [](const auto& one) { return one.trained_accuracy; }),
      mean(thefts, [](const auto& one) { return one.fresh_accuracy; }),
      mean(thefts, [](const auto& one) { return one.fresh_rows; }),
      100 * mean(thefts, [](const auto& one) { return one.asked_of_classes; }), first.agreement_rows);
  text += fmt::format("{:<12} {:>7} {:>10} {:>14} {:>14} {:>9}\n", "printed as", "queries", "printed 0",
                      "greatest error", "relative error", "agreement");
  for (std::size_t c = 0; c < first.cells.size(); ++c) {
    const auto cell = cell_of(thefts, c);
    text += fmt::format("{:<12} {:>7} {:>10} {:>14.2e} {:>14.2e} {:>9.4f}\n", precision_name(cell.precision),
                        cell.queries, cell.clamped, cell.error.greatest, cell.error.relative, cell.agreement);
  }
  return text;
}

// The size found that is farthest from the true one.
std::size_t worst_dimension(const std::vector<LogitTheft>& thefts, std::size_t LogitTheft::* found) {
  const auto miss = [found](const LogitTheft& one) {
    return std::max(one.*found, one.true_dimension) - std::min(one.*found, one.true_dimension);
  };
  return (*std::ranges::max_element(thefts, {}, miss)).*found;
}

// One theft for all seeds: what is billed is the same in each, errors and sizes are the worst seed's, and so is the
// fall of the singular values, the least.
LogitTheft worst_of(const std::vector<LogitTheft>& thefts) {
  LogitTheft worst = thefts.front();
  for (const auto found :
       {&LogitTheft::full_dimension, &LogitTheft::bias_dimension, &LogitTheft::honest_dimension}) {
    worst.*found = worst_dimension(thefts, found);
  }
  for (const auto& one : thefts) {
    for (const auto drop : {&LogitTheft::full_drop, &LogitTheft::bias_drop, &LogitTheft::honest_drop}) {
      worst.*drop = worse(worst.*drop, one.*drop, std::less<>());
    }
    for (const auto error : {&LogitTheft::matrix_error, &LogitTheft::bias_matrix_error,
                             &LogitTheft::held_out_error, &LogitTheft::logit_error}) {
      worst.*error = worse(worst.*error, one.*error, std::greater<>());
    }
  }
  return worst;
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
         line("  by bias, of its rows less that of a reference token",
              fmt::format("{:.2e}", theft.bias_matrix_error)) +
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
  const auto seeds = std::max(result.equations.size(), result.logits.size());
  std::string text;
  if (seeds > 1) {
    text = fmt::format("{} seeds: agreement is their mean; errors, sizes and printed zeros are the worst's; accounts "
                       "are those of all\n\n",
                       seeds);
  }
  if (!result.equations.empty()) text += equation_table(result.equations);
  if (!result.equations.empty() && !result.logits.empty()) text += '\n';
  if (!result.logits.empty()) text += logit_table(worst_of(result.logits));
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
  if (!result.equations.empty()) {
    for (std::size_t c = 0; c < result.equations.front().cells.size(); ++c) {
      const auto cell = cell_of(result.equations, c);
      const auto how = fmt::format("{}, {} queries", precision_name(cell.precision), cell.queries);
      const auto what = "greatest error of a stolen weight, " + how;
      if (cell.precision == Precision::float64) at_most(what, cell.error.greatest, kWeightGoal);
      if (cell.precision != Precision::float64) line(what, cell.error.greatest, "-", nullptr);
      line("agreement of the stolen head, " + how, cell.agreement, "-", nullptr);
    }
  }
  if (!result.logits.empty()) {
    const auto theft = worst_of(result.logits);
    const auto dimension = fmt::format("= {}", theft.true_dimension);
    line("hidden size, full logits", theft.full_dimension, dimension, theft.full_dimension == theft.true_dimension);
    line("hidden size, logit bias", theft.bias_dimension, dimension, theft.bias_dimension == theft.true_dimension);
    at_most("output matrix, relative error after alignment", theft.matrix_error, kMatrixGoal);
    at_most("output matrix less a reference row, the same, logit bias", theft.bias_matrix_error, kMatrixGoal);
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
    const auto goal = cell.attack ? fmt::format(">= {}", kFlaggedGoal) : fmt::format("<= {}", kHonestGoal);
    line("accounts flagged, queries of " + cell.name, share, goal,
         cell.attack ? share >= kFlaggedGoal : share <= kHonestGoal);
  }
  return text;
}

}  // namespace cms::lab
