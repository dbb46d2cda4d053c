#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "lab/mmd.hpp"
#include "lab/statistics.hpp"

namespace cms::lab {
namespace {

constexpr std::uint32_t kStudyWindow = 100;  // requests of a window of the study, and how many it judged of each kind
constexpr double kStudyWindows = 50;
constexpr double kHonestMost = .02;
constexpr double kQuarterLeast = .80;  // of windows with a share of .25, whatever the study came to

std::optional<double> share_flagged(const MmdCell& cell, std::size_t detector) {
  if (!cell.flagged[detector] || cell.windows == 0) return std::nullopt;
  return static_cast<double>(*cell.flagged[detector]) / static_cast<double>(cell.windows);
}

// The study's rate in a cell; nothing for windows of other lengths.
std::optional<double> study_rate(const MmdCell& cell) {
  if (cell.window != kStudyWindow) return std::nullopt;
  for (const auto& pair : kWindowPairs) {
    for (std::size_t s = 0; s < kWindowShares.size(); ++s) {
      if (cell.pair == pair.name && cell.share == kWindowShares[s]) return pair.study[s];
    }
  }
  return std::nullopt;
}

std::string shown(const std::optional<double>& figure) {
  return figure ? fmt::format("{:.3f}", *figure) : "-";
}

}  // namespace

std::string describe(const std::vector<MmdCell>& cells) {
  std::string text = fmt::format("{:<12} {:>6} {:>5} {:>7} {:>6}", "share flagged", "window", "share", "windows",
                                 "study");
  for (const auto* detector : kWindowDetectors) text += fmt::format(" {:>12}", detector);
  text += "  interval of " + std::string(kWindowDetectors[static_cast<std::size_t>(kChosenDetector)]) + "\n";
  for (const auto& cell : cells) {
    text += fmt::format("{:<12} {:>6} {:>5.2f} {:>7} {:>6}", cell.pair, cell.window, cell.share, cell.windows,
                        shown(study_rate(cell)));
    for (std::size_t d = 0; d < kWindowDetectors.size(); ++d) {
      text += fmt::format(" {:>12}", shown(share_flagged(cell, d)));
    }
    const auto hits = cell.flagged[static_cast<std::size_t>(kChosenDetector)].value_or(0);
    text += fmt::format("  [{:.3f}, {:.3f}]\n", rate_lower_bound(hits, cell.windows, .95),
                        rate_upper_bound(hits, cell.windows, .95));
  }
  return text +
         "study: what its own detector came to, 50 windows a cell; -: not measured, the pair's honest rows do not "
         "suffice for an atlas;\ninterval: Clopper-Pearson, one-sided 95% each way, as if windows of one seed had no "
         "texts in common\n";
}

std::string goal_lines(const std::vector<MmdCell>& cells) {
  std::string text;
  for (const auto& pair : kWindowPairs) {
    if (std::any_of(cells.begin(), cells.end(), [&](const MmdCell& cell) { return cell.pair == pair.name; })) continue;
    const auto what = fmt::format("mmd: {}, too few rows for any window", pair.name);
    text += nlohmann::json({{"what", what}, {"figure", nullptr}, {"goal", "-"}, {"holds", nullptr}}).dump() + "\n";
  }
  for (const auto& cell : cells) {
    const auto study = study_rate(cell);
    for (std::size_t d = 0; d < kWindowDetectors.size(); ++d) {
      const auto figure = share_flagged(cell, d);
      nlohmann::json line = {{"what", fmt::format("mmd: share of windows of {} flagged, {}, share {:.2f}, {}",
                                                  cell.window, cell.pair, cell.share, kWindowDetectors[d])},
                             {"figure", figure ? nlohmann::json(*figure) : nlohmann::json()},
                             {"goal", "-"},
                             {"holds", nullptr}};
      if (study && d == static_cast<std::size_t>(kChosenDetector) && figure) {
        const double error = std::sqrt(*study * (1 - *study) / kStudyWindows);
        const double least = std::max(*study - 2 * error, cell.share == .25 ? kQuarterLeast : 0.0);
        line["goal"] = cell.share == 0 ? fmt::format("<= {:.2f}", kHonestMost) : fmt::format(">= {:.3f}", least);
        line["holds"] = cell.share == 0 ? *figure <= kHonestMost : *figure >= least;
      }
      text += line.dump() + "\n";
    }
  }
  return text;
}

}  // namespace cms::lab
