#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "lab/first_study_goals.hpp"
#include "lab/made_up.hpp"
#include "lab/statistics.hpp"
#include "types/score.hpp"

namespace cms::lab {
namespace {

using Accounts = std::vector<const MadeUpAccount*>;

// By kind, in order of first appearance.
std::vector<std::pair<std::string, Accounts>> by_kind(const std::vector<MadeUpAccount>& accounts) {
  std::vector<std::pair<std::string, Accounts>> kinds;
  for (const auto& one : accounts) {
    auto found = std::ranges::find(kinds, one.kind, &std::pair<std::string, Accounts>::first);
    if (found == kinds.end()) found = kinds.insert(kinds.end(), {one.kind, {}});
    found->second.push_back(&one);
  }
  return kinds;
}

template <typename Get>
double mean(const Accounts& accounts, const Get& get) {
  double sum = 0;
  for (const auto* one : accounts) sum += get(*one);
  return sum / static_cast<double>(accounts.size());
}

bool is_flagged(const MadeUpAccount& one) { return one.poh_min <= kFlagged; }

std::uint64_t flagged_count(const Accounts& accounts) {
  return static_cast<std::uint64_t>(std::ranges::count_if(accounts, [](const auto* one) { return is_flagged(*one); }));
}

// Over all accounts, those never flagged being later than any; "-" where that is half of them.
std::string median_first_flag(const Accounts& accounts) {
  std::vector<double> flags;
  for (const auto* one : accounts) flags.push_back(is_flagged(*one) ? one->first_flag : HUGE_VAL);
  const double median = upper_median(std::move(flags));
  return median < HUGE_VAL ? fmt::format("{:.0f}", median) : "-";
}

}  // namespace

std::string describe(const std::vector<MadeUpAccount>& accounts) {
  constexpr double kConfidence = .95;
  const auto kinds = by_kind(accounts);
  std::string text = fmt::format("{:<28} {:>8} {:>8} {:>13} {:>10} {:>8} {:>8} {:>8}\n", "account", "accounts",
                                 "flagged", "95% bounds", "first flag", "cosine", "weighted", "charts");
  for (const auto& [kind, some] : kinds) {
    const auto hits = flagged_count(some);
    const auto trials = static_cast<std::uint64_t>(some.size());
    text += fmt::format("{:<28} {:>8} {:>8.3f} {:>6.3f} {:>6.3f} {:>10} {:>8.3f} {:>8.3f} {:>8.3f}\n", kind, trials,
                        static_cast<double>(hits) / static_cast<double>(trials),
                        rate_lower_bound(hits, trials, kConfidence), rate_upper_bound(hits, trials, kConfidence),
                        median_first_flag(some), mean(some, [](const auto& one) { return one.fidelity.cosine; }),
                        mean(some, [](const auto& one) { return one.fidelity.use_weighted; }),
                        mean(some, [](const auto& one) { return one.fidelity.charts; }));
  }
  text += fmt::format("\n{:<28}", "flagged by baselines, at .01");
  for (const auto* name : kBaselines) text += fmt::format(" {:>16}", name);
  text += '\n';
  for (const auto& [kind, some] : kinds) {
    text += fmt::format("{:<28}", kind);
    for (std::size_t b = 0; b < kBaselines.size(); ++b) {
      text += fmt::format(" {:>16.3f}", mean(some, [b](const auto& one) { return one.baselines[b] ? 1.0 : 0.0; }));
    }
    text += '\n';
  }
  return text +
         "\nfirst flag: median over all accounts (- = half were not flagged); cosine, weighted, charts: fidelity of a "
         "student of the first 100 requests\n";
}

std::string goal_lines(const std::vector<MadeUpAccount>& accounts) {
  std::string text;
  const auto line = [&](const std::string& what, double figure, std::optional<double> most = {}) {
    nlohmann::json holds;
    if (most) holds = figure <= *most;
    text += nlohmann::json({{"what", what},
                            {"figure", figure},
                            {"goal", most ? fmt::format("<= {:.2f}", *most) : "-"},
                            {"holds", holds}})
                .dump() +
            "\n";
  };
  for (const auto& [kind, some] : by_kind(accounts)) {
    line("made-up: share flagged, " + kind, mean(some, [](const auto& one) { return is_flagged(one) ? 1.0 : 0.0; }),
         some.front()->honest ? goal_of(kind, Goals::lab).flagged : std::nullopt);
    line("made-up: fidelity (use-weighted), " + kind,
         mean(some, [](const auto& one) { return one.fidelity.use_weighted; }));
    for (const std::size_t b : {std::size_t{1}, std::size_t{6}}) {
      line(fmt::format("made-up: share flagged by {}, {}", kBaselines[b], kind),
           mean(some, [b](const auto& one) { return one.baselines[b] ? 1.0 : 0.0; }));
    }
  }
  return text;
}

}  // namespace cms::lab
