#include "lab/ablation.hpp"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

namespace cms::lab {
namespace {

AblationRow row(const std::string& name, bool product, double honest, double attackers) {
  return {AblationBlock::rank, name, product, "single", honest, {}, attackers, .5};
}

nlohmann::json gap_line(const std::vector<AblationRow>& rows) {
  std::istringstream lines(goal_lines(rows));
  nlohmann::json found;
  for (std::string line; std::getline(lines, line);) {
    auto parsed = nlohmann::json::parse(line);
    if (parsed["what"] == "ablation: the product's choice behind the best, rank") found = parsed;
  }
  return found;
}

TEST(AblationGoals, hold_where_the_product_is_about_as_good_as_the_best) {
  EXPECT_EQ(gap_line({row("rank 32", false, .01, .51), row("rank 64", true, .01, .50)})["holds"], true);
  EXPECT_EQ(gap_line({row("rank 32", false, .01, .53), row("rank 64", true, .01, .50)})["holds"], false);
  EXPECT_EQ(gap_line({row("rank 32", false, .01, .40), row("rank 64", true, .01, .50)})["figure"], 0);
}

TEST(AblationGoals, do_not_count_a_catch_that_honest_accounts_pay_for) {
  EXPECT_EQ(gap_line({row("rank 32", false, .10, .90), row("rank 64", true, .01, .50)})["holds"], true);
}

TEST(Ablation, refuses_a_block_it_does_not_know) {
  AblationOptions options;
  options.blocks = {"colour"};
  TextsUsed texts;
  const auto run = run_ablation(options, texts);
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, ErrorCode::usage);
  EXPECT_NE(run.error().message.find("colour"), std::string::npos);
}

}  // namespace
}  // namespace cms::lab
