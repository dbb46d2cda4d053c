#include "lab/kesarwani.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

#include "base/random.hpp"

namespace cms::lab {
namespace {

using Answers = std::vector<std::uint16_t>;

struct Dialogue {
  Rows queries;
  Answers answers;
};

// Queries whose answer is the cell of a coarse grid that they lie in: 4 classes a pair of features.
Dialogue on_a_grid(Random& random, int count, int features) {
  Dialogue dialogue{Rows(count, features), {}};
  for (int i = 0; i < count; ++i) {
    for (int f = 0; f < features; ++f) dialogue.queries(i, f) = static_cast<float>(random.normal());
    dialogue.answers.push_back(
        static_cast<std::uint16_t>((dialogue.queries(i, 0) > 0 ? 1 : 0) + (dialogue.queries(i, 1) > .5 ? 2 : 0)));
  }
  return dialogue;
}

double entropy(const Answers& answers) {
  std::map<std::uint16_t, double> counts;
  for (const auto answer : answers) counts[answer] += 1;
  double bits = 0;
  for (const auto& [answer, count] : counts) {
    const double share = count / static_cast<double>(answers.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

Answers picked(const Answers& answers, const std::vector<int>& rows) {
  Answers result;
  for (const int row : rows) result.push_back(answers[static_cast<std::size_t>(row)]);
  return result;
}

// Entropy, times its number of rows, that is left of the validation rows `judged` once the tree of the rows `learnt`
// has parted them: every threshold of every feature tried, all counted anew.
double left_over(const Dialogue& own, const std::vector<int>& learnt, const Dialogue& validation,
                 const std::vector<int>& judged) {
  const double before = entropy(picked(own.answers, learnt)) * static_cast<double>(learnt.size());
  double best = before - 1e-9;
  int best_feature = -1;
  float best_threshold = 0;
  for (int f = 0; f < own.queries.cols(); ++f) {
    for (const int at : learnt) {
      const float threshold = own.queries(at, f);
      std::vector<int> sides[2];
      for (const int row : learnt) sides[own.queries(row, f) <= threshold ? 0 : 1].push_back(row);
      if (sides[1].empty()) continue;
      double after = 0;
      for (const auto& side : sides) after += entropy(picked(own.answers, side)) * static_cast<double>(side.size());
      if (after < best - 1e-9) best = after, best_feature = f, best_threshold = threshold;
    }
  }
  if (best_feature < 0) return entropy(picked(validation.answers, judged)) * static_cast<double>(judged.size());
  std::vector<int> sides[2], judged_sides[2];
  for (const int row : learnt) sides[own.queries(row, best_feature) <= best_threshold ? 0 : 1].push_back(row);
  for (const int row : judged) {
    judged_sides[validation.queries(row, best_feature) <= best_threshold ? 0 : 1].push_back(row);
  }
  return left_over(own, sides[0], validation, judged_sides[0]) + left_over(own, sides[1], validation, judged_sides[1]);
}

std::vector<int> up_to(int count) {
  std::vector<int> rows;
  for (int i = 0; i < count; ++i) rows.push_back(i);
  return rows;
}

TEST(InformationGain, is_that_of_a_tree_grown_by_trying_everything) {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    Random random(seed);
    const auto validation = on_a_grid(random, 80, 4);
    const auto own = on_a_grid(random, 25, 4);
    const auto source = make_source_model(validation.queries, validation.answers);
    const double expected = 1 - left_over(own, up_to(25), validation, up_to(80)) / (80 * entropy(validation.answers));
    EXPECT_NEAR(information_gain(source, own.queries, own.answers), expected, 1e-6) << seed;
  }
}

TEST(InformationGain, is_nothing_before_the_first_question_and_all_once_the_set_is_known) {
  Random random(1);
  const auto validation = on_a_grid(random, 200, 5);
  const auto source = make_source_model(validation.queries, validation.answers);
  EXPECT_EQ(information_gain(source, Rows(0, 5), {}), 0);
  EXPECT_NEAR(information_gain(source, validation.queries, validation.answers), 1, 1e-9);
  // Who is always answered alike learns nothing of where answers change.
  const Answers same(200, 3);
  EXPECT_NEAR(information_gain(source, validation.queries, same), 0, 1e-9);
  // Equal queries with unlike answers cannot be told apart.
  EXPECT_NEAR(information_gain(source, Rows::Ones(2, 5), Answers{0, 1}), 0, 1e-9);
}

TEST(InformationGain, is_greater_for_who_asks_everywhere_than_for_who_asks_in_one_corner) {
  Random random(2);
  const auto validation = on_a_grid(random, 300, 4);
  const auto source = make_source_model(validation.queries, validation.answers);
  const auto wide = on_a_grid(random, 60, 4);
  Dialogue narrow{Rows(60, 4), Answers(60)};
  for (int i = 0; i < 60; ++i) {
    narrow.queries.row(i) = wide.queries.row(i).cwiseAbs() * .1F + Eigen::RowVectorXf::Constant(4, .3F);
    narrow.answers[static_cast<std::size_t>(i)] = narrow.queries(i, 1) > .5 ? 3 : 1;
  }
  EXPECT_GT(information_gain(source, wide.queries, wide.answers),
            information_gain(source, narrow.queries, narrow.answers) + .2);
}

TEST(BoxCoverage, is_the_covered_share_of_each_width) {
  Rows queries(4, 2);
  queries << 0, 0, 10, 10, 5, 2, 0, 0;
  const auto source = make_source_model(queries, {0, 0, 0, 1});
  Rows asked(2, 2);
  asked << 2, 0, 7, 5;
  // Class 0, three rows of four: half of both widths.
  EXPECT_NEAR(box_coverage(source, asked, Answers{0, 0}), .75 * .5, 1e-12);
  EXPECT_EQ(box_coverage(source, asked.topRows(1), Answers{0}), 0);
  // What lies outside the class's box counts no further.
  asked << -20, -20, 30, 30;
  EXPECT_NEAR(box_coverage(source, asked, Answers{0, 0}), .75, 1e-12);
}

TEST(BoxCoverage, of_accounts_together_is_at_least_that_of_each) {
  Random random(3);
  const auto validation = on_a_grid(random, 300, 4);
  const auto source = make_source_model(validation.queries, validation.answers);
  const auto both = on_a_grid(random, 40, 4);
  const double united = box_coverage(source, both.queries, both.answers);
  const std::span answers(both.answers);
  for (const int first : {0, 20}) {
    EXPECT_LT(box_coverage(source, both.queries.middleRows(first, 20), answers.subspan(first, 20)), united);
  }
  EXPECT_NEAR(box_coverage(source, validation.queries, validation.answers), 1, 1e-6);
}

}  // namespace
}  // namespace cms::lab
