#include "lab/first_study_goals.hpp"

#include <algorithm>
#include <array>

namespace cms::lab {
namespace {

constexpr double kSoon = 96;  // requests

struct Row {
  std::string_view cell;
  std::optional<double> study, lab;
  bool soon = false;  // the lab's goal is for the first flag too
};

constexpr std::array<Row, 21> kRows = {{
    {"single", .01, .01},
    {"mixed", .01, .01},
    {"power", .01, .01},
    {"generalist", .01, .01},
    {"batch", .03, .03},
    {"unseen single", .01, .01},
    {"unseen power", .01, .01},
    {"systematic, instruction sets", .97, .99, true},
    {"systematic, people's prompts", {}, .99, true},
    {"naive, instruction sets", .90, .99, true},
    {"naive, people's prompts", .97, .99, true},
    {"sorted, instruction sets", .97, .99, true},
    {"sorted, people's prompts", .90, .99, true},
    {"clustered, instruction sets", .90, .95},
    {"clustered, people's prompts", {}, .50},
    {"diluted 50%", .60, .95},
    {"diluted 30%", {}, .60},
    {"diluted 10%", {}, .25},
    {"stream alpaca", {}, .99, true},
    {"stream p3_sweep", {}, .99, true},
    {"stream mmlu_sweep", {}, .99, true},
}};

constexpr std::array<std::string_view, 6> kNarrowStreams = {
    "stream selfinstruct_gpt4omini", "stream chatdoctor5k",    "stream mea_meaeq_agnews",
    "stream mea_meaeq_hatespeech",   "stream mea_meaeq_imdb", "stream mea_meaeq_sst2"};

}  // namespace

CellGoal goal_of(std::string_view cell, Goals goals) {
  const auto* row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& one) { return one.cell == cell; });
  if (row == kRows.end()) return {};
  if (goals == Goals::study) return {row->study, std::nullopt};
  return {row->lab, row->soon ? std::optional(kSoon) : std::nullopt};
}

bool is_narrow_stream(std::string_view cell) {
  return std::find(kNarrowStreams.begin(), kNarrowStreams.end(), cell) != kNarrowStreams.end();
}

}  // namespace cms::lab
