#include "tap/activation_set.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <limits>

#include "base/bytes.hpp"
#include "base/files.hpp"
#include "tap/npy.hpp"

namespace cms::tap {
namespace {

class SetFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "cms_set_XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }

  void put(const std::string& name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
  }

  std::string error_of(const std::string& name, const ReadOptions& options = {}) const {
    const auto set = read_set(path(name), options);
    if (set) return "no error";
    EXPECT_EQ(set.error().code, ErrorCode::bad_input);
    return set.error().message;
  }

  // A good set of three rows called "a".
  ActivationSet write_good() const {
    ActivationSet set;
    set.manifest = {.model_hash = "00ff", .model_name = "m", .layer = "final", .normalisation = "output_norm",
                    .pooling = "mean", .template_name = "none", .words_max = 24, .chars_max = 144, .dimension = 2,
                    .program_version = "1"};
    set.values = {1, 2, 3, 4, 5, 6};
    set.rows.resize(3);
    set.rows[0] = {.account = "x", .time = 2.5, .tokens_seen = 3, .tokens_total = 4, .more = {{"id", "\xC3\xA4"}}};
    set.rows[1].account = "y";
    set.rows[1].time = 1;
    set.rows[2].account = "x";
    set.rows[2].time = 0.1;
    EXPECT_TRUE(write_set(path("a"), set, Dtype::float32));
    return set;
  }

  std::filesystem::path folder_;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(SetFolder, a_set_survives_writing_and_reading) {
  const ActivationSet written = write_good();

  for (const char* name : {"a", "a.npy"}) {
    const auto read = read_set(path(name));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->values, written.values);
    EXPECT_EQ(to_json(read->manifest), to_json(written.manifest));
    ASSERT_EQ(read->count(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(read->rows[i].account, written.rows[i].account);
      EXPECT_EQ(read->rows[i].time, written.rows[i].time);
      EXPECT_EQ(read->rows[i].tokens_seen, written.rows[i].tokens_seen);
      EXPECT_EQ(read->rows[i].tokens_total, written.rows[i].tokens_total);
      EXPECT_EQ(read->rows[i].more, written.rows[i].more);
    }
  }
}

TEST_F(SetFolder, rows_of_an_account_go_by_time_then_row) {
  ActivationSet set = write_good();
  const auto accounts = rows_by_account(set);

  ASSERT_TRUE(accounts);
  ASSERT_EQ(accounts->size(), 2U);
  EXPECT_EQ((*accounts)[0].account, "x");
  EXPECT_EQ((*accounts)[0].rows, (std::vector<std::size_t>{2, 0}));
  EXPECT_EQ((*accounts)[1].rows, (std::vector<std::size_t>{1}));

  for (auto& row : set.rows) row.time = 7;
  EXPECT_EQ(rows_by_account(set)->front().rows, (std::vector<std::size_t>{0, 2}));
  set.rows[1].account.clear();
  EXPECT_TRUE(has(rows_by_account(set).error().message, "row 1 (from 0) has no \"account\""));
}

TEST_F(SetFolder, missing_and_null_keys_take_their_defaults) {
  write_good();
  put("a.jsonl", "{}\n{\"account\":null,\"time\":null}\n{\"text\":\"t\"}");
  const auto set = read_set(path("a"));

  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->rows[2].time, 2);
  EXPECT_EQ(set->rows[1].account, "");
  EXPECT_TRUE(set->rows[1].more.is_null());
  EXPECT_EQ(set->rows[2].more["text"], "t");
}

TEST_F(SetFolder, a_bad_line_is_named_with_its_file) {
  write_good();
  const std::string deep(100, '[');
  const std::pair<std::string, std::string> cases[] = {{"{\"account\":\"\xFF\"}", "not UTF-8"},
                                                       {"{\"account\":", "not JSON"},
                                                       {"", "not JSON"},
                                                       {"[1]", "not a JSON object"},
                                                       {"{\"a\":" + deep, "nested deeper"},
                                                       {"{\"time\":1e999}", "not JSON"},
                                                       {"{\"account\":5}", "\"account\" must be a string"},
                                                       {"{\"time\":\"now\"}", "\"time\" must be a number"},
                                                       {"{\"tokens_seen\":-1}", "\"tokens_seen\" must be"},
                                                       {"{\"tokens_total\":4294967296}", "\"tokens_total\" must be"}};
  for (const auto& [line, expected] : cases) {
    put("a.jsonl", "{}\n" + line + "\n{}\n");
    const auto message = error_of("a");
    EXPECT_TRUE(has(message, "a.jsonl, line 2: ")) << message;
    EXPECT_TRUE(has(message, expected)) << message;
  }
}

TEST_F(SetFolder, counts_that_differ_are_an_error) {
  write_good();
  put("a.jsonl", "{}\n{}\n");
  const auto message = error_of("a");
  EXPECT_TRUE(has(message, "has 3 rows")) << message;
  EXPECT_TRUE(has(message, "has 2 lines")) << message;
}

TEST_F(SetFolder, values_that_are_not_finite_are_named_by_row_and_column) {
  write_good();
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    const std::vector<float> values = {1, 2, 3, bad, 5, 6};
    ASSERT_TRUE(write_file(path("a.npy"), format_npy(values, 2, Dtype::float16)));
    EXPECT_TRUE(has(error_of("a"), "a.npy: row 1, column 1 (from 0) is "));
  }
}

