#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "lab/published.hpp"

namespace cms::lab {
namespace {

// What the published study reports. Its cost multipliers are for clustered attacks, its window for the last area is 50.
constexpr double kSystematicArea = 1.000, kNaiveCaught = .015, kAllArea = .905, kPowerPoh = .75, kAdaptivePoh = .80;
constexpr const char* kMultipliers = ".76 to .84";

constexpr std::array kScorers = {Scorer::published, Scorer::label_free};
constexpr std::array kAttackNames = {"systematic", "naive", "adaptive", "all attacks"};
constexpr std::array kHonestNames = {"single", "mixed", "power"};

const char* name_of(Scorer scorer) { return scorer == Scorer::published ? "published" : "label-free"; }

// Over seeds.
struct Summary {
  double mean = 0, low = 1, high = 0;
  std::size_t count = 0;
};

template <typename Item, typename Get>
Summary summary(const std::vector<Item>& items, const std::function<bool(const Item&)>& keep, const Get& get) {
  Summary all;
  for (const auto& one : items) {
    if (!keep(one)) continue;
    const double value = get(one);
    all.mean += value;
    all.low = std::min(all.low, value);
    all.high = std::max(all.high, value);
    ++all.count;
  }
  if (all.count > 0) all.mean /= static_cast<double>(all.count);
  return all;
}

template <typename Get>
Summary cell(const PublishedResult& result, Scorer scorer, std::uint32_t window, const std::string& kind,
             const Get& get) {
  return summary<PublishedCell>(
      result.cells,
      [&](const PublishedCell& one) { return one.scorer == scorer && one.window == window && one.kind == kind; }, get);
}

double area_of(const PublishedCell& one) { return one.area; }
double caught_of(const PublishedCell& one) { return one.above[0]; }
double flagged_of(const PublishedCell& one) { return one.flagged; }
double poh_of(const PublishedCell& one) { return one.poh; }

std::vector<std::uint32_t> windows_of(const PublishedResult& result) {
  std::vector<std::uint32_t> windows;
  for (const auto& one : result.cells) {
    if (std::find(windows.begin(), windows.end(), one.window) == windows.end()) windows.push_back(one.window);
  }
  return windows;
}

std::vector<double> similarities_of(const PublishedResult& result) {
  std::vector<double> found;
  for (const auto& one : result.clustering) {
    if (std::find(found.begin(), found.end(), one.similarity) == found.end()) found.push_back(one.similarity);
  }
  return found;
}

std::string described(const PublishedGround& ground) {
  std::string text = fmt::format(
      "{}, {} floats: {} texts to fit, {} to calibrate, {} to test, in {} domains\n"
      "{} honest sessions calibrate a seed, {} of them rank\n",
      ground.model, ground.dimension, ground.texts_fit, ground.texts_calibrate, ground.texts_test, ground.domains,
      ground.calibration_sessions, ground.ranking_sessions);
  if (ground.disjoint_sessions < score::kRankingForOnePercent) {
    text += fmt::format(
        "Too few texts for a promise at .01: without sharing any they would fill {} sessions, {} have to rank.\n"
        "So what is caught at 1% is measured on held-out honest sessions; \"flagged\" is what calibration says.\n",
        ground.disjoint_sessions, score::kRankingForOnePercent);
  }
  return text;
}

// One figure of every attack in every window; `published` says what the published study has of it.
template <typename Get>
std::string by_window(const PublishedResult& result, const std::string& title, const Get& get,
                      const std::function<std::string(const std::string&)>& published) {
  std::string text = fmt::format("\n{}\n{:<11} {:<12}", title, "score", "attack");
  for (const auto window : windows_of(result)) text += fmt::format(" {:>18}", fmt::format("window {}", window));
  text += fmt::format(" {:>12}\n", "published");
  for (const auto scorer : kScorers) {
    for (const std::string kind : kAttackNames) {
      text += fmt::format("{:<11} {:<12}", name_of(scorer), kind);
      for (const auto window : windows_of(result)) {
        const auto one = cell(result, scorer, window, kind, get);
        const auto shown = fmt::format("{:.3f} ({:.3f}-{:.3f})", one.mean, one.low, one.high);
        text += fmt::format(" {:>18}", one.count > 0 ? shown : "-");
      }
      text += fmt::format(" {:>12}\n", published(kind));
    }
  }
  return text;
}

std::string by_kind(const PublishedResult& result) {
  std::string text = fmt::format("\nAUC against one kind of honest sessions, window {}\n{:<11} {:<12}",
                                 kPublishedWindow, "score", "attack");
  for (const auto* kind : kHonestNames) text += fmt::format(" {:>7}", kind);
  for (const auto scorer : kScorers) {
    for (const std::string attack : kAttackNames) {
      text += fmt::format("\n{:<11} {:<12}", name_of(scorer), attack);
      for (std::size_t k = 0; k < kHonestNames.size(); ++k) {
        const auto area = [k](const PublishedCell& one) { return one.area_against[k]; };
        text += fmt::format(" {:>7.3f}", cell(result, scorer, kPublishedWindow, attack, area).mean);
      }
    }
  }
  return text + "\n";
}

std::string by_threshold(const PublishedResult& result) {
  std::string text =
      fmt::format("\nshare above the threshold that so many honest sessions exceed, window {}\n{:<11} {:<12}",
                  kPublishedWindow, "score", "sessions");
  for (const double rate : kFalseRates) text += fmt::format(" {:>7.2f}", rate);
  text += fmt::format(" {:>9} {:>9} {:>12}\n", "flagged", "PoH", "published");
  for (const auto scorer : kScorers) {
    const auto row = [&](const std::string& kind) {
      text += fmt::format("{:<11} {:<12}", name_of(scorer), kind);
      for (std::size_t i = 0; i < kFalseRates.size(); ++i) {
        const auto above = [i](const PublishedCell& one) { return one.above[i]; };
        text += fmt::format(" {:>7.3f}", cell(result, scorer, kPublishedWindow, kind, above).mean);
      }
      text += fmt::format(" {:>9.3f} {:>9.3f} {:>12}\n", cell(result, scorer, kPublishedWindow, kind, flagged_of).mean,
                          cell(result, scorer, kPublishedWindow, kind, poh_of).mean,
                          kind == "power"      ? fmt::format("yes, {:.2f}", kPowerPoh)
                          : kind == "adaptive" ? fmt::format("yes, {:.2f}", kAdaptivePoh)
                                               : "");
    };
    for (const auto* kind : kHonestNames) row(kind);
    for (const auto* kind : kAttackNames) row(kind);
  }
  return text + "flagged: by the threshold calibrated for .01; PoH: lowest, mean; of the published score 1 - score; "
                "published: both\n";
}

// Mean over seeds of a figure of one similarity.
template <typename Get>
double clustered(const PublishedResult& result, double similarity, const Get& get) {
  return summary<ClusteringCell>(
             result.clustering, [&](const ClusteringCell& one) { return one.similarity == similarity; }, get)
      .mean;
}

// Mean over seeds; none when it was not reached in one of them.
std::optional<double> multiplier_at(const PublishedResult& result, double similarity, std::size_t coverage) {
  double sum = 0, count = 0;
  for (const auto& one : result.clustering) {
    if (one.similarity != similarity) continue;
    const auto plain = std::find_if(result.clustering.begin(), result.clustering.end(), [&](const auto& other) {
      return other.seed == one.seed && other.similarity == -1;
    });
    const double multiplier = cost_multiplier(one.requests[coverage], plain->requests[coverage]);
    if (multiplier <= 0) return std::nullopt;
    sum += multiplier;
    count += 1;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

std::string by_similarity(const PublishedResult& result) {
  std::string text = fmt::format("\nclustering against coverage; scores in windows of {}\n{:>10} {:>8} {:>9}",
                                 kPublishedWindow, "similarity", "mutual", "coverage");
  for (const double coverage : kCoverages) text += fmt::format(" {:>8}", fmt::format("to {:.2f}", coverage));
  for (const double coverage : kCoverages) text += fmt::format(" {:>8}", fmt::format("cost {:.2f}", coverage));
  text += fmt::format(" {:>14} {:>14} {:>14} {:>14}\n", "published AUC", "at 1%", "label-free AUC", "at 1%");
  for (const double similarity : similarities_of(result)) {
    text += fmt::format("{:>10} {:>8.3f} {:>9.3f}", similarity == -1 ? "none" : fmt::format("{:.2f}", similarity),
                        clustered(result, similarity, [](const auto& one) { return one.mutual; }),
                        clustered(result, similarity, [](const auto& one) { return one.coverage; }));
    for (std::size_t c = 0; c < kCoverages.size(); ++c) {
      const bool reached = multiplier_at(result, similarity, c).has_value();
      const double requests = clustered(result, similarity, [c](const auto& one) { return one.requests[c]; });
      text += fmt::format(" {:>8}", reached ? fmt::format("{:.0f}", requests) : "-");
    }
    for (std::size_t c = 0; c < kCoverages.size(); ++c) {
      const auto multiplier = multiplier_at(result, similarity, c);
      text += fmt::format(" {:>8}", multiplier ? fmt::format("{:.2f}", *multiplier) : "-");
    }
    for (std::size_t s = 0; s < kScorers.size(); ++s) {
      text += fmt::format(" {:>14.3f} {:>14.3f}",
                          clustered(result, similarity, [s](const auto& one) { return one.area[s]; }),
                          clustered(result, similarity, [s](const auto& one) { return one.caught[s]; }));
    }
    text += "\n";
  }
  for (const auto* kind : {"single", "mixed", "power", "systematic", "naive", "adaptive"}) {
    const auto keep = [&](const CoverageCell& one) { return one.kind == kind; };
    const auto mean = [&](const auto& get) { return summary<CoverageCell>(result.coverage, keep, get).mean; };
    text += fmt::format("{:>10} {:>8.3f} {:>9.3f}\n", kind, mean([](const auto& one) { return one.mutual; }),
                        mean([](const auto& one) { return one.coverage; }));
  }
  return text + fmt::format("similarity: least between five requests in a row; mutual: mean cosine within windows; "
                            "coverage: after one session; to: requests until;\ncost: their multiple of the unclustered "
                            "attack's, published {}\n", kMultipliers);
}

std::string line(const std::string& what, const nlohmann::json& figure, const std::string& goal,
                 std::optional<bool> holds) {
  const auto held = holds ? nlohmann::json(*holds) : nlohmann::json();
  return nlohmann::json({{"what", what}, {"figure", figure}, {"goal", goal}, {"holds", held}}).dump() + "\n";
}

// To three places, as the published figures are given.
double rounded(double value) { return std::round(1000 * value) / 1000; }

std::string score_lines(const PublishedResult& result, Scorer scorer) {
  const std::string name = name_of(scorer);
  std::string text;
  const auto at_least = [&](const std::string& kind, const std::string& figure_name, double figure, double published) {
    text += line(fmt::format("published experiment: {} of {}, {} score, window {}", figure_name, kind, name,
                             kPublishedWindow),
                 rounded(figure), fmt::format(">= {:.3f}, as published", published), rounded(figure) >= published);
  };
  at_least("systematic", "AUC", cell(result, scorer, kPublishedWindow, "systematic", area_of).mean, kSystematicArea);
  at_least("naive", "TPR at 1% FPR", cell(result, scorer, kPublishedWindow, "naive", caught_of).mean, kNaiveCaught);
  at_least("all attacks", "AUC", cell(result, scorer, kPublishedWindow, "all attacks", area_of).mean, kAllArea);
  const double power = cell(result, scorer, kPublishedWindow, "power", poh_of).mean;
  const double adaptive = cell(result, scorer, kPublishedWindow, "adaptive", poh_of).mean;
  text += line(fmt::format("published experiment: PoH of power users less that of the adaptive attack, {} score", name),
               rounded(power - adaptive),
               fmt::format("> 0 (published: {:.2f} beside {:.2f}, both flagged)", kPowerPoh, kAdaptivePoh),
               power > adaptive);
  for (const std::string kind : kHonestNames) {
    const double flagged = cell(result, scorer, kPublishedWindow, kind, flagged_of).mean;
    text += line(fmt::format("published experiment: share of {} sessions flagged, {} score", kind, name),
                 rounded(flagged), "<= 0.01", rounded(flagged) <= .01);
  }
  for (const std::string kind : kAttackNames) {
    text += line(fmt::format("published experiment: share of {} sessions flagged, {} score", kind, name),
                 rounded(cell(result, scorer, kPublishedWindow, kind, flagged_of).mean), "-", std::nullopt);
  }
  return text;
}

}  // namespace

std::string describe(const PublishedResult& result) {
  if (result.cells.empty()) return "";
  const auto areas = [](const std::string& kind) {
    return kind == "systematic"    ? fmt::format("{:.3f}", kSystematicArea)
           : kind == "all attacks" ? fmt::format("{:.3f} at {}", kAllArea, kPublishedWindow)
                                   : std::string();
  };
  const auto caught = [](const std::string& kind) {
    return kind == "naive" ? fmt::format("{:.3f}", kNaiveCaught) : std::string();
  };
  return described(result.ground) +
         by_window(result, "AUC against all honest sessions: mean over seeds (least-greatest)", area_of, areas) +
         by_window(result, "TPR at 1% FPR: mean over seeds (least-greatest)", caught_of, caught) +
         by_kind(result) + by_threshold(result) + by_similarity(result);
}

std::string goal_lines(const PublishedResult& result) {
  std::string text;
  for (const auto scorer : kScorers) text += score_lines(result, scorer);
  constexpr std::size_t kHalf = 1;  // of kCoverages
  for (const double similarity : similarities_of(result)) {
    if (similarity == -1) continue;
    const auto multiplier = multiplier_at(result, similarity, kHalf);
    // Not reached at all is dearer than anything, where the unclustered attack gets there.
    const bool comparable = multiplier_at(result, -1, kHalf).has_value();
    text += line(fmt::format("published experiment: cost multiplier of clustering at similarity {:.2f}, coverage "
                             "{:.2f}", similarity, kCoverages[kHalf]),
                 multiplier ? nlohmann::json(rounded(*multiplier)) : nlohmann::json(),
                 fmt::format("> 1 (published: {})", kMultipliers),
                 comparable ? std::optional(!multiplier || *multiplier > 1) : std::nullopt);
  }
  return text;
}

}  // namespace cms::lab
