#include "lab/theft.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <sstream>

#include "base/random.hpp"
#include "lab/theft_logits.hpp"
#include "lab/theft_prompts.hpp"
#include "tap/llama_logits.hpp"
#include "tap/text.hpp"

namespace cms::lab {
namespace {

ActivationSet made_set(std::size_t rows, std::uint32_t dimension) {
  Random random(1);
  ActivationSet set;
  set.manifest.dimension = dimension;
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t field = i % 10;
    for (std::uint32_t k = 0; k < dimension; ++k) {
      set.values.push_back(static_cast<float>(random.normal() + (k == field ? 2 : 0)));
    }
    RowInfo row;
    row.more = {{"field", std::string(1, static_cast<char>('a' + field))}};
    set.rows.push_back(std::move(row));
  }
  return set;
}

TEST(Theft, from_a_set_is_exact_in_double_and_repeatable) {
  const auto set = made_set(400, 12);
  const auto theft = steal_from_set(set, {}, 1);
  ASSERT_TRUE(theft) << theft.error().message;
  EXPECT_EQ(theft->trained_rows, 8U * 20U);
  EXPECT_EQ(theft->agreement_rows, 400U - 160U - 26U);
  EXPECT_GT(theft->fresh_accuracy, 0.5);
  EXPECT_NEAR(theft->asked_of_classes, 160.0 / 240, 0.25);  // as of all rows not trained on; 26 are drawn
  ASSERT_EQ(theft->cells.size(), 8U);
  EXPECT_EQ(theft->cells[0].queries, 13U);
  EXPECT_EQ(theft->cells[4].queries, 26U);
  EXPECT_LT(theft->cells[0].error.greatest, 1e-8);
  EXPECT_EQ(theft->cells[0].agreement, 1);
  TheftResult result;
  result.equations = {*theft};
  TheftResult again;
  again.equations = {*steal_from_set(set, {}, 1)};
  EXPECT_EQ(goal_lines(result), goal_lines(again));
  EXPECT_EQ(describe(result), describe(again));
}

TEST(Theft, asks_only_what_may_be_asked) {
  const auto set = made_set(400, 12);
  std::vector<bool> askable(set.count());
  for (std::size_t row = 0; row < set.count(); row += 4) askable[row] = true;
  const auto queries = equation_queries(set, {}, 1, askable);
  ASSERT_TRUE(queries) << queries.error().message;
  EXPECT_EQ(queries->size(), 26U);
  for (const auto row : *queries) EXPECT_EQ(row % 4, 0U);
  const auto theft = steal_from_set(set, {}, 1, askable);
  ASSERT_TRUE(theft) << theft.error().message;
  EXPECT_LT(theft->cells[0].error.greatest, 1e-8);
  EXPECT_EQ(theft->agreement_rows, 400U - 160U - 26U);
  const auto few = equation_queries(set, {}, 1, std::vector<bool>(set.count()));
  ASSERT_FALSE(few);
  EXPECT_NE(few.error().message.find("0 of them to ask"), std::string::npos) << few.error().message;
}

TEST(Theft, prompts_are_texts_that_a_model_reads_and_no_two_are_alike) {
  const char* model = std::getenv("CMS_MODEL");
  if (model == nullptr || *model == '\0') GTEST_SKIP() << "CMS_MODEL names no GGUF file";
  const auto oracle = tap::LlamaLogits::open(model, 1);
  ASSERT_TRUE(oracle) << oracle.error().message;
  Random random(1), again(1);
  const auto prompts = draw_theft_prompts(*oracle, 200, random);
  const auto same = draw_theft_prompts(*oracle, 200, again);
  std::set<std::string> texts;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    EXPECT_TRUE(tap::is_utf8(prompts[i].text));
    EXPECT_FALSE(prompts[i].tokens.empty());
    EXPECT_EQ(oracle->text(prompts[i].tokens), prompts[i].text);
    EXPECT_EQ(tap::cut_text(prompts[i].text, {24, 144}), prompts[i].text) << "a tap would not read all of it";
    EXPECT_EQ(prompts[i].text, same[i].text);
    texts.insert(prompts[i].text);
  }
  EXPECT_EQ(texts.size(), 200U);
}

TEST(Theft, says_what_a_set_lacks) {
  const auto few = steal_from_set(made_set(60, 30), {}, 1);
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().code, ErrorCode::bad_input);
  EXPECT_NE(few.error().message.find("asks 62 rows"), std::string::npos) << few.error().message;
  auto nameless = made_set(400, 12);
  for (auto& row : nameless.rows) row.more = nullptr;
  EXPECT_NE(steal_from_set(nameless, {}, 1).error().message.find("name 0 fields"), std::string::npos);
}

TEST(Theft, of_nothing_and_of_nobody_is_wrong_usage) {
  TextsUsed texts;
  EXPECT_EQ(run_theft({}, texts).error().code, ErrorCode::usage);
  TheftOptions options;
  options.data = "data";
  options.model = "model";
  EXPECT_NE(run_theft(options, texts).error().message.find("--work"), std::string::npos);
  options.work = "work";
  options.accounts = 0;
  EXPECT_EQ(run_theft(options, texts).error().code, ErrorCode::usage);
}