TEST_F(SetFolder, empty_matrices_are_errors) {
  write_good();
  ASSERT_TRUE(write_file(path("a.npy"), format_npy({}, 2, Dtype::float32)));
  EXPECT_TRUE(has(error_of("a"), "holds no rows"));
  put("a.ndjson", "{\"vector\":[]}\n");
  EXPECT_TRUE(has(error_of("a.ndjson"), "dimension 0"));
  put("a.ndjson", "");
  EXPECT_TRUE(has(error_of("a.ndjson"), "holds no rows"));
}

TEST_F(SetFolder, a_set_without_manifest_needs_an_assumed_model) {
  write_good();
  std::filesystem::remove(path("a.manifest.json"));

  EXPECT_TRUE(has(error_of("a"), "--assume-model"));
  const auto set = read_set(path("a"), {.assume_model = "m/l3/last", .tensor = ""});
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->manifest.fingerprint(), "m/l3/last");
  EXPECT_EQ(set->manifest.dimension, 2U);
  EXPECT_EQ(read_set(path("a"), {.assume_model = "m/l3", .tensor = ""}).error().code, ErrorCode::usage);
}

TEST_F(SetFolder, every_truncation_of_the_manifest_is_an_error) {
  write_good();
  const auto text = *read_text_file(path("a.manifest.json"));
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    put("a.manifest.json", text.substr(0, size));
    EXPECT_TRUE(has(error_of("a"), "a.manifest.json: "));
  }
}

TEST_F(SetFolder, a_manifest_of_another_dimension_is_an_error) {
  ActivationSet set = write_good();
  set.manifest.dimension = 3;
  put("a.manifest.json", to_json(set.manifest).dump());
  EXPECT_TRUE(has(error_of("a"), "says dimension 3"));
}

TEST_F(SetFolder, ndjson_and_safetensors_hold_the_same_set) {
  write_good();
  const auto expected = read_set(path("a"));
  std::filesystem::copy(path("a.jsonl"), path("s.jsonl"));
  std::filesystem::copy(path("a.manifest.json"), path("s.manifest.json"));
  std::filesystem::copy(path("a.manifest.json"), path("n.manifest.json"));
  ByteWriter writer;
  writer.put_string(R"({"t":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]}})");
  for (const float value : expected->values) writer.put(value);
  ASSERT_TRUE(write_file(path("s.safetensors"), writer.bytes()));
  put("n.ndjson",
      "{\"vector\":[1,2],\"account\":\"x\",\"time\":2.5,\"tokens_seen\":3,\"tokens_total\":4,\"id\":\"\xC3\xA4\"}\n"
      "{\"vector\":[3.0,4],\"account\":\"y\",\"time\":1}\n{\"vector\":[5,6],\"account\":\"x\",\"time\":0.1}\n");

  for (const char* name : {"s", "n", "n.ndjson", "s.safetensors"}) {
    const auto set = read_set(path(name));
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(set->values, expected->values);
    EXPECT_EQ(set->rows[0].more, expected->rows[0].more);
    EXPECT_EQ(set->rows[2].time, expected->rows[2].time);
  }
}

TEST_F(SetFolder, ndjson_vectors_must_be_numbers_of_one_length) {
  for (const char* line : {"{}", "{\"vector\":3}", "{\"vector\":[1]}", "{\"vector\":[1,\"2\"]}"}) {
    put("n.ndjson", std::string("{\"vector\":[1,2]}\n") + line);
    EXPECT_TRUE(has(error_of("n", {.assume_model = "m", .tensor = ""}), "n.ndjson, line 2: \"vector\"")) << line;
  }
  put("n.ndjson", "{\"vector\":[1e300,2]}\n");
  EXPECT_TRUE(has(error_of("n", {.assume_model = "m", .tensor = ""}), "row 0, column 0"));
}

TEST_F(SetFolder, missing_files_are_named) {
  EXPECT_TRUE(has(error_of("none"), "no activation set"));
  EXPECT_FALSE(has(error_of("none"), "cms capture"));
  put("prompts.jsonl", "{\"text\":\"a\"}\n");
  EXPECT_TRUE(has(error_of("prompts.jsonl"), "`cms capture` makes a set"));
  write_good();
  std::filesystem::remove(path("a.jsonl"));
  EXPECT_TRUE(has(error_of("a"), "a.jsonl"));
}

TEST_F(SetFolder, what_cannot_be_read_back_is_not_written) {
  ActivationSet set = write_good();
  set.values[3] = 1e6F;
  const auto result = write_set(path("a"), set, Dtype::float16);
  ASSERT_FALSE(result);
  EXPECT_TRUE(has(result.error().message, "row 1, column 1 (from 0) is 1000000")) << result.error().message;
  EXPECT_EQ(read_set(path("a"))->values[3], 4);
  set.values[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(write_set(path("a"), set, Dtype::float32));
  set.values.pop_back();
  EXPECT_FALSE(write_set(path("a"), set, Dtype::float32));
}

TEST_F(SetFolder, a_failed_write_leaves_the_old_set_and_no_litter) {
  ActivationSet set = write_good();
  set.values[0] = 9;
  // A folder in the way of the last file: everything before it must be taken back.
  std::filesystem::create_directories(path("a.manifest.json.new/in_the_way"));

  const auto result = write_set(path("a"), set, Dtype::float32);

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::failed);
  EXPECT_EQ(read_set(path("a"))->values[0], 1);
  EXPECT_FALSE(std::filesystem::exists(path("a.npy.new")));
  EXPECT_EQ(write_set(path("no/such/folder/a"), set, Dtype::float32).error().code, ErrorCode::failed);
}

}  // namespace
}  // namespace cms::tap
