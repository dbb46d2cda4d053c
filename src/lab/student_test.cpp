#include "lab/student.hpp"

#include <Eigen/LU>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

#include "lab/demo_example.hpp"
#include "lab/knockoff.hpp"
#include "lab/statistics.hpp"

namespace cms::lab {
namespace {

TEST(TextFeatures, are_of_unit_length_and_know_like_from_unlike) {
  const auto cats = text_features("How do I feed a cat?");
  double squares = 0;
  for (const float value : cats.values) squares += double{value} * value;
  EXPECT_NEAR(squares, 1, 1e-6);
  EXPECT_NEAR(similarity(cats, cats), 1, 1e-6);
  EXPECT_NEAR(similarity(cats, text_features("how do i feed a CAT")), 1, 1e-6);
  EXPECT_GT(similarity(cats, text_features("How do I feed a dog?")),
            similarity(cats, text_features("Integrate x squared over the line")));
  EXPECT_TRUE(text_features("").places.empty());
  EXPECT_TRUE(text_features(" ?! ").places.empty());
  EXPECT_EQ(similarity(cats, text_features("")), 0);
}

TEST(Student, answers_what_ridge_regression_says) {
  // K + .1 I times the weights is what was answered.
  const std::vector<TextFeatures> texts = {text_features("one two three"), text_features("two three four"),
                                           text_features("something else")};
  const std::vector<const TextFeatures*> asked = {&texts[0], &texts[1], &texts[2]};
  Rows answers(3, 2);
  answers << 1, 0, 0, 1, -1, 0;
  Eigen::Matrix3d kernel;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) kernel(i, j) = similarity(texts[i], texts[j]) + (i == j ? .1 : 0);
  }
  const Eigen::MatrixXd weights = kernel.inverse() * answers.cast<double>();
  const Student student(asked, answers);
  const auto asked_now = text_features("three four five");
  Eigen::RowVectorXd expected = Eigen::RowVectorXd::Zero(2);
  for (int i = 0; i < 3; ++i) expected += similarity(asked_now, texts[i]) * weights.row(i);
  EXPECT_NEAR((student.answer(asked_now).cast<double>() - expected).norm(), 0, 1e-5);
  EXPECT_EQ(student.answer(text_features("")).norm(), 0);
}

TEST(Student, that_begins_with_a_model_is_ridge_regression_on_its_points) {
  // Points may be opposite: a negative cosine counts as a positive one does.
  const std::vector<std::vector<float>> points = {{1, 0, 0}, {0, 1, 0}, {-.6F, 0, .8F}};
  std::vector<TextFeatures> texts;
  for (const auto& point : points) texts.push_back(point_features(point));
  EXPECT_NEAR(similarity(texts[0], texts[2]), -.6, 1e-6);
  const std::vector<const TextFeatures*> asked = {&texts[0], &texts[1], &texts[2]};
  Rows answers(3, 2);
  answers << 1, 0, 0, 1, -1, 0;
  Eigen::Matrix3d x;
  for (int i = 0; i < 3; ++i) {
    for (int d = 0; d < 3; ++d) x(i, d) = points[i][d];
  }
  // The primal form: the same line by another equation.
  const Eigen::Matrix3d gram = x.transpose() * x + .1 * Eigen::Matrix3d::Identity();
  const Eigen::MatrixXd line = gram.inverse() * x.transpose() * answers.cast<double>();
  const Student student(asked, answers);
  const std::vector<float> now = {-.48F, .6F, -.64F};
  const Eigen::RowVectorXd expected = Eigen::RowVector3d(now[0], now[1], now[2]) * line;
  EXPECT_NEAR((student.answer(point_features(now)).cast<double>() - expected).norm(), 0, 1e-5);
}

TEST(Correlation, is_pearsons) {
  const std::vector<double> a = {1, 2, 3, 4, 7}, b = {2, 1, 4, 3, 9}, constant(5, 1.0);
  // numpy.corrcoef(a, b)[0, 1]
  EXPECT_NEAR(correlation(a, b), 0.920492, 1e-6);
  EXPECT_EQ(correlation(a, constant), 0);
  EXPECT_EQ(correlation({}, {}), 0);
}

class Knockoff : public testing::Test {
 protected:
  struct Made {
    Study study;
    std::vector<TextFeatures> features;
  };
  static const Made& made() {
    static const Made one = [] {
      Made result;
      StudyOptions options;
      options.atlas = {.rank = 16, .chart_count = 40, .sketch_dimension = 16, .reference_max = 200};
      const auto set = annotated_set();
      result.study = *make_study(set, options);
      for (const auto& row : result.study.corpus.rows) {
        result.features.push_back(text_features(set.rows[row.source_row].more.value("text", std::string())));
      }
      return result;
    }();
    return one;
  }
};

TEST_F(Knockoff, asks_no_text_twice_and_ends_with_the_pool) {
  const auto& pool = made().study.split.test;
  for (const bool adaptive : {false, true}) {
    Random random(1);
    const auto rows = knockoff(made().study, made().features, pool, {.requests = 100'000, .adaptive = adaptive,
                                                                     .refit = 200}, random);
    std::set<std::uint32_t> texts, all;
    for (const auto row : rows) EXPECT_TRUE(texts.insert(made().study.corpus.rows[row].text_id).second);
    for (const auto row : pool) all.insert(made().study.corpus.rows[row].text_id);
    EXPECT_EQ(texts, all);
  }
}

TEST_F(Knockoff, by_chance_takes_texts_as_the_pool_has_them_and_the_bandit_does_not) {
  const auto spread = [&](bool adaptive) {
    double uneven = 0;
    for (int run = 0; run < 10; ++run) {
      Random random(run);
      std::map<std::uint32_t, double> counts;
      for (const auto row : knockoff(made().study, made().features, made().study.split.test,
                                     {.requests = 120, .adaptive = adaptive, .learning_rate = 2}, random)) {
        counts[made().study.corpus.rows[row].family] += 1;
      }
      for (const auto& [family, count] : counts) uneven += count * count;
    }
    return uneven;
  };
  EXPECT_GT(spread(true), spread(false));
}

}  // namespace
}  // namespace cms::lab
