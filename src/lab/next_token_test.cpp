#include "lab/next_token.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "lab/demo_example.hpp"
#include "lab/study.hpp"

namespace cms::lab {
namespace {

Rows noise(Eigen::Index rows, Eigen::Index columns, Random& random) {
  Rows made(rows, columns);
  for (Eigen::Index i = 0; i < made.size(); ++i) made.data()[i] = static_cast<float>(random.normal());
  return made;
}

TEST(NextTokens, are_rows_of_greatest_product_whatever_the_size_of_the_vocabulary) {
  Random random(7);
  for (const Eigen::Index vocabulary : {1, 3, 1023, 1024, 1025, 2500}) {
    const Rows matrix = noise(vocabulary, 9, random), hidden = noise(11, 9, random);
    const auto tokens = next_tokens(matrix, hidden);
    ASSERT_EQ(tokens.size(), 11U);
    for (Eigen::Index i = 0; i < hidden.rows(); ++i) {
      std::int32_t best = 0;
      const auto logit = [&](std::int32_t token) {
        return matrix.row(token).cast<double>().dot(hidden.row(i).cast<double>());
      };
      for (std::int32_t token = 1; token < vocabulary; ++token) best = logit(token) > logit(best) ? token : best;
      EXPECT_EQ(tokens[static_cast<std::size_t>(i)], best) << vocabulary;
    }
  }
}

TEST(NextTokens, of_equal_products_are_the_first) {
  const Rows matrix = Rows::Ones(3000, 2), hidden = Rows::Ones(1, 2);
  EXPECT_EQ(next_tokens(matrix, hidden), std::vector<std::int32_t>{0});
  EXPECT_TRUE(next_tokens(matrix, Rows(0, 2)).empty());
}

// Every field of the demonstration's texts is followed by a token of its own.
class AgreementTest : public testing::Test {
 protected:
  AgreementTest() : set_(annotated_set()) {
    StudyOptions options;
    options.annotated = true;
    options.atlas = {.rank = 16, .chart_count = 40, .sketch_dimension = 16, .reference_max = 200};
    study_ = *make_study(set_, options);
    const auto fields = static_cast<Eigen::Index>(study_.corpus.families.size());
    speech_.matrix = Rows::Identity(fields, fields);
    speech_.hidden = Rows::Zero(static_cast<Eigen::Index>(set_.count()), fields);
    speech_.tokens.resize(set_.count());
    for (const auto& row : study_.corpus.rows) {
      speech_.hidden(row.source_row, row.family) = 1;
      speech_.tokens[row.source_row] = static_cast<std::int32_t>(row.family);
      features_.push_back(text_features(fmt::format("{} {}", study_.corpus.families[row.family], row.source_row)));
    }
  }
  // Test rows of a field, from the `first` on.
  std::vector<std::uint32_t> of_field(const std::string& name, std::size_t first, std::size_t count) const {
    auto rows = of_families(study_.corpus, study_.split.test, {&name, 1});
    rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(std::min(first, rows.size())));
    rows.resize(std::min(count, rows.size()));
    return rows;
  }
  Agreement of(const Examination& examination, const std::vector<std::uint32_t>& asked) const {
    return agreement(speech_, study_.corpus, features_, examination, asked);
  }

  ActivationSet set_;
  Study study_;
  Speech speech_;
  std::vector<TextFeatures> features_;
};

TEST_F(AgreementTest, is_whole_on_the_field_that_was_asked_and_counts_weights) {
  const auto asked = of_field("task2", 0, 40);
  auto examined = of_field("task2", 40, 20);
  const auto others = of_field("task3", 0, 20);
  examined.insert(examined.end(), others.begin(), others.end());
  Examination examination{examined, {}, std::vector<double>(examined.size(), 1), {}};
  std::fill_n(examination.weights.begin(), 20, 3);
  const auto found = of(examination, asked);
  EXPECT_DOUBLE_EQ(found.student, .5);  // it has heard one token only
  EXPECT_DOUBLE_EQ(found.weighted, .75);
  EXPECT_DOUBLE_EQ(found.commonest, .5);
}

TEST_F(AgreementTest, of_who_asked_both_fields_is_above_saying_the_commonest) {
  auto asked = of_field("task2", 0, 40), examined = of_field("task2", 40, 20);
  const auto more = of_field("task3", 0, 30), others = of_field("task3", 30, 20);
  asked.insert(asked.end(), more.begin(), more.end());
  examined.insert(examined.end(), others.begin(), others.end());
  const Examination examination{examined, {}, std::vector<double>(examined.size(), 1), {}};
  const auto found = of(examination, asked);
  EXPECT_DOUBLE_EQ(found.commonest, .5);
  EXPECT_GT(found.student, .8);
}

TEST_F(AgreementTest, leaves_out_what_was_asked) {
  const auto asked = of_field("task2", 0, 10);
  const Examination examination{asked, {}, std::vector<double>(asked.size(), 1), {}};
  EXPECT_EQ(of(examination, asked).student, 0);
}

}  // namespace
}  // namespace cms::lab
