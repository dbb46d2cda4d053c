#include "lab/students.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace cms::lab {
namespace {

StudentsResult three_attackers(std::uint32_t distinct_texts_of_the_last) {
  StudentsResult result;
  result.students.resize(3);
  for (std::size_t i = 0; i < 3; ++i) {
    auto& one = result.students[i];
    one.cell = "naive";
    one.coverage = one.charts = one.nearness.cosine = one.fidelity.cosine = .1 * static_cast<double>(i + 1);
    one.distinct_texts = i < 2 ? 100 : distinct_texts_of_the_last;
  }
  return result;
}

std::string row_of(const std::string& table, const std::string& name) {
  const auto at = table.find(name);
  return at == std::string::npos ? "" : table.substr(at, table.find('\n', at) - at);
}

TEST(StudentsTable, a_predictor_that_is_the_same_for_all_has_no_correlation) {
  const auto table = describe(three_attackers(100));
  for (const auto* who : {"all accounts", "attackers"}) {
    EXPECT_TRUE(row_of(table, std::string("with log distinct texts, ") + who).ends_with("undefined: constant"));
    EXPECT_NE(row_of(table, std::string("with nearness, ") + who).find("1.000"), std::string::npos);
  }
}

TEST(StudentsTable, one_that_differs_has_a_correlation) {
  const auto row = row_of(describe(three_attackers(99)), "with log distinct texts, attackers");
  EXPECT_NE(row.find("-0.866"), std::string::npos) << row;
}

TEST(StudentsGoals, bound_what_narrow_streams_teach_weighted_by_use_and_with_charts_equal) {
  auto result = three_attackers(100);
  for (auto& one : result.students) {
    one.cell = "stream chatdoctor5k";
    one.fidelity.use_weighted = .1, one.fidelity.charts_equal = .2;
  }
  std::istringstream lines(goal_lines(result));
  nlohmann::json held;
  for (std::string line; std::getline(lines, line);) {
    const auto read = nlohmann::json::parse(line);
    held[read["what"].get<std::string>()] = read["holds"];
  }
  EXPECT_EQ(held["students: fidelity (use-weighted) over the manifold, stream chatdoctor5k"], true);
  EXPECT_EQ(held["students: fidelity (charts equal) over the manifold, stream chatdoctor5k"], false);
}

TEST(StudentsGoals, claim_nothing_from_the_number_of_distinct_texts) {
  EXPECT_EQ(goal_lines(three_attackers(100)), goal_lines(three_attackers(99)));
}

}  // namespace
}  // namespace cms::lab
