#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "lab/packed.hpp"
#include "lab/statistics.hpp"

namespace cms::lab {
namespace {

double share(const PackedCell& cell) { return static_cast<double>(cell.flagged) / static_cast<double>(cell.accounts); }

double least(const std::vector<double>& values) { return values.empty() ? 0 : std::ranges::min(values); }

// Of all accounts, those never flagged being later than any; "-" when that is half of them.
std::string median_of_all(const PackedCell& cell, std::vector<double> flagged) {
  flagged.resize(cell.accounts, HUGE_VAL);
  const double median = upper_median(std::move(flagged));
  return median < HUGE_VAL ? fmt::format("{:.0f}", median) : "-";
}

std::string table_row(const PackedCell& cell) {
  constexpr double kConfidence = .95;
  const auto row = fmt::format("{:<26} {:>8} {:>7}", cell.name, cell.accounts, cell.dropped);
  if (cell.accounts == 0) return row + "\n";
  return row + fmt::format(" {:>8.0f} {:>5.0f} {:>8.3f} {:>6.3f} {:>6.3f} {:>7} {:>9} {:>9.2f} {:>8.2f} {:>8.1f}\n",
                           upper_median(cell.sent), least(cell.sent), share(cell),
                           rate_lower_bound(cell.flagged, cell.accounts, kConfidence),
                           rate_upper_bound(cell.flagged, cell.accounts, kConfidence),
                           median_of_all(cell, cell.flag_requests),
                           cell.honest ? "" : median_of_all(cell, cell.flag_questions), cell.points / cell.requests,
                           cell.sequences / cell.requests, cell.words / cell.requests);
}

// "tap lines, horizon 300 points", of each view.
std::string tap_line(const PackedCell& cell) {
  std::string text = fmt::format("tap {}", cell.tap);
  for (std::size_t v = 0; v < cell.horizons.size(); ++v) {
    text += fmt::format("{} {:.0f}", v == 0 ? ", horizon" : " and", cell.horizons[v]);
  }
  return text + (cell.horizons.empty() ? "" : " points");
}

std::string goal_line(const std::string& what, const nlohmann::json& figure, const std::string& goal,
                      const nlohmann::json& holds) {
  return nlohmann::json({{"what", what}, {"figure", figure}, {"goal", goal}, {"holds", holds}}).dump() + "\n";
}

}  // namespace

std::string describe(const std::vector<PackedCell>& cells) {
  std::string text, tap;
  for (const auto& cell : cells) {
    if (cell.tap != tap) {
      tap = cell.tap;
      text += fmt::format("{}{}\n{:<26} {:>8} {:>7} {:>8} {:>5} {:>8} {:>13} {:>7} {:>9} {:>9} {:>8} {:>8}\n",
                          text.empty() ? "" : "\n", tap_line(cell), "account", "accounts", "dropped", "requests",
                          "least", "flagged", "95% bounds", "to flag", "questions", "points/rq", "reads/rq",
                          "words/rq");
    }
    text += table_row(cell);
  }
  return text +
         "\nrequests, least: that an account sent, the median and the fewest; dropped: accounts beside these for which "
         "texts sufficed for too few\nto flag, questions: requests sent and questions extracted up to the flag, that "
         "request included; median over all accounts (- = half were not flagged)\npoints, reads, words: shown to the "
         "windows, passes and words through the model, per request\n";
}

std::string goal_lines(const std::vector<PackedCell>& cells) {
  std::string text;
  for (const auto& cell : cells) {
    nlohmann::json figure, holds;
    const bool judged = cell.goal && cell.tap == kChosenTap;
    if (cell.accounts > 0) figure = share(cell);
    if (judged && cell.accounts > 0) holds = cell.honest ? share(cell) <= *cell.goal : share(cell) >= *cell.goal;
    text += goal_line(fmt::format("{} through tap {}: flagged", cell.name, cell.tap), figure,
                      judged ? fmt::format("{} {:.2f}", cell.honest ? "<=" : ">=", *cell.goal) : "-", holds);
  }
  for (const auto& cell : cells) {
    if (cell.tap != cells.front().tap) continue;  // every tap reads the same accounts
    text += goal_line(cell.name + ": requests sent, median", upper_median(cell.sent), "-", nullptr);
    text += goal_line(cell.name + ": requests sent, least", least(cell.sent), "-", nullptr);
    text += goal_line(cell.name + ": accounts dropped for having too few", cell.dropped, "-", nullptr);
  }
  return text;
}

}  // namespace cms::lab
