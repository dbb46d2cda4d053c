#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "lab/report.hpp"

namespace cms::lab {
namespace {

constexpr std::size_t kReasonsShown = 2;
constexpr double kShareShown = 0.1;  // a channel with less is no main reason

// Channels by their share of the evidence, largest first.
std::array<std::size_t, kChannelCount> by_share(const Score& score) {
  std::array<std::size_t, kChannelCount> order{};
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return score.reasons[a] > score.reasons[b]; });
  return order;
}

std::string poh_text(const Score& score) {
  if (!score.computed) return "-";
  return score.poh < 0.001 ? fmt::format("{:.0e}", score.poh) : fmt::format("{:.3f}", score.poh);
}

std::string request_text(const AccountReport& account, const std::optional<std::size_t>& index) {
  return index ? std::to_string(account.scores[*index].requests) : "-";
}

std::string coverage_text(const AccountReport& account) {
  return account.noticed ? fmt::format("{:.0f}%", 100 * account.scores[*account.noticed].coverage) : "-";
}

// One line of the table, nine columns.
template <typename... Columns>
std::string row_of(const Columns&... columns) {
  return fmt::format("{:<24} {:<10} {:>8} {:>7} {:<8} {:>8} {:>9} {:>9}  {}\n", columns...);
}

std::string row_text(const Report& report, const AccountReport& account) {
  const auto& lowest = at_lowest(account);
  return row_of(account.account, account.kind, account.scores.size(), poh_text(lowest),
                name(policy::decide(report.ladder, lowest)), request_text(account, account.noticed),
                coverage_text(account), request_text(account, account.flagged), main_reasons(lowest, kReasonsShown));
}

std::string verdict(const Report& report) {
  const auto attackers = tally(report, true);
  const auto honest = tally(report, false);
  const auto soon = attackers.median_noticed
                        ? fmt::format(", the median one after {:g} requests", *attackers.median_noticed)
                        : std::string();
  return fmt::format(
      "Attackers: {} of {} noticed (PoH <= {}){}; {} flagged (PoH <= {}).\n"
      "Honest:    {} of {} flagged, {} noticed; calibration allows {:.1f} and {:.1f} by chance.\n",
      attackers.noticed, attackers.accounts, report.ladder.price, soon, attackers.flagged, kFlagged, honest.flagged,
      honest.accounts, honest.noticed, kFlagged * static_cast<double>(honest.accounts),
      report.ladder.price * static_cast<double>(honest.accounts));
}

nlohmann::json account_line(const Report& report, const AccountReport& account) {
  const auto& lowest = at_lowest(account);
  const auto at = [&](const std::optional<std::size_t>& index) {
    return index ? nlohmann::json(account.scores[*index].requests) : nlohmann::json();
  };
  nlohmann::json reasons = nlohmann::json::array();
  for (const auto channel : by_share(lowest)) {
    if (lowest.reasons[channel] <= 0) continue;
    reasons.push_back({{"channel", name(static_cast<Channel>(channel))}, {"share", lowest.reasons[channel]}});
  }
  return {{"account", account.account},
          {"kind", account.kind},
          {"attacker", account.attacker},
          {"requests", account.scores.size()},
          {"poh_min", lowest.computed ? nlohmann::json(lowest.poh) : nlohmann::json()},
          {"requests_at_min", lowest.computed ? nlohmann::json(lowest.requests) : nlohmann::json()},
          {"action", name(policy::decide(report.ladder, lowest))},
          {"noticed_at", at(account.noticed)},
          {"flagged_at", at(account.flagged)},
          {"coverage_at_notice",
           account.noticed ? nlohmann::json(account.scores[*account.noticed].coverage) : nlohmann::json()},
          {"coverage", account.scores.back().coverage},
          {"reasons", reasons}};
}

// What came out is reported; the goals of detection are the first study's, over many accounts.
std::string goal_line(const std::string& what, const nlohmann::json& figure) {
  return nlohmann::json{{"what", what}, {"figure", figure}, {"goal", "reported"}, {"holds", nullptr}}.dump() + "\n";
}

}  // namespace

std::string main_reasons(const Score& score, std::size_t count) {
  std::string text;
  for (const auto channel : by_share(score)) {
    if (count == 0 || score.reasons[channel] < kShareShown) break;
    --count;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {:.0f}%", name(static_cast<Channel>(channel)), 100 * score.reasons[channel]);
  }
  return text.empty() ? "-" : text;
}

std::string describe(const Report& report) {
  std::string text;
  if (report.agreement) {
    const auto& agreement = *report.agreement;
    text += fmt::format(
        "Live rows against the shipped ones, by id: {} compared, cosine {:.5f} in the median, {:.5f} at least.\n"
        "(What differs comes from how texts share a batch, and on another CPU from its quantised kernels.)\n\n",
        agreement.rows, agreement.median, agreement.least);
  }
  text += row_of("account", "kind", "requests", "lowest", "action", "noticed", "coverage", "flagged", "main reasons");
  text += row_of("", "", "", "PoH", "there", "at", "by then", "at", "there");
  for (const auto& account : report.accounts) text += row_text(report, account);
  return text + "\n" + verdict(report);
}

std::string json_lines(const Report& report) {
  std::string text;
  for (const auto& account : report.accounts) text += account_line(report, account).dump() + "\n";
  for (const bool attackers : {true, false}) {
    const auto result = tally(report, attackers);
    const std::string side = attackers ? "attackers" : "honest accounts";
    text += goal_line(side, result.accounts);
    text += goal_line(side + " noticed", result.noticed);
    text += goal_line(side + " flagged", result.flagged);
  }
  if (report.agreement) {
    text += goal_line("least cosine of a live row with the shipped one", report.agreement->least);
    text += goal_line("median cosine of live rows with the shipped ones", report.agreement->median);
  }
  return text;
}

}  // namespace cms::lab
