#include "lab/theft_equations.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"
#include "lab/theft_example.hpp"

namespace cms::lab {
namespace {

constexpr Eigen::Index kFeatures = 20;
constexpr Eigen::Index kClasses = 5;

Result<StolenHead> steal(const Head& victim, const Eigen::MatrixXd& queries, Precision precision) {
  return steal_head(queries, printed(probabilities(victim, queries), precision), least_probability(precision));
}

TEST(EquationSolving, recovers_known_weights_from_one_query_more_than_there_are_features) {
  Random random(1);
  const Head victim = noise(random, kClasses, kFeatures + 1);
  const auto stolen = steal(victim, noise(random, kFeatures + 1, kFeatures), Precision::float64);
  ASSERT_TRUE(stolen) << stolen.error().message;
  EXPECT_EQ(stolen->queries, 21U);
  EXPECT_EQ(stolen->clamped, 0U);
  EXPECT_LT(compare_heads(*stolen, victim).greatest, 1e-9);
  EXPECT_EQ(agreement(*stolen, victim, noise(random, 300, kFeatures)), 1);
}

TEST(EquationSolving, does_not_see_a_shift_that_all_classes_share) {
  Random random(2);
  const Head victim = noise(random, kClasses, kFeatures + 1);
  const Head shifted = victim.rowwise() + noise(random, 1, kFeatures + 1).row(0);
  const Eigen::MatrixXd queries = noise(random, kFeatures + 1, kFeatures);
  const auto stolen = steal(shifted, queries, Precision::float64);
  ASSERT_TRUE(stolen);
  EXPECT_LT(compare_heads(*stolen, victim).greatest, 1e-9);
}

TEST(EquationSolving, asks_for_more_rows_when_they_are_too_few) {
  Random random(3);
  const Head victim = noise(random, kClasses, kFeatures + 1);
  const auto stolen = steal(victim, noise(random, kFeatures, kFeatures), Precision::float64);
  ASSERT_FALSE(stolen);
  EXPECT_EQ(stolen.error().code, ErrorCode::usage);
  EXPECT_EQ(stolen.error().message, "20 queries are too few for the 21 unknowns of a class: ask at least 21 rows");
}

TEST(EquationSolving, names_the_rank_of_rows_that_are_too_alike) {
  Random random(4);
  const Head victim = noise(random, kClasses, kFeatures + 1);
  Eigen::MatrixXd queries = noise(random, 2 * kFeatures, kFeatures);
  queries.col(7) = queries.col(3);
  const auto stolen = steal(victim, queries, Precision::float64);
  ASSERT_FALSE(stolen);
  EXPECT_EQ(stolen.error().code, ErrorCode::bad_input);
  EXPECT_NE(stolen.error().message.find("have rank 20, the 21 unknowns"), std::string::npos) << stolen.error().message;
}

TEST(EquationSolving, gets_worse_with_every_digit_that_is_not_printed) {
  Random random(5);
  const Head victim = noise(random, kClasses, kFeatures + 1, 0.2);
  const Eigen::MatrixXd queries = noise(random, 2 * kFeatures, kFeatures);
  double before = 0;
  for (const auto precision :
       {Precision::float64, Precision::float32, Precision::decimals_4, Precision::decimals_3}) {
    const auto stolen = steal(victim, queries, precision);
    ASSERT_TRUE(stolen);
    const double error = compare_heads(*stolen, victim).relative;
    EXPECT_GT(error, before) << precision_name(precision);
    before = error;
  }
  EXPECT_LT(before, 1);
}

TEST(EquationSolving, counts_probabilities_printed_as_zero_and_stays_finite) {
  Random random(6);
  const Head victim = noise(random, kClasses, kFeatures + 1, 100);  // most probabilities underflow
  const Eigen::MatrixXd queries = noise(random, kFeatures + 1, kFeatures);
  for (const auto precision : {Precision::float64, Precision::decimals_3}) {
    const auto answers = printed(probabilities(victim, queries), precision);
    const auto zeros = static_cast<std::uint64_t>((answers.array() < least_probability(precision)).count());
    const auto stolen = steal_head(queries, answers, least_probability(precision));
    ASSERT_TRUE(stolen);
    EXPECT_GT(zeros, 0U);
    EXPECT_EQ(stolen->clamped, zeros);
    EXPECT_TRUE(stolen->differences.allFinite());
  }
}

TEST(EquationSolving, refuses_answers_that_are_no_probabilities) {
  Random random(7);
  const Eigen::MatrixXd queries = noise(random, 4, 3);
  Eigen::MatrixXd answers = Eigen::MatrixXd::Constant(4, 2, 0.5);
  EXPECT_TRUE(steal_head(queries, answers, 1e-300));
  answers(1, 1) = std::nan("");
  EXPECT_EQ(steal_head(queries, answers, 1e-300).error().code, ErrorCode::bad_input);
  answers(1, 1) = -0.5;
  EXPECT_EQ(steal_head(queries, answers, 1e-300).error().code, ErrorCode::bad_input);
  EXPECT_EQ(steal_head(queries, Eigen::MatrixXd::Ones(4, 1), 1e-300).error().code, ErrorCode::bad_input);
  EXPECT_EQ(steal_head(queries, Eigen::MatrixXd::Ones(3, 2), 1e-300).error().code, ErrorCode::bad_input);
}

TEST(FittedHead, learns_what_a_linear_head_decides) {
  Random random(8);
  const Head teacher = noise(random, 3, kFeatures + 1);
  // A feature of another scale, one that is constant.
  Eigen::MatrixXd rows = noise(random, 1200, kFeatures);
  const auto labels = decisions(teacher, rows);
  rows.col(0) *= 1000;
  rows.col(1).setConstant(5);
  const Head head = fit_head(rows, labels, 3);
  const auto decided = decisions(head, rows);
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += decided[i] == labels[i] ? 1 : 0;
  EXPECT_GT(right, 1000U);
  EXPECT_TRUE(head.allFinite());
}

TEST(FittedHead, is_where_the_gradient_vanishes) {
  Random random(9);
  const Eigen::MatrixXd rows = noise(random, 400, 6);
  std::vector<std::size_t> labels(400);
  for (auto& label : labels) label = random.below(3);
  const Head head = fit_head(rows, labels, 3);
  Eigen::MatrixXd excess = probabilities(head, rows);
  for (Eigen::Index i = 0; i < excess.rows(); ++i) excess(i, static_cast<Eigen::Index>(labels[i])) -= 1;
  // The bias has no ridge, so its gradient is the mean excess.
  EXPECT_LT(excess.colwise().mean().cwiseAbs().maxCoeff(), 1e-6);
}

}  // namespace
}  // namespace cms::lab
