#include "score_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "policy/policy.hpp"
#include "terminal.hpp"

namespace {

constexpr std::size_t kAccountMax = 40;

std::string percent(double share, bool known) { return known ? fmt::format("{:.0f}%", 100 * share) : "-"; }

std::string lowest_text(const cms::Score& score) {
  return score.computed && score.requests_at_min > 0
             ? fmt::format("{} at {}", poh_min_text(score), score.requests_at_min)
             : poh_min_text(score);
}

// One line of the table, column by column.
struct Cells {
  std::string account, requests, poh, lowest, action, coverage, confidence, reasons;
};

Cells heading() { return {"account", "requests", "PoH", "lowest", "action", "coverage", "confidence", "main reasons"}; }

Cells cells_of(const AccountScore& one) {
  const auto& score = one.score;
  return {.account = one.account,
          .requests = fmt::format("{}", score.requests),
          .poh = poh_text(score),
          .lowest = lowest_text(score),
          .action = score.computed ? std::string(cms::name(cms::policy::decide({}, score))) : "-",
          .coverage = percent(score.coverage, true),
          .confidence = percent(score.confidence, score.computed),
          .reasons = score.computed ? reasons_text(score, 3) : why(score)};
}

// `painted` is the action's cell as it is shown.
std::string line_of(const Cells& cells, std::size_t account_width, std::size_t columns,
                    const std::function<std::string(std::string)>& painted) {
  constexpr std::size_t kReasonsMin = 12;
  const auto before = fmt::format("{}  {:>8}  {:>7}  {:<12}  ", column(cells.account, account_width), cells.requests,
                                  cells.poh, cells.lowest);
  const auto action = fmt::format("{:<7}", cells.action);
  const auto after = fmt::format("  {:>8}  {:>10}  ", cells.coverage, cells.confidence);
  const std::size_t taken = width_of(before) + action.size() + after.size();
  const std::size_t room = std::max(kReasonsMin, columns - std::min(columns, taken));
  const bool fits = columns == 0 || width_of(cells.reasons) <= room;
  return before + painted(action) + after + (fits ? cells.reasons : column(cells.reasons, room)) + "\n";
}

}  // namespace

std::string score_table(std::span<const AccountScore> scores, bool colours, std::size_t columns) {
  std::size_t width = heading().account.size();
  for (const auto& one : scores) width = std::max(width, std::min(kAccountMax, width_of(one.account)));
  std::string table = line_of(heading(), width, columns, [](std::string text) { return text; });
  std::size_t flagged = 0, computed = 0;
  for (const auto& one : scores) {
    table += line_of(cells_of(one), width, columns, [&](std::string text) {
      return paint(std::move(text), cms::policy::decide({}, one.score), colours && one.score.computed);
    });
    computed += one.score.computed ? 1 : 0;
    flagged += one.score.computed && one.score.poh_min <= cms::kFlagged ? 1 : 0;
  }
  table += fmt::format("{} of {} scored came to PoH <= {}; {} not computed.\n", flagged, computed, cms::kFlagged,
                       scores.size() - computed);
  return table;
}
