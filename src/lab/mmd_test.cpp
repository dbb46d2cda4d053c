#include "lab/mmd.hpp"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/random.hpp"

namespace cms::lab {
namespace {

std::map<std::string, nlohmann::json> told(const std::vector<MmdCell>& cells) {
  std::istringstream lines(goal_lines(cells));
  std::map<std::string, nlohmann::json> by_what;
  for (std::string line; std::getline(lines, line);) {
    auto parsed = nlohmann::json::parse(line);
    by_what[parsed["what"]] = parsed;
  }
  return by_what;
}

MmdCell cell(const std::string& pair, std::uint32_t window, double share, std::uint64_t flagged) {
  MmdCell made{pair, window, share, 100, {}};
  for (auto& one : made.flagged) one = flagged;
  return made;
}

std::string what(std::uint32_t window, const std::string& pair, const std::string& share,
                 WindowDetector detector = kChosenDetector) {
  return "mmd: share of windows of " + std::to_string(window) + " flagged, " + pair + ", share " + share + ", " +
         kWindowDetectors[static_cast<std::size_t>(detector)];
}

TEST(MmdGoals, are_the_studys_rate_less_two_errors_but_at_a_quarter_at_least_four_fifths) {
  const auto lines = told({cell("agnews", 100, .25, 79), cell("hatespeech", 100, .25, 85), cell("imdb", 100, 1, 99),
                           cell("sst2", 100, .10, 0), cell("sst2", 100, .50, 100)});
  EXPECT_EQ(lines.at(what(100, "agnews", "0.25"))["holds"], false);       // .18 - 2 errors, but .80
  EXPECT_EQ(lines.at(what(100, "hatespeech", "0.25"))["holds"], true);    // .92 - .077
  EXPECT_EQ(lines.at(what(100, "imdb", "1.00"))["holds"], false);         // 1
  EXPECT_EQ(lines.at(what(100, "sst2", "0.10"))["holds"], true);          // .04 - .055
  EXPECT_EQ(lines.at(what(100, "sst2", "0.50"))["holds"], true);
}

TEST(CalibrationLength, makes_means_spread_as_fresh_ones_do_and_as_the_part_may_be_off) {
  // Parts of 120 numbers drawn from a normal law, windows of 40 from them.
  const std::uint32_t window = 40, pool = 120, shorter = calibration_length(window, pool);
  EXPECT_EQ(shorter, 24U);
  Random random(1);
  double squares = 0;
  constexpr int kParts = 4'000;
  for (int part = 0; part < kParts; ++part) {
    std::vector<double> values(pool);
    double mean = 0, chosen = 0;
    for (auto& value : values) mean += (value = random.normal()) / pool;
    random.shuffle(values);
    for (std::uint32_t i = 0; i < shorter; ++i) chosen += values[i] / shorter;
    squares += (chosen - mean) * (chosen - mean) / kParts;
  }
  EXPECT_NEAR(squares, 1.0 / window + 1.0 / pool, .002);
}

TEST(MmdGoals, bound_honest_windows_from_above) {
  EXPECT_EQ(told({cell("imdb", 100, 0, 2)}).at(what(100, "imdb", "0.00"))["holds"], true);
  EXPECT_EQ(told({cell("imdb", 100, 0, 3)}).at(what(100, "imdb", "0.00"))["holds"], false);
}

TEST(MmdGoals, are_for_the_chosen_detector_and_the_studys_window_only) {
  const auto lines = told({cell("imdb", 100, .5, 100), cell("imdb", 200, .5, 100)});
  EXPECT_TRUE(lines.at(what(100, "imdb", "0.50", WindowDetector::mmd))["holds"].is_null());
  EXPECT_TRUE(lines.at(what(200, "imdb", "0.50"))["holds"].is_null());
  EXPECT_EQ(lines.size(), 2 * kWindowDetectors.size() + kWindowPairs.size() - 1);
}

TEST(MmdGoals, say_which_pairs_were_not_measured) {
  const auto lines = told({cell("imdb", 100, .5, 100)});
  EXPECT_TRUE(lines.at("mmd: sst2, too few rows for any window")["holds"].is_null());
  EXPECT_FALSE(lines.contains("mmd: imdb, too few rows for any window"));
}

TEST(MmdTable, shows_what_was_not_measured_as_a_dash) {
  auto one = cell("imdb", 100, .5, 100);
  one.flagged[static_cast<std::size_t>(WindowDetector::channels)].reset();
  EXPECT_NE(describe({one}).find(" - "), std::string::npos);
  EXPECT_TRUE(told({one}).at(what(100, "imdb", "0.50", WindowDetector::channels))["figure"].is_null());
}

}  // namespace
}  // namespace cms::lab
