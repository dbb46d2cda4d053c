#include "lab/published.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "lab/corpus_example.hpp"
#include "lab/demo_example.hpp"
#include "tap/activation_set.hpp"
#include "tap/json_lines.hpp"

namespace cms::lab {
namespace {

namespace fs = std::filesystem;

class published : public ::testing::Test {
 protected:
  void SetUp() override {
    folder = fs::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  TextsUsed texts;

  [[nodiscard]] PublishedOptions small() const {
    PublishedOptions options;
    options.set = folder / "set";
    options.seeds = {1};
    options.scale = .4;
    options.requests = 60;
    options.windows = {25, 50};
    options.similarities = {-1, .1, .4};
    options.score.stride = 12;
    return options;
  }

  fs::path folder;
};

TEST_F(published, sessions_keep_their_length_and_pool_and_both_sides_draw_from_the_same_rows) {
  const auto corpus = example(1).corpus();
  const auto pool = people(corpus);
  PublishedOptions options;
  options.scale = .1;
  Random random(1);
  const auto sessions = published_sessions(corpus, pool, options, true, random);
  std::vector<std::string> kinds;
  for (const auto& one : sessions) {
    kinds.push_back(one.kind);
    EXPECT_EQ(one.accounts.size(), 20U) << one.kind;
    for (const auto& account : one.accounts) {
      expect_sound(corpus, account, pool, {options.requests, options.requests});
      EXPECT_EQ(std::count(account.from_attacker.begin(), account.from_attacker.end(), one.honest), 0);
      const auto domains = families_of(corpus, account.rows).size();
      EXPECT_TRUE(one.kind != "single" || domains == 1);
      EXPECT_TRUE(one.kind != "mixed" || domains == 2);
    }
  }
  EXPECT_EQ(kinds, (std::vector<std::string>{"single", "mixed", "power", "systematic", "naive", "adaptive"}));
  Random again(1);
  const auto honest = published_sessions(corpus, pool, options, false, again);
  ASSERT_EQ(honest.size(), 3U);
  EXPECT_EQ(honest[2].accounts[0].rows, sessions[2].accounts[0].rows);
}

TEST_F(published, what_was_never_reached_is_later_than_anything) {
  EXPECT_EQ(median_need({30, 10, 20}), 20);
  EXPECT_EQ(median_need({0, 10, 20}), 20);
  EXPECT_EQ(median_need({0, 10, 0}), 0);
  EXPECT_EQ(median_need({}), 0);
  EXPECT_EQ(cost_multiplier(120, 100), 1.2);
  EXPECT_EQ(cost_multiplier(0, 100), 0);
  EXPECT_EQ(cost_multiplier(120, 0), 0);
}

TEST_F(published, a_run_says_of_every_session_what_both_scores_say_and_looser_thresholds_catch_no_less) {
  ASSERT_TRUE(tap::write_set(folder / "set", annotated_set(), tap::Dtype::float32));
  const auto result = run_published(small(), texts);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->ground.domains, 7U);
  EXPECT_EQ(result->ground.texts_test, 700U);
  EXPECT_EQ(result->ground.disjoint_sessions, 14U);
  ASSERT_EQ(result->cells.size(), 2U * 2U * 7U);
  for (const auto& cell : result->cells) {
    EXPECT_EQ(cell.sessions, cell.kind == "all attacks" ? 240U : 80U);
    for (std::size_t i = 1; i < cell.above.size(); ++i) EXPECT_GE(cell.above[i], cell.above[i - 1]) << cell.kind;
    EXPECT_GE(cell.poh, 0);
    EXPECT_LE(cell.poh, 1);
    // As many sessions of each kind: the area against all is the mean of those against each.
    EXPECT_NEAR(cell.area, (cell.area_against[0] + cell.area_against[1] + cell.area_against[2]) / 3, 1e-9);
  }
  // Honest sessions of all kinds together exceed a threshold as often as it allows, or less.
  for (std::size_t first = 0; first < result->cells.size(); first += 7) {
    for (std::size_t i = 0; i < kFalseRates.size(); ++i) {
      double above = 0;
      for (std::size_t kind = 0; kind < 3; ++kind) above += result->cells[first + kind].above[i] / 3;
      EXPECT_LE(above, kFalseRates[i] + 1e-9);
    }
  }
  EXPECT_NE(describe(*result).find("Too few texts for a promise"), std::string::npos);
  const auto told = texts.as_json();
  ASSERT_EQ(told.size(), 6U);
  EXPECT_EQ(told[1]["what"], "sessions that calibrate");
  EXPECT_EQ(told[1]["texts"].size(), 1U);
  EXPECT_TRUE(told[1]["texts"].contains("calibrate"));
  EXPECT_EQ(told[5]["texts"].dump(), R"({"test":700})");
}

TEST_F(published, coverage_needs_rise_and_equal_runs_give_equal_results_on_any_number_of_threads) {
  ASSERT_TRUE(tap::write_set(folder / "set", annotated_set(), tap::Dtype::float32));
  auto options = small();
  options.windows = {10, 50};
  const auto one = run_published(options, texts);
  options.threads = 3;
  const auto three = run_published(options, texts);
  ASSERT_TRUE(one.has_value() && three.has_value());
  EXPECT_EQ(goal_lines(*one), goal_lines(*three));
  EXPECT_EQ(describe(*one), describe(*three));
  EXPECT_EQ(one->cells.size(), 3U * 7U) << "ours measures nothing in windows of 10";
  ASSERT_EQ(one->clustering.size(), 3U);
  for (const auto& cell : one->clustering) {
    for (std::size_t c = 1; c < kCoverages.size(); ++c) {
      EXPECT_TRUE(cell.requests[c] == 0 || cell.requests[c] >= cell.requests[c - 1]);
    }
    EXPECT_LE(cell.mutual, 1);
  }
  EXPECT_GT(one->clustering[2].mutual, one->clustering[0].mutual);
  ASSERT_EQ(one->coverage.size(), 6U);  // kinds
  for (const auto& cell : one->coverage) {
    EXPECT_GT(cell.coverage, 0) << cell.kind;
    EXPECT_LE(cell.coverage, 1) << cell.kind;
  }
  EXPECT_GT(one->coverage[0].mutual, one->coverage[3].mutual) << "one domain beside a systematic attack";
}

TEST_F(published, refuses_windows_without_the_published_one_and_sweeps_without_the_unclustered_attack) {
  auto options = small();
  options.windows = {25};
  EXPECT_EQ(run_published(options, texts).error().code, ErrorCode::usage);
  options = small();
  options.similarities = {.1, .2};
  EXPECT_EQ(run_published(options, texts).error().code, ErrorCode::usage);
  EXPECT_EQ(probe_activations({}).error().code, ErrorCode::usage);
}

TEST_F(published, a_captured_set_is_used_again_for_the_same_model_and_prompts_and_never_for_others) {
  auto set = annotated_set();
  ASSERT_TRUE(write_file(folder / "model.gguf", "not read while its activations are there"));
  set.manifest.model_hash = *sha256_file(folder / "model.gguf");
  ASSERT_TRUE(tap::write_set(folder / "kept", set, tap::Dtype::float32));
  std::string prompts;
  for (const auto& row : set.rows) prompts += tap::format_row_info(row);
  ASSERT_TRUE(write_file(folder / "prompts.jsonl", prompts));
  PublishedOptions options;
  options.model = folder / "model.gguf";
  options.prompts = folder / "prompts.jsonl";
  options.capture = folder / "kept";
  const auto found = probe_activations(options);
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found->values, set.values);

