#include "lab/grown_study.hpp"

#include <gtest/gtest.h>

#include "atlas/atlas.hpp"
#include "lab/demo_example.hpp"

namespace cms::lab {
namespace {

TEST(GrownStudy, measures_added_texts_as_if_they_had_been_there_and_leaves_the_rest_alone) {
  auto set = annotated_set();
  StudyOptions options;
  options.atlas = {.rank = 16, .chart_count = 40, .sketch_dimension = 16, .reference_max = 200};
  auto study = *make_study(set, options);
  const auto before = study.corpus.rows.size();
  const auto split = study.split.test;
  // Vectors of rows that the study knows already, under new texts: they have to come to the same points and charts.
  SequenceVectors vectors{set, {{"never asked", 5}, {"nor this", 40}}};
  const std::vector<std::string> texts = {"never asked", "nor this"};
  const auto rows = add_texts(study, set, "made up", texts, vectors);
  ASSERT_EQ(rows, (std::vector<std::uint32_t>{static_cast<std::uint32_t>(before),
                                              static_cast<std::uint32_t>(before + 1)}));
  for (const auto& [row, known] : {std::pair{rows[0], 5U}, std::pair{rows[1], 40U}}) {
    EXPECT_TRUE(std::ranges::equal(study.corpus.point(row), study.corpus.point(known)));
    EXPECT_EQ(study.projected[row].chart, study.projected[known].chart);
    EXPECT_EQ(study.projected[row].point, study.projected[known].point);
    EXPECT_EQ(study.projected[row].benign_kernel, study.projected[known].benign_kernel);
    EXPECT_TRUE(std::ranges::equal(set.row(study.corpus.rows[row].source_row), set.row(known)));
    EXPECT_EQ(study.corpus.rows[row].origin, Origin::distiller);
    EXPECT_EQ(study.corpus.families[study.corpus.rows[row].family], "made up");
  }
  EXPECT_NE(study.corpus.rows[rows[0]].text_id, study.corpus.rows[rows[1]].text_id);
  EXPECT_EQ(study.split.test, split);
  EXPECT_EQ(study.text_lengths.size(), before + 2);
  // A second call goes on in the same family.
  vectors.places.emplace("one more", 7);
  const std::vector<std::string> more = {"one more"};
  const auto added = add_texts(study, set, "made up", more, vectors);
  EXPECT_EQ(study.corpus.rows[added[0]].family, study.corpus.rows[rows[0]].family);
  EXPECT_EQ(set.rows.back().more.value("text", std::string()), "one more");
}

}  // namespace
}  // namespace cms::lab
