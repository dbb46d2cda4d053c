#include "lab/theft_logits.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.hpp"
#include "lab/theft_example.hpp"

namespace cms::lab {
namespace {

std::vector<float> random_logits(Random& random, std::size_t vocabulary) {
  std::vector<float> logits(vocabulary);
  for (auto& logit : logits) logit = static_cast<float>(6 * random.normal());
  return logits;
}

TEST(StolenLayer, has_the_dimension_of_low_rank_logits_under_noise) {
  for (const Eigen::Index h : {1, 7, 24}) {
    Random random(static_cast<std::uint64_t>(h));
    const Eigen::MatrixXd matrix = noise(random, 90, h);
    const Eigen::MatrixXd exact = noise(random, 40, h) * matrix.transpose();
    for (const double scale : {0.0, 1e-6}) {
      const auto layer = steal_layer(exact + noise(random, 40, 90, scale));
      ASSERT_TRUE(layer) << layer.error().message;
      EXPECT_EQ(layer->dimension, static_cast<std::size_t>(h));
      EXPECT_EQ(layer->projection.cols(), h);
      EXPECT_TRUE(std::ranges::is_sorted(layer->singular_values, std::greater{}));
      EXPECT_LT(alignment_error(layer->projection, matrix), 1e-5);
      // Another matrix of that shape is not in the span.
      EXPECT_GT(alignment_error(layer->projection, noise(random, 90, h)), 0.5);
    }
  }
}

TEST(StolenLayer, does_not_take_one_strong_direction_for_the_dimension) {
  Random random(5);
  Eigen::MatrixXd hidden = noise(random, 60, 12);
  hidden.col(0) *= 1000;
  const auto layer = steal_layer(hidden * noise(random, 12, 80));
  ASSERT_TRUE(layer);
  EXPECT_EQ(layer->dimension, 12U);
}

TEST(StolenLayer, asks_for_more_when_prompts_or_tokens_do_not_exceed_the_dimension) {
  Random random(6);
  const Eigen::MatrixXd logits = noise(random, 60, 30) * noise(random, 30, 80);
  EXPECT_TRUE(steal_layer(logits));
  for (const Eigen::MatrixXd& few : {Eigen::MatrixXd(logits.topRows(20)), Eigen::MatrixXd(logits.leftCols(20))}) {
    const auto layer = steal_layer(few);
    ASSERT_FALSE(layer);
    EXPECT_EQ(layer.error().code, ErrorCode::usage);
    EXPECT_NE(layer.error().message.find("ask more of both than the hidden size"), std::string::npos);
  }
}

TEST(StolenLayer, of_nothing_of_zeros_and_of_infinities_is_an_error) {
  EXPECT_EQ(steal_layer({}).error().code, ErrorCode::bad_input);
  EXPECT_FALSE(steal_layer(Eigen::MatrixXd::Zero(5, 5)));
  Eigen::MatrixXd logits = Eigen::MatrixXd::Ones(5, 5);
  logits(2, 2) = INFINITY;
  EXPECT_EQ(steal_layer(logits).error().code, ErrorCode::bad_input);
}

// Softmax over everything, sorted.
std::vector<TokenLogProbability> slow_answer(const std::vector<float>& logits, std::size_t top,
                                             const std::vector<std::int32_t>& biased, double bias) {
  std::vector<double> values(logits.begin(), logits.end());
  for (const auto token : biased) values[token] += bias;
  const double greatest = *std::ranges::max_element(values);
  double sum = 0;
  for (const double value : values) sum += std::exp(value - greatest);
  std::vector<std::int32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::int32_t a, std::int32_t b) { return values[a] > values[b]; });
  std::vector<TokenLogProbability> result;
  for (std::size_t k = 0; k < std::min(top, order.size()); ++k) {
    result.push_back({order[k], static_cast<float>(values[order[k]] - greatest - std::log(sum))});
  }
  return result;
}

