#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <nlohmann/json.hpp>

#include "lab/first_study.hpp"
#include "lab/statistics.hpp"
#include "types/score.hpp"

namespace cms::lab {
namespace {

struct Summary {
  double mean = 0;
  double least = 1;
  double greatest = 0;
};

// Over the seeds in which the cell has accounts: of the others nothing is known.
template <typename Get>
Summary over_seeds(const std::vector<std::uint32_t>& accounts, const Get& get) {
  Summary summary;
  const auto seeds = static_cast<double>(accounts.size()) - static_cast<double>(std::ranges::count(accounts, 0U));
  for (std::size_t s = 0; s < accounts.size(); ++s) {
    if (accounts[s] == 0) continue;
    const double value = get(s);
    summary.mean += value / seeds;
    summary.least = std::min(summary.least, value);
    summary.greatest = std::max(summary.greatest, value);
  }
  return summary;
}

Summary of_mix(const FirstStudyResult& result, double MixFlagged::*share) {
  Summary summary;
  for (const auto& one : result.mixes) {
    summary.mean += one.*share / static_cast<double>(result.mixes.size());
    summary.greatest = std::max(summary.greatest, one.*share);
  }
  return summary;
}

Summary flagged(const CellResult& cell) {
  return over_seeds(cell.accounts, [&](std::size_t s) { return cell.configurations[s][0].flagged; });
}

double mean_area(const CellResult& cell, std::size_t configuration) {
  return over_seeds(cell.accounts, [&](std::size_t s) { return cell.configurations[s][configuration].area; })
      .mean;
}

// Median request of the first flag, averaged over the seeds that flagged anybody; 0 = none did.
double mean_first_flag(const CellResult& cell) {
  double sum = 0, seeds = 0;
  for (const double median : cell.median_first_flag) {
    sum += median;
    seeds += median > 0 ? 1 : 0;
  }
  return seeds > 0 ? sum / seeds : 0;
}

// Accounts of all seeds, and how many of them were flagged.
std::pair<std::uint64_t, std::uint64_t> pooled(const CellResult& cell) {
  std::uint64_t hits = 0, trials = 0;
  for (std::size_t s = 0; s < cell.accounts.size(); ++s) {
    hits += static_cast<std::uint64_t>(cell.configurations[s][0].flagged * cell.accounts[s] + 0.5);
    trials += cell.accounts[s];
  }
  return {hits, trials};
}

// With nobody in it a cell says nothing.
bool has_goal(const CellResult& cell) { return cell.goal && pooled(cell).second > 0; }

bool holds(const CellResult& cell) {
  if (!cell.honest) return flagged(cell).mean >= *cell.goal;
  const auto [hits, trials] = pooled(cell);
  return rate_lower_bound(hits, trials, .95) <= *cell.goal;
}

double rival_flagged(const CellResult& cell, std::size_t rival) {
  return over_seeds(cell.accounts, [&](std::size_t s) { return cell.rivals[s][rival].flagged; }).mean;
}

// At the threshold at which it would keep the goals of honest accounts.
double rival_matched(const CellResult& cell, std::size_t rival) {
  return over_seeds(cell.accounts, [&](std::size_t s) { return cell.rivals[s][rival].matched; }).mean;
}

// The rival that flags most of a cell at matched honest rates, and what it flags. Requires a rival.
std::pair<std::size_t, double> best_rival(const CellResult& cell, std::size_t rivals) {
  std::pair<std::size_t, double> best = {0, rival_matched(cell, 0)};
  for (std::size_t r = 1; r < rivals; ++r) {
    if (rival_matched(cell, r) > best.second) best = {r, rival_matched(cell, r)};
  }
  return best;
}

std::string goal_text(const CellResult& cell) {
  if (!cell.goal) return "-";
  return fmt::format("{}{:.2f}", cell.honest ? "<= " : ">= ", *cell.goal);
}

std::string main_table(const FirstStudyResult& result) {
  std::string text = fmt::format("{:<30} {:>8} {:>13} {:>6} {:>7} {:>8} {:>5} {:>14}", "share flagged (PoH <= .01)",
                                 "accounts", "mean (worst)", "AUC", "median", "goal", "holds", "95% interval");
  text += '\n';
  for (const auto& cell : result.cells) {
    const auto share = flagged(cell);
    const auto [hits, trials] = pooled(cell);
    const double delay = mean_first_flag(cell);
    text +=
        fmt::format("{:<30} {:>8} {:>5.3f} ({:.3f}) {:>7.3f} {:>6} {:>9} {:>5} [{:.3f}, {:.3f}]", cell.name, trials,
                    share.mean, cell.honest ? share.greatest : share.least, mean_area(cell, 0),
                    delay > 0 ? fmt::format("{:.0f}", delay) : "-", goal_text(cell),
                    !has_goal(cell) ? ""
                    : holds(cell) ? "yes"
                                  : "NO",
                    rate_lower_bound(hits, trials, .95), rate_upper_bound(hits, trials, .95));
    text += '\n';
  }
  return text;
}

std::string rival_table(const FirstStudyResult& result) {
  std::string text = fmt::format("{:<30} {:>12} {:>8} {:>8}", "flagged (matched), AUC", "CMS", "request", "ten");
  for (const auto& rival : result.rivals) text += fmt::format(" | {:>20}", rival);
  text += '\n';
  for (const auto& cell : result.cells) {
    text += fmt::format("{:<30} {:>5.3f} {:>6.3f} {:>8.3f} {:>8.3f}", cell.name, flagged(cell).mean,
                        mean_area(cell, 0),
                        over_seeds(cell.accounts, [&](auto s) { return cell.request_areas[s]; }).mean,
                        over_seeds(cell.accounts, [&](auto s) { return cell.united_areas[s]; }).mean);
    for (std::size_t r = 0; r < result.rivals.size(); ++r) {
      text += fmt::format(" | {:>5.3f} ({:.3f}) {:>6.3f}", rival_flagged(cell, r), rival_matched(cell, r),
                          over_seeds(cell.accounts, [&](auto s) { return cell.rivals[s][r].area; }).mean);
    }
    text += '\n';
  }
  return text +
         "request: AUC of single requests, each judged alone by a classifier that was shown both kinds of text\n"
         "ten: AUC of Kesarwani's coverage of ten accounts seen as one, against ten honest accounts of a kind\n"
         "matched: at a threshold raised until the rival flags no kind of honest accounts beyond its goal\n";
}

std::string channel_table(const FirstStudyResult& result) {
  std::string text = fmt::format("{:<30} {:>6}", "AUC: all, each alone, each out", "all");
  for (std::size_t k = 1; k <= kChannelCount; ++k) text += fmt::format(" {:>10}", result.configurations[k].name);
  text += " |";
  for (std::size_t k = 1; k <= kChannelCount; ++k) text += fmt::format(" -{:<9}", result.configurations[k].name);
  text += '\n';
  for (const auto& cell : result.cells) {
    text += fmt::format("{:<30} {:>6.3f}", cell.name, mean_area(cell, 0));
    for (std::size_t k = 1; k <= kChannelCount; ++k) text += fmt::format(" {:>10.3f}", mean_area(cell, k));
    text += " |";
    for (std::size_t k = 1; k <= kChannelCount; ++k)
      text += fmt::format(" {:>10.3f}", mean_area(cell, kChannelCount + k));
    text += '\n';
  }
  return text;
}

std::string trained_table(const FirstStudyResult& result) {
  std::string text = fmt::format("{:<30} {:>14} {:>14} {:>14}\n", "flagged, AUC", "label-free", "trained", "both");
  for (const auto& cell : result.cells) {
    const auto two = [&](const std::vector<Verdict>& verdicts) {
      return fmt::format(" {:>6.3f} {:>7.3f}",
                         over_seeds(cell.accounts, [&](auto s) { return verdicts[s].flagged; }).mean,
                         over_seeds(cell.accounts, [&](auto s) { return verdicts[s].area; }).mean);
    };
    text += fmt::format("{:<30} {:>6.3f} {:>7.3f}", cell.name, flagged(cell).mean, mean_area(cell, 0));
    text += two(cell.trained) + two(cell.combined) + "\n";
  }
  if (!result.mixes.empty()) {
    const auto free = of_mix(result, &MixFlagged::label_free), trained = of_mix(result, &MixFlagged::trained),
               both = of_mix(result, &MixFlagged::combined);
    text += fmt::format("{:<30} {:>6.3f} ({:.3f}) {:>6.3f} ({:.3f}) {:>6.3f} ({:.3f})\n", "honest, mixed as they rank",
                        free.mean, free.greatest, trained.mean, trained.greatest, both.mean, both.greatest);
  }
  return text +
         "trained: attackers' own families were left out of training, honest rows are the worst of those scores;\n"
         "both: the lesser of the two PoH, twice (AUC over PoH)\n"
         "mixed as they rank: whom the promise is made to, under each trained score by itself; mean (worst) of all "
         "seeds\n";
}

// What attackers that are all alike come to, beside everybody else.
std::string likeness_table(const FirstStudyResult& result) {
  std::string text =
      fmt::format("{:<30} {:>8} {:>7} {:>7} {:>6}\n", "cosine of two requests", "requests", "least", "mean", "held");
  for (const auto& cell : result.cells) {
    std::vector<double> requests, least, mean;
    double held = 0;
    for (const auto& one : cell.likeness) {
      requests.push_back(one.requests);
      least.push_back(one.least);
      mean.push_back(one.mean);
      held += cell.similarity && one.least >= *cell.similarity ? 1 : 0;
    }
    const auto count = static_cast<double>(std::max<std::size_t>(1, cell.likeness.size()));
    text += fmt::format("{:<30} {:>8.0f} {:>7.3f} {:>7.3f} {:>6}\n", cell.name, upper_median(std::move(requests)),
                        upper_median(std::move(least)), upper_median(std::move(mean)),
                        cell.similarity ? fmt::format("{:.3f}", held / count) : "-");
  }
  return text +
         "medians over accounts, cosines in the atlas; held: accounts of which every two requests have at least the "
         "cosine that the cell is named after\n";
}

// Real conversations only, against composed honest accounts: whether composing makes accounts as coherent as people
// are.
std::string coherence_line(const FirstStudyResult& result) {
  const auto coherence = 1 + static_cast<std::size_t>(Channel::coherence);
  for (const auto& cell : result.cells) {
    if (cell.name != "conversations") continue;
    return fmt::format(
        "\ncoherence alone, real conversations only: AUC {:.3f} against composed honest accounts (0.5 = alike), "
        "flagged {:.3f}\n",
        mean_area(cell, coherence),
        over_seeds(cell.accounts, [&](auto s) { return cell.configurations[s][coherence].flagged; }).mean);
  }
  return "";
}

std::string left_out_line(const FirstStudyResult& result) {
  if (result.left_out.empty()) return "";
  return fmt::format("\nleft out, since the data have too few texts for an account: {}\n",
                     fmt::join(result.left_out, "; "));
}

}  // namespace

std::string describe(const FirstStudyResult& result) {
  const std::size_t seeds = result.cells.empty() ? 0 : result.cells.front().accounts.size();
  return fmt::format(
             "first study: {} seeds, horizon {} requests, evaluated every {} requests from the 16th on\n"
             "mean over seeds (worst seed); median = requests to the first flag; interval: Clopper-Pearson, one-sided "
             "95% each way\n\n",
             seeds, result.horizon, result.stride) +
         main_table(result) + "\n" + rival_table(result) + "\n" + trained_table(result) + "\n" +
         channel_table(result) + "\n" + likeness_table(result) + coherence_line(result) + left_out_line(result);
}

std::string goal_lines(const FirstStudyResult& result) {
  std::string text;
  std::vector<double> narrow;
  const auto line = [&](const std::string& what, double figure, const nlohmann::json& goal,
                        const nlohmann::json& held) {
    text += nlohmann::json({{"what", what}, {"figure", figure}, {"goal", goal}, {"holds", held}}).dump() + "\n";
  };
  for (const auto& cell : result.cells) {
    const std::string what = "first-study: share flagged, " + cell.name;
    line(what, flagged(cell).mean, goal_text(cell), has_goal(cell) ? nlohmann::json(holds(cell)) : nlohmann::json());
    const double trained = over_seeds(cell.accounts, [&](auto s) { return cell.trained[s].flagged; }).mean;
    line("first-study: share flagged by the trained score, " + cell.name, trained, "-", nullptr);
    if (is_narrow_stream(cell.name)) narrow.push_back(trained);
    if (cell.honest) continue;
    if (const auto most = goal_of(cell.name, result.goals).median_first_flag) {
      const double first = mean_first_flag(cell);
      line("first-study: median first flag, " + cell.name, first, fmt::format("<= {:.0f} requests", *most),
           first > 0 && first <= *most);
    }
    // A catch is claimed where more are flagged than the promise allows for honest accounts.
    const auto [rival, most] = best_rival(cell, result.rivals.size());
    const double own = flagged(cell).mean;
    line("first-study: flagged no less than by the best rival, " + cell.name, own,
         fmt::format("no less than {:.3f} ({}, at matched honest rates), where > .02", most, result.rivals[rival]),
         own > 2 * kFlagged ? nlohmann::json(own >= most) : nlohmann::json());
    line("first-study: AUC of single requests, " + cell.name,
         over_seeds(cell.accounts, [&](auto s) { return cell.request_areas[s]; }).mean, "-", nullptr);
  }
  const std::pair<const char*, double MixFlagged::*> promised[] = {
      {"label-free", &MixFlagged::label_free}, {"trained", &MixFlagged::trained}, {"both", &MixFlagged::combined}};
  for (const auto& [score, share] : promised) {
    if (result.mixes.empty()) break;
    const double mean = of_mix(result, share).mean;
    const auto hits = static_cast<std::uint64_t>(mean * result.mix_accounts + .5);
    line(fmt::format("first-study: honest accounts, mixed as they rank, flagged: {}", score), mean, "<= 0.01",
         rate_lower_bound(hits, result.mix_accounts, .95) <= kFlagged);
  }
  if (result.goals == Goals::lab && !narrow.empty()) {
    const double mean = std::accumulate(narrow.begin(), narrow.end(), 0.0) / static_cast<double>(narrow.size());
    line("first-study: narrow streams flagged by the trained score, mean", mean,
         ">= 0.80, or students' fidelity over the manifold <= 0.15", mean >= .80);
  }
  return text;
}

}  // namespace cms::lab
