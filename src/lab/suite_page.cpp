#include <fmt/format.h>

#include "lab/html_page.hpp"
#include "lab/report_assets.hpp"
#include "lab/suite.hpp"

namespace cms::lab {
namespace {

using nlohmann::json;

json goals_of(const StepResult& step) {
  json goals = json::array();
  std::size_t from = 0;
  const auto& lines = step.outcome.goal_lines;
  for (auto to = lines.find('\n'); to != std::string::npos; from = to + 1, to = lines.find('\n', from)) {
    goals.push_back(json::parse(lines.substr(from, to - from), nullptr, false));
  }
  return goals;
}

// How many goals hold, fail, and are only reported.
struct Standing {
  std::size_t held = 0, failed = 0, reported = 0;
};

Standing standing_of(const SuiteResult& result) {
  Standing standing;
  for (const auto& step : result.steps) {
    for (const auto& goal : goals_of(step)) {
      const auto& holds = goal.value("holds", json());
      auto& count = holds.is_null() ? standing.reported : holds == json(true) ? standing.held : standing.failed;
      ++count;
    }
  }
  return standing;
}

json failing_of(const StepResult& step) {
  json failing = json::array();
  for (const auto& one : step.failing) failing.push_back({{"goal", one.goal}, {"tried", one.tried}, {"why", one.why}});
  return failing;
}

std::string heading(const std::string& title) { return fmt::format("{}\n{}\n", title, std::string(title.size(), '=')); }

}  // namespace

std::string describe(const SuiteResult& result) {
  std::string text;
  for (const auto& step : result.steps) {
    text += heading(step.title) + fmt::format("{}\n", step.command);
    if (step.error) {
      text += fmt::format("not run: {}\n\n", step.error->message);
      continue;
    }
    text += fmt::format("{:.0f} seconds{}; configurations ever run here: {}\n\n{}\n", step.seconds,
                        step.kept ? ", in an earlier run" : "", step.configurations, step.outcome.table);
  }
  const auto standing = standing_of(result);
  text += heading("Goals") + fmt::format("{} hold, {} do not, {} lines only report\n", standing.held, standing.failed,
                                         standing.reported);
  for (const auto& step : result.steps) {
    for (const auto& goal : goals_of(step)) {
      if (goal.value("holds", json()) != json(false)) continue;
      text += fmt::format("  does not hold: {}: {} ({})\n", goal.value("what", std::string()),
                          goal.value("figure", json()).dump(), goal.value("goal", std::string()));
    }
    for (const auto& one : step.failing) {
      text += fmt::format("  {}, {}: tried: {}; why: {}\n", step.name, one.goal, one.tried, one.why);
    }
    if (step.error) text += fmt::format("  not run: {}: {}\n", step.name, step.error->message);
  }
  return text;
}

std::string goal_lines(const SuiteResult& result) {
  std::string text;
  for (const auto& step : result.steps) text += step.outcome.goal_lines;
  return text;
}

std::string text_lines(const SuiteResult& result) {
  std::string text;
  for (const auto& step : result.steps) {
    if (!step.error) text += json({{"experiment", step.name}, {"texts", step.outcome.texts}}).dump() + "\n";
  }
  return text;
}

std::string page(const SuiteResult& result) {
  json steps = json::array();
  for (const auto& step : result.steps) {
    steps.push_back({{"name", step.name},
                     {"title", step.title},
                     {"failing", failing_of(step)},
                     {"command", step.command},
                     {"seconds", step.seconds},
                     {"configurations", step.configurations},
                     {"error", step.error ? json(step.error->message) : json()},
                     {"table", step.outcome.table},
                     {"goals", goals_of(step)},
                     {"plots", step.outcome.plots}});
  }
  const auto standing = standing_of(result);
  const json data = {{"title", result.title},
                     {"held", standing.held},
                     {"failed", standing.failed},
                     {"reported", standing.reported},
                     {"steps", steps}};
  return html_page({kSuiteHtml, std::string(kReportCss) + kSuiteCss, std::string(kDrawJs) + kSuiteJs}, data);
}

}  // namespace cms::lab
