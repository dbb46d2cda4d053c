#include "lab/suite.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/files.hpp"

namespace cms::lab {
namespace {

namespace fs = std::filesystem;

class SuiteTest : public ::testing::Test {
 protected:
  SuiteTest() {
    folder_ = fs::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~SuiteTest() override { fs::remove_all(folder_); }

  SuiteStep step(const std::string& name, std::vector<std::string> words) {
    return {name, "Title of " + name, std::move(words), [this, name]() -> Result<Outcome> {
              ++runs_;
              return Outcome{"table of " + name + "\n",
                             R"({"what":"a: b","figure":1,"goal":">= 2","holds":false})" "\n"
                             R"({"what":"a: c","figure":3,"goal":"-","holds":null})" "\n"};
            }};
  }
  Result<SuiteResult> run(const std::vector<SuiteStep>& steps, const std::string& program = "p") {
    return run_suite("suite", steps, {folder_ / "work", program, {}});
  }

  fs::path folder_;
  int runs_ = 0;
};

TEST_F(SuiteTest, a_configuration_is_run_once_and_then_kept) {
  const std::vector<SuiteStep> steps = {step("one", {"x", "--seeds", "1"})};
  const auto first = run(steps);
  const auto second = run(steps);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(runs_, 1);
  EXPECT_FALSE(first->steps[0].kept);
  EXPECT_TRUE(second->steps[0].kept);
  EXPECT_EQ(second->steps[0].outcome.table, first->steps[0].outcome.table);
  EXPECT_EQ(second->steps[0].outcome.goal_lines, first->steps[0].outcome.goal_lines);
  EXPECT_EQ(second->steps[0].configurations, 1U);
}

TEST_F(SuiteTest, other_options_another_program_and_other_files_are_other_configurations) {
  const auto data = (folder_ / "data").string();
  fs::create_directories(data);
  std::ofstream(data + "/rows") << "a";
  ASSERT_TRUE(run({step("one", {"x", "--data", data})}));
  ASSERT_TRUE(run({step("one", {"x", "--data", data, "--seeds", "2"})}));
  ASSERT_TRUE(run({step("one", {"x", "--data", data})}, "q"));
  std::ofstream(data + "/rows") << "b";
  const auto last = run({step("one", {"x", "--data", data})});
  ASSERT_TRUE(last);
  EXPECT_EQ(runs_, 4);
  EXPECT_EQ(last->steps[0].configurations, 4U);
}

TEST_F(SuiteTest, threads_work_and_the_place_of_the_data_are_no_part_of_a_configuration) {
  for (const std::string place : {"here", "there"}) {
    fs::create_directories(folder_ / place);
    std::ofstream(folder_ / place / "rows") << "a";
    ASSERT_TRUE(run({step("one", {"x", "--data", (folder_ / place).string(), "--threads", place, "--work", place})}));
  }
  EXPECT_EQ(runs_, 1);
}

TEST_F(SuiteTest, a_step_that_fails_is_told_and_the_next_still_runs) {
  SuiteStep bad{"bad", "Bad", {"y"}, []() -> Result<Outcome> { return fail(ErrorCode::bad_input, "no such set"); }};
  const auto result = run({bad, step("good", {"x"})});
  ASSERT_TRUE(result);
  ASSERT_TRUE(result->steps[0].error);
  EXPECT_FALSE(result->steps[1].error);
  const auto text = describe(*result);
  EXPECT_NE(text.find("not run: bad: no such set"), std::string::npos);
  EXPECT_NE(text.find("0 hold, 1 do not, 1 lines only report"), std::string::npos);
  EXPECT_NE(text.find("does not hold: a: b: 1 (>= 2)"), std::string::npos);
}

TEST_F(SuiteTest, a_broken_result_is_named_and_not_taken_for_one) {
  ASSERT_TRUE(run({step("one", {"x"})}));
  for (const auto& entry : fs::directory_iterator(folder_ / "work" / "results")) {
    std::ofstream(entry.path()) << "{\"table\": 3";
  }
  const auto result = run({step("one", {"x"})});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::bad_input);
  EXPECT_NE(result.error().message.find("one-"), std::string::npos);
}

TEST_F(SuiteTest, the_page_holds_every_table_and_cannot_be_broken_out_of) {
  auto bad = step("one", {"x"});
  bad.title = "</script><b>";
  const auto result = run({bad});
  ASSERT_TRUE(result);
  const auto html = page(*result);
  EXPECT_NE(html.find("table of one"), std::string::npos);
  EXPECT_EQ(html.find("</script><b>"), std::string::npos);
  EXPECT_EQ(html.find("{{"), std::string::npos);
}

TEST(Plots, keep_what_is_not_a_number_as_a_gap) {
  const auto plot = curves_plot({"t", "s"}, {"x", 0, 1, false}, {"y", 0, 1, false}, {{"c", {{0, 1}, {1, NAN}}}});
  EXPECT_TRUE(plot["curves"][0]["points"][1][1].is_null());
  EXPECT_EQ(plot["curves"][0]["points"][0][1], 1);
}

}  // namespace
}  // namespace cms::lab
