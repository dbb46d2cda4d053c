#include "lab/students.hpp"

#include <gtest/gtest.h>

namespace cms::lab {
namespace {

StudentsResult three_attackers(std::uint32_t distinct_texts_of_the_last) {
  StudentsResult result;
  result.students.resize(3);
  for (std::size_t i = 0; i < 3; ++i) {
    auto& one = result.students[i];
    one.cell = "naive";
    one.coverage = one.charts = one.nearness = one.fidelity.cosine = .1 * static_cast<double>(i + 1);
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

TEST(StudentsGoals, claim_nothing_from_the_number_of_distinct_texts) {
  EXPECT_EQ(goal_lines(three_attackers(100)), goal_lines(three_attackers(99)));
}

}  // namespace
}  // namespace cms::lab
