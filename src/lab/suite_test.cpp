#include "lab/suite.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/files.hpp"
#include "lab/texts_used.hpp"

namespace cms::lab {
namespace {

namespace fs = std::filesystem;

StepOption data_option(const std::string& value) { return {"--data", value, StepOption::Kind::file}; }

class SuiteTest : public ::testing::Test {
 protected:
  SuiteTest() {
    folder_ = fs::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~SuiteTest() override { fs::remove_all(folder_); }

  SuiteStep step(const std::string& name, std::vector<StepOption> options) {
    return {name, "Title of " + name, "x", std::move(options), [this, name]() -> Result<Outcome> {
              ++runs_;
              TextsUsed texts;
              texts.add("atlas", 1, {0, "fit", "alpaca", Origin::distiller});
              return Outcome{"table of " + name + "\n" + texts.describe(),
                             R"({"what":"a: b","figure":1,"goal":">= 2","holds":false})" "\n"
                             R"({"what":"a: c","figure":3,"goal":"-","holds":null})" "\n",
                             nlohmann::json::array(), texts.as_json()};
            }};
  }
  Result<SuiteResult> run(const std::vector<SuiteStep>& steps, const std::string& program = "p") {
    return run_suite("suite", steps, {folder_ / "work", program, {}});
  }

  fs::path folder_;
  int runs_ = 0;
};

TEST_F(SuiteTest, a_configuration_is_run_once_and_then_kept) {
  const std::vector<SuiteStep> steps = {step("one", {{"--seeds", "1"}})};
  const auto first = run(steps);
  const auto second = run(steps);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(runs_, 1);
  EXPECT_FALSE(first->steps[0].kept);
  EXPECT_TRUE(second->steps[0].kept);
  EXPECT_EQ(second->steps[0].outcome.table, first->steps[0].outcome.table);
  EXPECT_EQ(second->steps[0].outcome.goal_lines, first->steps[0].outcome.goal_lines);
  EXPECT_EQ(second->steps[0].configurations, 1U);
  EXPECT_EQ(second->steps[0].outcome.texts[0]["distillers"][0], "alpaca");
  EXPECT_EQ(second->steps[0].outcome.texts, first->steps[0].outcome.texts);
}

TEST_F(SuiteTest, pictures_of_every_kind_are_kept) {
  const Axis axis = {"a", 0, 1, false};
  const nlohmann::json plots = {curves_plot({"t", "s"}, axis, axis, {{"c", {{0, 1}}}}),
                                bars_plot({"t", "s"}, axis, {"n"}, {"p"}, {{1}}),
                                graph_plot({"t", "s"}, {{"g", "honest"}}, {{{0, 0, 0, 1}}, {}})};
  const SuiteStep drawn = {"drawn", "t", "x", {}, [&]() -> Result<Outcome> { return Outcome{"", "", plots}; }};
  ASSERT_TRUE(run({drawn}));
  const auto again = run({drawn});
  ASSERT_TRUE(again);
  ASSERT_FALSE(again->steps[0].error);
  EXPECT_TRUE(again->steps[0].kept);
  EXPECT_EQ(again->steps[0].outcome.plots, plots);
}

TEST_F(SuiteTest, other_options_another_program_and_other_files_are_other_configurations) {
  const auto data = (folder_ / "data").string();
  fs::create_directories(data);
  std::ofstream(data + "/rows") << "a";
  ASSERT_TRUE(run({step("one", {data_option(data)})}));
  ASSERT_TRUE(run({step("one", {data_option(data), {"--seeds", "2"}})}));
  ASSERT_TRUE(run({step("one", {data_option(data)})}, "q"));
  std::ofstream(data + "/rows") << "b";
  const auto last = run({step("one", {data_option(data)})});
  ASSERT_TRUE(last);
  EXPECT_EQ(runs_, 4);
  EXPECT_EQ(last->steps[0].configurations, 4U);
}

TEST_F(SuiteTest, threads_work_and_the_place_of_the_data_are_no_part_of_a_configuration) {
  for (const std::string place : {"here", "there"}) {
    fs::create_directories(folder_ / place);
    std::ofstream(folder_ / place / "rows") << "a";
    const auto silent = StepOption::Kind::silent;
    ASSERT_TRUE(run({step("one", {data_option((folder_ / place).string()), {"--threads", place, silent}})}));
  }
  EXPECT_EQ(runs_, 1);
}

TEST_F(SuiteTest, a_step_that_fails_is_told_and_the_next_still_runs) {
  SuiteStep bad{"bad", "Bad", "y", {}, []() -> Result<Outcome> { return fail(ErrorCode::bad_input, "no such set"); }};
  const auto result = run({bad, step("good", {})});
  ASSERT_TRUE(result);
  ASSERT_TRUE(result->steps[0].error);
  EXPECT_FALSE(result->steps[1].error);
  const auto text = describe(*result);
  EXPECT_NE(text.find("not run: bad: no such set"), std::string::npos);
  EXPECT_NE(text.find("0 hold, 1 do not, 1 lines only report"), std::string::npos);
  EXPECT_NE(text.find("does not hold: a: b: 1 (>= 2)"), std::string::npos);
}

TEST_F(SuiteTest, the_set_of_a_name_a_linked_folder_and_a_file_count_by_their_content) {
  const auto set = (folder_ / "set").string(), file = (folder_ / "families.toml").string();
  fs::create_directories(folder_ / "data");
  fs::create_directories(folder_ / "elsewhere");
  fs::create_directory_symlink(folder_ / "elsewhere", folder_ / "data" / "activations");
  const auto data = (folder_ / "data").string();
  const std::vector<SuiteStep> steps = {step("one", {data_option(set), data_option(data), data_option(file)})};
  int expected = 0;
  for (const auto& changed : {set + ".npy", set + ".jsonl", file, (folder_ / "elsewhere" / "rows").string()}) {
    std::ofstream(changed) << "a";
    ASSERT_TRUE(run(steps));
    EXPECT_EQ(runs_, ++expected) << changed;
    ASSERT_TRUE(run(steps));
    EXPECT_EQ(runs_, expected) << changed;
  }
}

TEST_F(SuiteTest, a_work_folder_inside_the_data_does_not_count) {
  fs::create_directories(folder_ / "work");
  const std::vector<SuiteStep> steps = {step("one", {data_option(folder_.string())})};
  ASSERT_TRUE(run(steps));
  ASSERT_TRUE(run(steps));
  EXPECT_EQ(runs_, 1);
}

TEST_F(SuiteTest, a_folder_that_links_to_itself_is_told_and_the_next_step_runs) {
  fs::create_directories(folder_ / "data");
  fs::create_symlink(folder_ / "data" / "loop", folder_ / "data" / "loop");
  const auto result = run({step("bad", {data_option((folder_ / "data").string())}), step("good", {})});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->steps[0].error);
  EXPECT_FALSE(result->steps[1].error);
}

TEST_F(SuiteTest, a_damaged_result_is_named_not_taken_for_one_and_the_next_step_runs) {
  const std::vector<SuiteStep> steps = {step("one", {}), step("two", {})};
  ASSERT_TRUE(run(steps));
  const std::string good = R"({"table":"t","goal_lines":"","seconds":1,"texts":[],"plots":[)";
  for (const std::string& wrong :
       {std::string("{\"table\": 3"), std::string("{}"), std::string("[1]"), good, good + R"({"kind":"pie"}]})",
        good + R"({"kind":"graph","groups":[],"dots":[]}]})",
        std::string(R"({"table":"t","goal_lines":"{\"what\":5}\n","seconds":1,"texts":[],"plots":[]})"),
        std::string(R"({"table":"t","goal_lines":"","seconds":1,"texts":"atlas","plots":[]})")}) {
    for (const auto& entry : fs::directory_iterator(folder_ / "work" / "results")) {
      if (entry.path().filename().string().starts_with("one-")) std::ofstream(entry.path()) << wrong;
    }
    const auto result = run(steps);
    ASSERT_TRUE(result);
    ASSERT_TRUE(result->steps[0].error) << wrong;
    EXPECT_NE(result->steps[0].error->message.find("one-"), std::string::npos);
    EXPECT_TRUE(result->steps[1].kept);
    EXPECT_FALSE(page(*result).empty());
  }
}

TEST_F(SuiteTest, the_page_holds_every_table_and_cannot_be_broken_out_of) {
  auto bad = step("one", {});
  bad.title = "</script><b>";
  bad.failing = {{"everything >= 1", "two things", "it cannot </script><i>"}};
  const auto result = run({bad});
  ASSERT_TRUE(result);
  const auto html = page(*result);
  EXPECT_NE(html.find("table of one"), std::string::npos);
  EXPECT_EQ(html.find("</script><b>"), std::string::npos);
  EXPECT_EQ(html.find("</script><i>"), std::string::npos);
  EXPECT_NE(html.find("two things"), std::string::npos);
  EXPECT_EQ(html.find("{{"), std::string::npos);
  EXPECT_NE(html.find("alpaca"), std::string::npos);
  EXPECT_NE(describe(*result).find("distillers: alpaca"), std::string::npos);
  EXPECT_EQ(text_lines(*result), R"({"experiment":"one","texts":[{"distillers":["alpaca"],"people":[],)"
                                 R"("texts":{"fit":1},"what":"atlas"}]})" "\n");
  EXPECT_NE(describe(*result).find("one, everything >= 1: tried: two things; why: it cannot"), std::string::npos);
}

TEST(Plots, keep_what_is_not_a_number_as_a_gap) {
  const auto plot = curves_plot({"t", "s"}, {"x", 0, 1, false}, {"y", 0, 1, false}, {{"c", {{0, 1}, {1, NAN}}}});
  EXPECT_TRUE(plot["curves"][0]["points"][1][1].is_null());
  EXPECT_EQ(plot["curves"][0]["points"][0][1], 1);
}

}  // namespace
}  // namespace cms::lab
