#include <gtest/gtest.h>

#include "types/activation.hpp"
#include "types/reading.hpp"
#include "types/score.hpp"

namespace cms {
namespace {

Manifest sample() {
  return {"abc", "tiny-q4_0", "final", "output_norm", "mean", "none", 24, 144, 576, "0.1.0"};
}

TEST(Manifest, survives_json) {
  const auto back = manifest_from_json(to_json(sample()));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_json(*back), to_json(sample()));
}

TEST(Manifest, names_the_key_that_is_missing) {
  auto json = to_json(sample());
  json.erase("pooling");
  const auto back = manifest_from_json(json);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ErrorCode::bad_input);
  EXPECT_NE(back.error().message.find("pooling"), std::string::npos);
}

TEST(Manifest, of_another_model_file_is_refused_by_name_of_the_field) {
  auto other = sample();
  other.model_hash = "def";
  const auto result = matches(sample(), other);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::refused);
  EXPECT_NE(result.error().message.find("model file"), std::string::npos);
}

TEST(Manifest, of_another_layer_pooling_template_or_dimension_is_refused) {
  for (int field = 0; field < 4; ++field) {
    auto other = sample();
    if (field == 0) other.layer = "l12";
    if (field == 1) other.pooling = "last";
    if (field == 2) other.dimension = 64;
    if (field == 3) other.template_name = "chat";
    const auto result = matches(sample(), other);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::refused);
  }
}

TEST(Manifest, of_another_number_of_segments_is_refused_and_so_are_other_segments) {
  auto read_in_segments = sample();
  read_in_segments.segments_max = 8;
  for (const auto& pair : {std::pair(sample(), read_in_segments), std::pair(read_in_segments, sample())}) {
    const auto result = matches(pair.first, pair.second);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::refused);
    EXPECT_NE(result.error().message.find("segments"), std::string::npos);
  }
  for (auto field : {&Manifest::words_max, &Manifest::chars_max}) {
    auto other = read_in_segments;
    other.*field = 12;
    EXPECT_FALSE(matches(read_in_segments, other));
  }
  EXPECT_TRUE(matches(read_in_segments, read_in_segments));
}

TEST(Manifest, of_other_text_limits_is_refused_where_both_know_what_was_read) {
  for (auto field : {&Manifest::words_max, &Manifest::chars_max}) {
    auto other = sample();
    other.*field = 0;
    const auto result = matches(sample(), other);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::refused);
    EXPECT_NE(result.error().message.find("what is read of a text"), std::string::npos) << result.error().message;
    other.model_hash.clear();  // an engine's export, or assumed
    EXPECT_TRUE(matches(sample(), other));
  }
}

TEST(Manifest, from_before_there_were_segments_had_one_a_text) {
  auto json = to_json(sample());
  json.erase("segments_max");
  EXPECT_EQ(manifest_from_json(json)->segments_max, 1U);
  json["segments_max"] = "8";
  EXPECT_EQ(manifest_from_json(json).error().code, ErrorCode::bad_input);
}

TEST(Manifest, is_named_by_its_fingerprint_or_the_hash_of_its_file_and_by_a_hash_only_where_it_has_one) {
  auto manifest = sample();
  const auto rest = "/" + manifest.layer + "/" + manifest.pooling;
  for (const auto& given : {manifest.model_name, manifest.model_hash}) EXPECT_TRUE(manifest.is_named(given + rest));
  EXPECT_TRUE(manifest.is_named(manifest.model_hash));
  for (const auto& given : {std::string(), manifest.model_name, "another" + rest, manifest.model_hash + "/l99/mean",
                            manifest.model_name + rest + "x", manifest.model_hash + "/"}) {
    EXPECT_FALSE(manifest.is_named(given)) << given;
  }
  manifest.model_hash.clear();
  EXPECT_FALSE(manifest.is_named(""));
  EXPECT_FALSE(manifest.is_named(rest));
  EXPECT_TRUE(manifest.is_named(manifest.fingerprint()));
}

TEST(AssumeModel, takes_a_name_or_a_whole_fingerprint) {
  const auto whole = assume_model("tiny/l3/last", 8);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->fingerprint(), "tiny/l3/last");
  EXPECT_EQ(whole->normalisation, "none");
  EXPECT_EQ(assume_model("tiny", 8)->fingerprint(), "tiny/final/mean");
  EXPECT_EQ(assume_model("tiny/l3", 8).error().code, ErrorCode::usage);
  EXPECT_EQ(assume_model("", 8).error().code, ErrorCode::usage);
}

TEST(MeasureInfo, every_measure_has_its_own_name_and_every_scored_one_a_sign) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kMeasureCount; ++i) {
    const auto& measure = info(static_cast<Measure>(i));
    EXPECT_FALSE(measure.name.empty());
    EXPECT_EQ(std::count(names.begin(), names.end(), measure.name), 0) << measure.name;
    EXPECT_EQ(measure.sign != 0, measure.channel != Channel::none) << measure.name;
    EXPECT_FALSE(measure.channel == Channel::none && measure.scored()) << measure.name;
    names.push_back(measure.name);
  }
}

}  // namespace
}  // namespace cms