TEST(Theft, by_bias_gives_the_full_logits_of_a_real_model) {
  const char* model = std::getenv("CMS_MODEL");
  if (model == nullptr || *model == '\0') GTEST_SKIP() << "CMS_MODEL names no GGUF file";
  auto oracle = tap::LlamaLogits::open(model, 1);
  ASSERT_TRUE(oracle) << oracle.error().message;
  Random random(3);
  for (int prompt = 0; prompt < 2; ++prompt) {
    std::vector<std::int32_t> tokens(5);
    for (auto& token : tokens) token = static_cast<std::int32_t>(random.below(oracle->vocabulary()));
    const auto logits = oracle->next(tokens);
    ASSERT_TRUE(logits) << logits.error().message;
    std::vector<std::int32_t> wanted(512);
    std::iota(wanted.begin(), wanted.end(), 1000);
    const auto server = serve_top(*logits, 5);
    const auto stolen = steal_logits([&](auto biased, double bias) { return answer(server, biased, bias); }, wanted, 7,
                                     5, 100);
    ASSERT_TRUE(stolen) << stolen.error().message;
    EXPECT_EQ(stolen->queries, 128U);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_NEAR(stolen->differences[i], static_cast<double>((*logits)[wanted[i]]) - (*logits)[7], 1e-4);
    }
  }
}

nlohmann::json line_of(const TheftResult& result, const std::string& what) {
  std::istringstream lines(goal_lines(result));
  for (std::string text; std::getline(lines, text);) {
    const auto line = nlohmann::json::parse(text);
    if (line["what"] == "theft: " + what) return line;
  }
  return nullptr;
}

TEST(Theft, of_several_seeds_has_the_worst_ones_errors_and_sizes_and_the_means_of_shares) {
  TheftResult result;
  for (const double seed : {1., 2., 3.}) {
    auto& head = result.equations.emplace_back();
    head.cells = {{Precision::float64, 13, 0, {seed * 1e-9, seed * 1e-9}, seed / 10}};
    auto& layer = result.logits.emplace_back();
    layer.true_dimension = 576;
    layer.full_dimension = 576;
    layer.bias_dimension = seed == 2 ? 570 : 577;
    layer.matrix_error = seed == 1 ? 2e-3 : 1e-6;
    layer.bias_matrix_error = seed == 3 ? 2e-4 : 1e-6;
    layer.bias_logits = 4;
  }
  const auto worst = line_of(result, "greatest error of a stolen weight, float64, 13 queries");
  EXPECT_DOUBLE_EQ(worst["figure"].get<double>(), 3e-9);
  EXPECT_NEAR(line_of(result, "agreement of the stolen head, float64, 13 queries")["figure"].get<double>(), .2, 1e-12);
  EXPECT_EQ(line_of(result, "hidden size, full logits")["holds"], true);
  EXPECT_EQ(line_of(result, "hidden size, logit bias")["figure"], 570);
  EXPECT_EQ(line_of(result, "output matrix, relative error after alignment")["holds"], false);
  EXPECT_EQ(line_of(result, "output matrix less a reference row, the same, logit bias")["figure"], 2e-4);
  EXPECT_NE(describe(result).find("3 seeds"), std::string::npos);
}

TEST(Theft, accounts_of_one_seed_do_not_ask_what_those_of_another_do) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_EQ(account_seed(seed, 0), seed);
    for (std::uint64_t account = 0; account < 40; ++account) seeds.insert(account_seed(seed, account));
  }
  EXPECT_EQ(seeds.size(), 200U);
}

TEST(Theft, goals_fail_where_figures_miss_them) {
  TheftResult result;
  auto& theft = result.logits.emplace_back();
  theft.true_dimension = 576;
  theft.full_dimension = 575;
  theft.bias_dimension = 576;
  theft.bias_logits = 4;
  theft.bias_queries = 1;
  theft.matrix_error = 2e-3;
  std::istringstream lines(goal_lines(result));
  std::vector<nlohmann::json> held;
  for (std::string line; std::getline(lines, line);) held.push_back(nlohmann::json::parse(line)["holds"]);
  EXPECT_EQ(held, (std::vector<nlohmann::json>{false, true, false, true, true, nullptr, nullptr}));
  TheftResult streams;
  streams.streams = {{"some", true, 3, 3, {1, .001}, {0, 7}}, {"all", true, 3, 3, {.001}, {2}},
                     {"honest", false, 3, 3, {1}, {0}}, {"flagged", false, 3, 3, {1, .001}, {0, 7}}};
  std::istringstream scored(goal_lines(streams));
  held.clear();
  for (std::string line; std::getline(scored, line);) held.push_back(nlohmann::json::parse(line)["holds"]);
  EXPECT_EQ(held, (std::vector<nlohmann::json>{false, true, true, false}));
}

}  // namespace
}  // namespace cms::lab
