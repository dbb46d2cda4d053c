#include "lab/ground.hpp"

#include <gtest/gtest.h>

#include <set>

#include "lab/demo_example.hpp"
#include "lab/ground_example.hpp"
#include "pipeline/step.hpp"
#include "tap/activation_set.hpp"

namespace cms::lab {
namespace {

namespace fs = std::filesystem;

// A set on disk: the annotated example, with a field that people and distillers both wrote of.
class OwnSet : public testing::Test {
 protected:
  OwnSet() : name_(fs::path(testing::TempDir()) / "cms_own_set") {
    auto set = annotated_set();
    set.manifest.words_max = 7;
    set.manifest.chars_max = 30;
    for (auto& row : set.rows) {
      if (row.more["field"] == "task0") row.more["field"] = "field0";
    }
    write(set);
  }

  void write(const ActivationSet& set) const {
    const auto written = tap::write_set(name_, set, tap::Dtype::float32);
    ASSERT_TRUE(written) << written.error().message;
  }
  static std::set<std::string> families(const ActivationSet& set, const std::string& kind) {
    std::set<std::string> names;
    for (const auto& row : set.rows) {
      if (row.more["kind"] == kind) names.insert(row.more.value("family", row.more.value("field", std::string())));
    }
    return names;
  }

  fs::path name_;
};

TEST_F(OwnSet, is_read_by_its_name_or_its_matrix_and_says_how_much_of_a_text_was_read) {
  for (const auto& data : {name_, fs::path(name_.string() + ".npy")}) {
    EXPECT_TRUE(data_sets(data) == std::vector{name_});
    const auto set = read_ground(data);
    ASSERT_TRUE(set) << set.error().message;
    const auto options = data_study_options(set->manifest, {}, 1);
    EXPECT_EQ(options.corpus.words_max, 7U);
    EXPECT_EQ(options.corpus.chars_max, 30U);
  }
}

TEST_F(OwnSet, has_two_families_where_people_and_distillers_wrote_of_one_field) {
  const auto set = read_ground(name_);
  ASSERT_TRUE(set);
  EXPECT_TRUE(families(*set, "people").contains("field0"));
  EXPECT_TRUE(families(*set, "distiller").contains("field0 (distillers)"));
  EXPECT_FALSE(families(*set, "distiller").contains("field0"));
}

TEST_F(OwnSet, has_the_families_that_are_merged_as_one_and_its_conversations_stay_apart) {
  Families parts;
  parts.merged["talk"] = {"field0", "field1"};
  const auto set = read_ground(name_, parts);
  ASSERT_TRUE(set) << set.error().message;
  const auto names = families(*set, "people");
  EXPECT_TRUE(names.contains("talk"));
  EXPECT_EQ(names.size(), 6U);
  const auto whole = make_corpus(set->rows, set->values, set->manifest.dimension, {});
  const auto apart = read_ground(name_);
  const auto before = make_corpus(apart->rows, apart->values, apart->manifest.dimension, {});
  ASSERT_TRUE(whole && before);
  for (std::size_t i = 0; i < whole->rows.size(); ++i) {
    EXPECT_EQ(whole->rows[i].conversation, before->rows[i].conversation);
  }
}

TEST_F(OwnSet, is_refused_merged_of_both_or_of_what_it_has_not) {
  Families parts;
  parts.merged["both"] = {"field1", "task1"};
  EXPECT_NE(read_ground(name_, parts).error().message.find("\"both\""), std::string::npos);
  parts.merged = {{"some", {"field1", "gone"}}};
  EXPECT_NE(read_ground(name_, parts).error().message.find("\"gone\""), std::string::npos);
}

TEST_F(OwnSet, is_refused_where_nobody_is_said_to_have_written_a_row_or_a_text_is_several) {
  auto set = annotated_set();
  set.rows[3].more.erase("kind");
  write(set);
  const auto nobody = read_ground(name_);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, ErrorCode::bad_input);
  EXPECT_NE(nobody.error().message.find("row 3"), std::string::npos);
  set = annotated_set();
  set.manifest.segments_max = 4;
  write(set);
  EXPECT_NE(read_ground(name_).error().message.find("--segments 4"), std::string::npos);
  EXPECT_NE(read_ground("nowhere").error().message.find("activations/{human,distill}"), std::string::npos);
}

// The account's own state knows a repeat by its point, paid_of() by its row.
TEST(Paid, is_what_a_ledger_beside_the_pure_step_adds_up) {
  auto small = small_ground();
  const Ground ground{std::move(small.study), {}, std::move(small.model), {}};
  std::vector<std::uint32_t> rows(ground.study.split.test.begin(), ground.study.split.test.begin() + 80);
  rows.insert(rows.end(), {rows[3], rows[3]});
  const policy::Tariff tariff{{.steepness = 2}, {{2, 2}, {4, 2}}};
  auto ledger = policy::make_ledger(ground.study.atlas.chart_count()).value();
  auto state = pipeline::make_account(ground.model);
  pipeline::Scratch scratch;
  for (const auto row : rows) {
    const auto distinct = state.window.distinct;
    pipeline::advance(ground.model, state, ground.study.projected[row], 0, scratch);
    policy::charge(tariff, ledger, ground.study.projected[row].chart, state.window.distinct == distinct,
                   pipeline::score_at(ground.model, state, 0));
  }
  EXPECT_DOUBLE_EQ(paid_of(ground, tariff, rows, poh_of(ground, rows)), ledger.paid());
  EXPECT_GT(ledger.paid(), static_cast<double>(rows.size()));
}

}  // namespace
}  // namespace cms::lab
