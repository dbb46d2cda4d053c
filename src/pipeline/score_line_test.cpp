#include "pipeline/score_line.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

namespace cms::pipeline {
namespace {

Score computed_score() {
  Score score;
  score.computed = true;
  score.requests = 40;
  score.poh = 0.004;
  score.poh_min = 0.002;
  score.requests_at_min = 32;
  score.reasons = {0.125, 0, 0.5, 0.125, 0.25, 0, 0};
  score.coverage = 0.25;
  score.confidence = 0.5;
  score.completeness = 1;
  return score;
}

TEST(ScoreLine, reasons_come_largest_first_equal_ones_in_channel_order_and_sum_to_one) {
  const auto found = reasons(computed_score());

  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].channel, Channel::geometry);
  EXPECT_EQ(found[1].channel, Channel::divergence);
  EXPECT_EQ(found[2].channel, Channel::breadth);
  EXPECT_EQ(found[3].channel, Channel::coherence);
  EXPECT_EQ(std::accumulate(found.begin(), found.end(), 0.0, [](double s, auto r) { return s + r.share; }), 1.0);
}

TEST(ScoreLine, a_computed_score_prints_exactly_these_bytes) {
  EXPECT_EQ(score_line("anna", "0123456789ab", computed_score(), 2.5).dump(),
            R"({"account":"anna","atlas":"0123456789ab","status":"computed","why":null,"requests":40,"poh":0.004,)"
            R"("poh_min":0.002,"requests_at_min":32,"extrapolated":false,"action":"limit","price":2.5,)"
            R"("reasons":[)"
            R"({"channel":"geometry","share":0.5},{"channel":"divergence","share":0.25},)"
            R"({"channel":"breadth","share":0.125},{"channel":"coherence","share":0.125}],)"
            R"("coverage":0.25,"confidence":0.5,"completeness":1.0})");
}

TEST(ScoreLine, what_was_not_computed_is_null_and_says_why) {
  Score score;
  score.requests = 3;
  score.requests_needed = 16;
  score.coverage = 0.125;

  EXPECT_EQ(score_line("ben", "0123456789ab", score).dump(),
            R"({"account":"ben","atlas":"0123456789ab","status":"not_computed","why":"needs 16 requests, has 3",)"
            R"("requests":3,"poh":null,"poh_min":null,"requests_at_min":null,"extrapolated":null,"action":"allow",)"
            R"("price":null,"reasons":null,"coverage":0.125,"confidence":null,"completeness":null})");
}

TEST(ScoreLine, without_evidence_there_are_no_reasons) {
  auto score = computed_score();
  score.reasons = {};

  EXPECT_EQ(score_line("anna", "0123456789ab", score)["reasons"].dump(), "[]");
}

TEST(ScoreLine, readings_name_every_measure_and_are_null_where_none_was_made) {
  Reading reading;
  reading.set(Measure::charts, 12);
  reading.set(Measure::mmd, std::numeric_limits<double>::quiet_NaN());

  const auto json = readings(reading);

  EXPECT_EQ(json.size(), kMeasureCount);
  EXPECT_EQ(json["charts"], 12.0);
  EXPECT_TRUE(json["mmd"].is_null());
  EXPECT_TRUE(json["h1_total"].is_null());
}

}  // namespace
}  // namespace cms::pipeline
