// What state version 3 left must be read for as long as docs/formats/state.md says so. tests/golden/state-v3 was made
// by this test, with CMS_STATE_GOLDEN set to that folder; a new version gets a folder of its own.
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

// The last whole record of an account and those after it, and what its state was then.
void make_golden(const fs::path& folder) {
  fs::create_directories(folder);
  auto model = example_model(
      {.dimension = 24, .rank = 12, .sketch_dimension = 8, .charts = 20, .reference = 60}, kWindow, kHorizon);
  ASSERT_TRUE(write_model(folder / "atlas.cms", model));
  Account account;
  account.state = make_account(model);
  Scratch scratch;
  const auto stream = example_stream(model, 33, kSteps);
  std::vector<Projected> projected(stream.size());
  atlas::project(model.atlas, stream.values, scratch.project, projected);
  std::vector<store::Record> records;
  for (std::size_t i = 0; i < kSteps; ++i) {
    const double time = kNow + 60.0 * static_cast<double>(i);
    const auto effort = i % 8 == 0 ? Effort::full : Effort::without_h1;
    auto record = advance(model, account, projected[i], time, effort, kStepsMax, scratch).record;
    if (record.whole) records.clear();
    records.push_back(std::move(record));
  }
  ASSERT_TRUE(write_file(folder / "records", encoded(records)));
  ASSERT_TRUE(write_file(folder / "state", encode(model, account.state)));
}

TEST(Golden, records_and_state_of_version_3_are_read_and_go_on_to_the_same_bytes) {
  if (const char* place = std::getenv("CMS_STATE_GOLDEN")) make_golden(place);
  const char* const source = std::getenv("CMS_SOURCE_DIR");
  if (source == nullptr) GTEST_SKIP() << "CMS_SOURCE_DIR is not set";
  const auto folder = fs::path(source) / "tests" / "golden" / "state-v3";
  const auto model = read_model(folder / "atlas.cms");
  ASSERT_TRUE(model) << model.error().message;
  const auto bytes = read_file(folder / "state");
  ASSERT_TRUE(bytes) << bytes.error().message;
  const auto state = decode(*model, *bytes);
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->window.requests, kSteps);
  EXPECT_EQ(encode(*model, *state), *bytes);

  const auto file = read_file(folder / "records");
  ASSERT_TRUE(file) << file.error().message;
  const auto records = decoded(*file);
  ASSERT_GT(records.size(), 1U);
  EXPECT_TRUE(records.front().whole);
  Scratch scratch;
  const auto account = replay(*model, records, kStepsMax, scratch);
  ASSERT_TRUE(account) << account.error().message;
  EXPECT_EQ(encode(*model, account->state), *bytes);
  EXPECT_EQ(account->records, kSteps);
}

}  // namespace
}  // namespace cms::pipeline