TEST(TopServer, answers_as_a_softmax_over_the_whole_vocabulary) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    auto logits = random_logits(random, 3 + random.below(60));
    if (round % 4 == 0) std::ranges::fill(logits, 1.5F);
    const std::size_t top = 1 + random.below(6);
    std::vector<std::int32_t> tokens(logits.size());
    std::iota(tokens.begin(), tokens.end(), 0);
    random.shuffle(tokens);
    tokens.resize(std::min<std::size_t>(tokens.size(), random.below(top + 1)));
    const double bias = std::array{0.0, 0.5, 7.0, 100.0}[random.below(4)];
    const auto expected = slow_answer(logits, top, tokens, bias);
    const auto actual = answer(serve_top(logits, top), tokens, bias);
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t k = 0; k < actual.size(); ++k) {
      EXPECT_EQ(actual[k].token, expected[k].token);
      EXPECT_NEAR(actual[k].value, expected[k].value, 1e-5 * (1 + std::abs(expected[k].value)));
    }
  }
}

TEST(BiasAttack, gives_the_full_logits_at_a_quarter_of_a_query_each) {
  Random random(8);
  const auto logits = random_logits(random, 500);
  const auto server = serve_top(logits, 5);
  std::uint64_t asked = 0;
  const TopOracle ask = [&](std::span<const std::int32_t> biased, double bias) {
    ++asked;
    EXPECT_LE(biased.size(), 5U);
    return answer(server, biased, bias);
  };
  std::vector<std::int32_t> wanted(500);
  std::iota(wanted.begin(), wanted.end(), 0);
  const std::int32_t reference = 123;
  const auto stolen = steal_logits(ask, wanted, reference, 5, 100);
  ASSERT_TRUE(stolen) << stolen.error().message;
  EXPECT_EQ(stolen->queries, 125U);  // 499 tokens, 4 a query
  EXPECT_EQ(stolen->queries, asked);
  EXPECT_EQ(stolen->differences[reference], 0);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(stolen->differences[i], static_cast<double>(logits[i]) - logits[reference], 1e-4);
  }
}

TEST(BiasAttack, finds_the_dimension_that_full_logits_show) {
  Random random(9);
  const Eigen::MatrixXd logits = noise(random, 30, 12) * noise(random, 12, 200);
  std::vector<std::int32_t> wanted(60);
  std::iota(wanted.begin(), wanted.end(), 1);
  Eigen::MatrixXd found(30, 60);
  for (Eigen::Index i = 0; i < logits.rows(); ++i) {
    std::vector<float> row(200);
    for (Eigen::Index k = 0; k < 200; ++k) row[static_cast<std::size_t>(k)] = static_cast<float>(logits(i, k));
    const auto server = serve_top(std::move(row), 5);
    const auto stolen = steal_logits([&](auto biased, double bias) { return answer(server, biased, bias); }, wanted, 0,
                                     5, 100);
    ASSERT_TRUE(stolen);
    for (Eigen::Index k = 0; k < 60; ++k) found(i, k) = stolen->differences[static_cast<std::size_t>(k)];
  }
  const auto layer = steal_layer(found);
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(layer->dimension, 12U);
}

TEST(BiasAttack, says_when_the_bias_or_the_answer_is_too_small) {
  const auto server = serve_top({0, 50, 40, 30, 20, 10}, 3);
  const TopOracle ask = [&](auto biased, double bias) { return answer(server, biased, bias); };
  const std::vector<std::int32_t> wanted = {5};
  const auto weak = steal_logits(ask, wanted, 0, 3, 5);
  ASSERT_FALSE(weak);
  EXPECT_EQ(weak.error().code, ErrorCode::bad_input);
  EXPECT_EQ(weak.error().message, "a bias of 5 does not lift token 0 into the answer: use a greater one");
  EXPECT_EQ(steal_logits(ask, wanted, 0, 1, 100).error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace cms::lab
