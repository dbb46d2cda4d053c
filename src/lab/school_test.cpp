#include "lab/school.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "lab/demo_example.hpp"

namespace cms::lab {
namespace {

class SchoolTest : public testing::Test {
 protected:
  SchoolTest() : set_(annotated_set()) {
    StudyOptions options;
    options.annotated = true;
    options.atlas = {.rank = 16, .chart_count = 40, .sketch_dimension = 16, .reference_max = 200};
    ground_.study = *make_study(set_, options);
    ground_.yardstick = {std::vector<std::uint16_t>(set_.count()), {1.0}};
    Random random(1);
    school_ = make_school(ground_, set_, 100, random);
  }
  // The first `count` test rows of a field.
  std::vector<std::uint32_t> of_field(const std::string& name, std::size_t count) const {
    auto rows = of_families(ground_.study.corpus, ground_.study.split.test, {&name, 1});
    rows.resize(std::min(count, rows.size()));
    return rows;
  }

  ActivationSet set_;
  Ground ground_;
  School school_;
};

TEST_F(SchoolTest, examines_a_student_of_one_field_on_what_it_did_not_ask_of_that_field) {
  const auto all = of_field("task2", 90);
  const std::span asked(all.data(), 60), left(all.data() + 60, 30);
  const auto own = school_.own_field_of(asked);
  ASSERT_TRUE(own);
  const auto student = taught(ground_.study, school_.features, asked);
  double cosine = 0;
  for (const auto row : left) {
    const auto answer = student.answer(school_.features[row]);
    const auto point = points_of(ground_.study.corpus, {&row, 1});
    cosine += double{answer.dot(point.row(0)) / answer.norm()} / 30;
  }
  EXPECT_NEAR(own->cosine, cosine, 1e-5);
  EXPECT_NEAR(own->use_weighted, own->cosine, 1e-9);
  EXPECT_GT(own->cosine, school_.fidelity_of(asked).cosine + .1);
}

TEST_F(SchoolTest, a_student_that_begins_with_the_served_model_itself_learns_more_than_one_that_begins_with_nothing) {
  const auto asked = of_field("task2", 60);
  EXPECT_FALSE(school_.pretrained_fidelity_of(asked));
  for (std::uint32_t row = 0; row < ground_.study.corpus.rows.size(); ++row) {
    school_.pretrained.push_back(point_features(ground_.study.corpus.point(row)));
  }
  const auto begun = school_.pretrained_fidelity_of(asked);
  ASSERT_TRUE(begun);
  EXPECT_GT(begun->cosine, school_.fidelity_of(asked).cosine);
  EXPECT_LT(begun->cosine, 1);
}

TEST_F(SchoolTest, nearness_is_the_greatest_cosine_and_the_mean_distance_to_the_ten_nearest_of_texts_nobody_asked) {
  const auto asked = of_field("task2", 30);
  const auto& corpus = ground_.study.corpus;
  UsedTexts used(corpus);
  for (const auto row : asked) used.take(row);
  double cosine = 0, distance = 0, texts = 0;
  for (const auto text : school_.examination.rows) {
    if (used.contains(text)) continue;
    std::vector<double> distances;
    for (const auto row : asked) {
      const auto points = points_of(corpus, std::array{text, row});
      distances.push_back((points.row(0) - points.row(1)).norm());
    }
    std::ranges::sort(distances);
    cosine += 1 - distances.front() * distances.front() / 2;
    for (std::size_t i = 0; i < 10; ++i) distance += distances[i] / 10;
    ++texts;
  }
  const auto near = school_.nearness_of(asked);
  EXPECT_NEAR(near.cosine, cosine / texts, 1e-5);
  EXPECT_NEAR(near.ten_distance, -distance / texts, 1e-5);
  EXPECT_LT(school_.nearness_of({asked.data(), 4}).cosine, near.cosine);
}

TEST_F(SchoolTest, takes_the_field_most_requests_are_of_and_gives_nothing_where_too_few_texts_are_left) {
  auto mixed = of_field("task2", 40);
  const auto other = of_field("task3", 20);
  const auto alone = school_.own_field_of(mixed);
  mixed.insert(mixed.end(), other.begin(), other.end());
  ASSERT_TRUE(alone && school_.own_field_of(mixed));
  EXPECT_LT(school_.own_field_of(mixed)->cosine, alone->cosine + .05);
  EXPECT_FALSE(school_.own_field_of(of_field("task2", 80)));
}

}  // namespace
}  // namespace cms::lab
