// What state version 3 left must be read for as long as docs/formats/state.md says so, and what is written today must
// stay what it is. The folders in tests/golden were made by this test, with CMS_STATE_GOLDEN set to one; a new version
// of the state, or of the evidence, gets a folder of its own.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.hpp"
#include "pipeline/engine_example.hpp"
#include "pipeline/record.hpp"

namespace cms::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kWindow = 16, kHorizon = 40, kStepsMax = 24;
constexpr std::size_t kSteps = 60;

Bytes encoded(std::span<const store::Record> records) {
  ByteWriter out;
  out.put<std::uint64_t>(records.size());
  for (const auto& record : records) {
    out.put(record.number);
    out.put<std::uint8_t>(record.whole ? 1 : 0);
    out.put(record.time);
    out.put<std::uint64_t>(record.content.size());
    for (const auto byte : record.content) out.put(byte);
  }
  return out.take();
}

std::vector<store::Record> decoded(std::span<const std::uint8_t> bytes) {
  ByteReader in(bytes);
  std::vector<store::Record> records(in.get<std::uint64_t>());
  for (auto& record : records) {
    record.number = in.get<std::uint64_t>();
    record.whole = in.get<std::uint8_t>() != 0;
    record.time = in.get<double>();
    record.content.resize(in.get<std::uint64_t>());
    for (auto& byte : record.content) byte = in.get<std::uint8_t>();
  }
  EXPECT_FALSE(in.failed());
  return records;
}

// What an account leaves: its last whole record and those after it, its state, and its PoH after the last request.
struct Left {
  Bytes records, state;
  double poh = 1;
};

Left steps_of(const Model& model) {
  Account account;
  account.state = make_account(model);
  Scratch scratch;
  const auto stream = example_stream(model, 33, kSteps);
  std::vector<Projected> projected(stream.size());
  atlas::project(model.atlas, stream.values, scratch.project, projected);
  std::vector<store::Record> records;
  double poh = 1;
  for (std::size_t i = 0; i < kSteps; ++i) {
    const double time = kNow + 60.0 * static_cast<double>(i);
    const auto effort = i % 8 == 0 ? Effort::full : Effort::without_h1;
    auto advanced = advance(model, account, projected[i], time, effort, kStepsMax, scratch);
    if (advanced.record.whole) records.clear();
    records.push_back(std::move(advanced.record));
    poh = advanced.score.poh;
  }
  return {encoded(records), encode(model, account.state), poh};
}

void make_golden(const fs::path& folder) {
  fs::create_directories(folder);
  auto model = example_model(
      {.dimension = 24, .rank = 12, .sketch_dimension = 8, .charts = 20, .reference = 60}, kWindow, kHorizon);
  ASSERT_TRUE(write_model(folder / "atlas.cms", model));  // and named after its content
  const auto left = steps_of(model);
  ASSERT_TRUE(write_file(folder / "records", left.records));
  ASSERT_TRUE(write_file(folder / "state", left.state));
}

struct Golden {
  const char* folder;
  std::uint32_t evidence_version;
  double poh;  // after the last request
};

class GoldenTest : public testing::TestWithParam<Golden> {
 protected:
  static void SetUpTestSuite() {
    if (const char* place = std::getenv("CMS_STATE_GOLDEN")) make_golden(place);
  }

  void SetUp() override {
    const char* const source = std::getenv("CMS_SOURCE_DIR");
    if (source == nullptr) GTEST_SKIP() << "CMS_SOURCE_DIR is not set";
    const auto folder = fs::path(source) / "tests" / "golden" / GetParam().folder;
    auto model = read_model(folder / "atlas.cms");
    ASSERT_TRUE(model) << model.error().message;
    model_ = std::move(*model);
    const auto state = read_file(folder / "state"), records = read_file(folder / "records");
    ASSERT_TRUE(state && records);
    state_ = *state;
    records_ = *records;
  }

  Model model_;
  Bytes state_, records_;
};

TEST_P(GoldenTest, records_and_state_are_read_and_go_on_to_the_same_bytes_and_score) {
  EXPECT_EQ(model_.calibration.version, GetParam().evidence_version);
  const auto state = decode(model_, state_);
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->window.requests, kSteps);
  EXPECT_EQ(encode(model_, *state), state_);
  EXPECT_EQ(score_at(model_, *state, state->time).poh, GetParam().poh);

  const auto records = decoded(records_);
  ASSERT_GT(records.size(), 1U);
  EXPECT_TRUE(records.front().whole);
  Scratch scratch;
  const auto account = replay(model_, records, kStepsMax, scratch);
  ASSERT_TRUE(account) << account.error().message;
  EXPECT_EQ(encode(model_, account->state), state_);
  EXPECT_EQ(account->records, kSteps);
}

TEST_P(GoldenTest, the_same_requests_leave_the_same_bytes_today) {
  const auto left = steps_of(model_);
  EXPECT_EQ(left.records, records_);
  EXPECT_EQ(left.state, state_);
  EXPECT_EQ(left.poh, GetParam().poh);
}

INSTANTIATE_TEST_SUITE_P(Versions, GoldenTest,
                         testing::Values(Golden{"state-v3", 4, 1.374969024621152e-07},
                                         Golden{"state-v3-evidence-5", 5, 0.76190476190476186}),
                         [](const auto& test) { return "evidence_" + std::to_string(test.param.evidence_version); });

}  // namespace
}  // namespace cms::pipeline