  ASSERT_TRUE(write_file(folder / "prompts.jsonl", prompts.substr(prompts.find('\n') + 1)));
  EXPECT_EQ(probe_activations(options).error().code, ErrorCode::refused);
  ASSERT_TRUE(write_file(folder / "prompts.jsonl", prompts));
  ASSERT_TRUE(write_file(folder / "model.gguf", "another model"));
  EXPECT_EQ(probe_activations(options).error().code, ErrorCode::refused);
}

TEST_F(published, prompts_that_are_too_few_are_told_before_a_model_reads_them) {
  const auto set = annotated_set();
  PublishedOptions options;
  options.model = folder / "model.gguf";  // not there: nobody asks
  options.prompts = folder / "prompts.jsonl";
  const auto told_of = [&](const auto& keep) {
    std::string prompts;
    for (const auto& row : set.rows) prompts += keep(row) ? tap::format_row_info(row) : "";
    EXPECT_TRUE(write_file(options.prompts, prompts));
    const auto checked = check_probes(options);
    return checked ? std::string("enough") : checked.error().message;
  };
  EXPECT_EQ(told_of([](const RowInfo&) { return true; }), "enough");
  EXPECT_NE(told_of([](const RowInfo& row) { return row.more["kind"] == "people"; }).find("an atlas needs 640"),
            std::string::npos);
  const auto few =
      told_of([](const RowInfo& row) { return row.more["split"] == "fit" || row.more["field"] < "field4"; });
  EXPECT_NE(few.find("4 fields hold 100 texts"), std::string::npos) << few;
  EXPECT_EQ(run_published(options, texts).error().code, ErrorCode::bad_input);
}

TEST_F(published, a_model_reads_its_prompts_once) {
  const char* model = std::getenv("CMS_MODEL");
  if (model == nullptr || *model == 0) GTEST_SKIP() << "CMS_MODEL names no GGUF file";
  std::string prompts;
  for (int i = 0; i < 4; ++i) prompts += fmt::format("{{\"text\": \"how do I boil {} eggs\", \"id\": {}}}\n", i, i);
  ASSERT_TRUE(write_file(folder / "prompts.jsonl", prompts));
  PublishedOptions options;
  options.model = model;
  options.prompts = folder / "prompts.jsonl";
  options.capture = folder / "made" / "kept";
  const auto first = probe_activations(options);
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->count(), 4U);
  const auto written = fs::last_write_time(folder / "made" / "kept.npy");
  const auto again = probe_activations(options);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->values, first->values);
  EXPECT_EQ(fs::last_write_time(folder / "made" / "kept.npy"), written);
}

}  // namespace
}  // namespace cms::lab
