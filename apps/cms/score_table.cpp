#include "score_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

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

}  // namespace

std::string score_table(std::span<const AccountScore> scores, bool colours) {
  std::size_t width = std::string_view("account").size();
  for (const auto& one : scores) width = std::max(width, std::min(kAccountMax, width_of(one.account)));
  std::string table = fmt::format("{}  {:>8}  {:>8}  {:<14}  {:<8}  {:>8}  {:>10}  {}\n", column("account", width),
                                  "requests", "PoH", "lowest", "action", "coverage", "confidence", "main reasons");
  std::size_t flagged = 0, computed = 0;
  for (const auto& [account, score] : scores) {
    const auto action = cms::policy::decide({}, score);
    table += fmt::format("{}  {:>8}  {:>8}  {:<14}  {}  {:>8}  {:>10}  {}\n", column(account, width), score.requests,
                         poh_text(score), lowest_text(score),
                         paint(fmt::format("{:<8}", score.computed ? cms::name(action) : "-"), action,
                               colours && score.computed),
                         percent(score.coverage, true), percent(score.confidence, score.computed),
                         score.computed ? reasons_text(score, 3) : score.why);
    computed += score.computed ? 1 : 0;
    flagged += score.computed && score.poh_min <= cms::kFlagged ? 1 : 0;
  }
  table += fmt::format("{} of {} scored came to PoH <= {}; {} not computed.\n", flagged, computed, cms::kFlagged,
                       scores.size() - computed);
  return table;
}
