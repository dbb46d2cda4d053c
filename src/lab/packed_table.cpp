#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "lab/packed.hpp"
#include "lab/statistics.hpp"

namespace cms::lab {
namespace {

double share(const PackedCell& cell) {
  return cell.accounts > 0 ? static_cast<double>(cell.flagged) / static_cast<double>(cell.accounts) : 0;
}

// Of all accounts, those never flagged being later than any; "-" when that is half of them.
std::string median_of_all(const PackedCell& cell, std::vector<double> flagged) {
  flagged.resize(cell.accounts, HUGE_VAL);
  const double median = upper_median(std::move(flagged));
  return median < HUGE_VAL ? fmt::format("{:.0f}", median) : "-";
}

}  // namespace

std::string describe(const std::vector<PackedCell>& cells) {
  constexpr double kConfidence = .95;
  std::string text, tap;
  for (const auto& cell : cells) {
    if (cell.tap != tap) {
      tap = cell.tap;
      text += fmt::format("{}tap {}\n{:<26} {:>8} {:>8} {:>13} {:>9} {:>10} {:>9} {:>9} {:>9}\n",
                          text.empty() ? "" : "\n", tap, "account", "accounts", "flagged", "95% bounds", "requests",
                          "questions", "points/rq", "reads/rq", "words/rq");
    }
    text += fmt::format("{:<26} {:>8} {:>8.3f} {:>6.3f} {:>6.3f} {:>9} {:>10} {:>9.2f} {:>9.2f} {:>9.1f}\n", cell.name,
                        cell.accounts, share(cell), rate_lower_bound(cell.flagged, cell.accounts, kConfidence),
                        rate_upper_bound(cell.flagged, cell.accounts, kConfidence),
                        median_of_all(cell, cell.flag_requests),
                        cell.honest ? "" : median_of_all(cell, cell.flag_questions), cell.points / cell.requests,
                        cell.sequences / cell.requests, cell.words / cell.requests);
  }
  return text +
         "\nrequests, questions: sent and extracted up to the flag, that request included; median over all accounts "
         "(- = half were not flagged)\npoints, reads, words: shown to the windows, passes and words through the model, "
         "per request\n";
}

std::string goal_lines(const std::vector<PackedCell>& cells) {
  std::string text;
  for (const auto& cell : cells) {
    nlohmann::json holds;
    const bool judged = cell.goal && cell.tap == kChosenTap;
    if (judged) holds = cell.honest ? share(cell) <= *cell.goal : share(cell) >= *cell.goal;
    text += nlohmann::json({{"what", fmt::format("{} through tap {}: flagged", cell.name, cell.tap)},
                            {"figure", share(cell)},
                            {"goal", judged ? fmt::format("{} {:.2f}", cell.honest ? "<=" : ">=", *cell.goal) : "-"},
                            {"holds", holds}})
                .dump() +
            "\n";
  }
  return text;
}

}  // namespace cms::lab
