// Records and histories: what an account leaves in the store, and the way back.

#include <gtest/gtest.h>

#include "pipeline/engine_example.hpp"
#include "pipeline/record.hpp"

namespace cms::pipeline {
namespace {

std::vector<Projected> example_requests(std::uint64_t seed, std::size_t count) {
  Scratch scratch;
  const auto stream = example_stream(example(), seed, count);
  std::vector<Projected> projected(stream.size());
  atlas::project(example().atlas, stream.values, scratch.project, projected);
  return projected;
}

// The last whole record that an account leaves of these requests, and those after it.
std::vector<store::Record> last_records(Account& account, std::span<const Projected> requests,
                                        std::uint32_t steps_max) {
  Scratch scratch;
  account.state = make_account(example());
  std::vector<store::Record> records;
  for (const auto& one : requests) {
    auto record = advance(example(), account, one, kNow, Effort::full, steps_max, scratch).record;
    if (record.whole) records.clear();
    records.push_back(std::move(record));
  }
  return records;
}

TEST(Records, of_another_atlas_begin_the_account_anew_and_the_next_is_whole) {
  auto other = example();
  other.name = "another";
  Account account;
  Scratch scratch;
  const auto projected = example_requests(17, 20);
  auto records = last_records(account, projected, 8);
  const auto same = replay(example(), records, 8, scratch);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(encode(example(), same->state), encode(example(), account.state));
  auto anew = replay(other, records, 8, scratch);
  ASSERT_TRUE(anew);
  EXPECT_EQ(anew->state.window.requests, 0U);
  EXPECT_EQ(anew->records, 20U);
  EXPECT_TRUE(advance(other, *anew, projected[0], kNow, Effort::full, 8, scratch).record.whole);
}

TEST(Records, of_an_earlier_state_version_begin_the_account_anew_and_of_a_later_one_are_kept_and_refused) {
  Account account;
  Scratch scratch;
  const auto projected = example_requests(19, 12);
  auto records = last_records(account, projected, 8);
  ASSERT_TRUE(records.front().whole);
  // u8 version of the record, u64 length, "CMST", u32 version of the state
  constexpr std::size_t kAt = 1 + 8 + 4;
  ASSERT_EQ(records.front().content[kAt], kStateVersion);
  records.front().content[kAt] = kStateVersion - 1;
  const auto anew = replay(example(), records, 8, scratch);
  ASSERT_TRUE(anew) << anew.error().message;
  EXPECT_EQ(anew->state.window.requests, 0U);
  EXPECT_EQ(anew->records, 12U);
  records.front().content[kAt] = kStateVersion + 1;
  const auto later = replay(example(), records, 8, scratch);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, ErrorCode::bad_input);
  EXPECT_NE(later.error().message.find("version 4"), std::string::npos) << later.error().message;
}

TEST(Records, that_are_damaged_are_refused) {
  Account account;
  Scratch scratch;
  const auto projected = example_requests(18, 12);
  const auto records = last_records(account, projected, 64);
  const auto bytes = encode(example(), account.state);
  for (std::size_t r = 0; r < records.size(); ++r) {
    for (std::size_t b = 0; b < records[r].content.size(); ++b) {
      auto damaged = records;
      damaged[r].content[b] ^= 1U << b % 8;
      const auto replayed = replay(example(), damaged, 64, scratch);
      // What replays nevertheless says the same score: then the bit was of no account to it.
      if (replayed && replayed->records == records.size() && replayed->state.window.requests == records.size()) {
        EXPECT_EQ(replayed->state.score.sums, account.state.score.sums);
      }
    }
    auto shorter = records;
    shorter[r].content.pop_back();
    EXPECT_FALSE(replay(example(), shorter, 64, scratch));
    auto missing = records;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(r));
    if (r + 1 < records.size()) {
      EXPECT_FALSE(replay(example(), missing, 64, scratch));
    }
  }
  EXPECT_EQ(encode(example(), replay(example(), records, 64, scratch)->state), bytes);
}

TEST(Records, take_less_than_a_kibibyte_a_step_whole_ones_included) {
  Account account;
  account.state = make_account(example());
  Scratch scratch;
  constexpr std::size_t kSteps = 640;
  const auto projected = example_requests(20, kSteps);
  std::size_t bytes = 0, whole = 0;
  for (const auto& one : projected) {
    const auto record = advance(example(), account, one, kNow, Effort::full, EngineOptions{}.steps_max, scratch).record;
    bytes += record.content.size();
    whole += record.whole ? 1 : 0;
  }
  EXPECT_EQ(whole, kSteps / EngineOptions{}.steps_max);
  EXPECT_LE(bytes / kSteps, 1'024U);
}

TEST(Histories, span_a_whole_life_in_few_points) {
  History history;
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    Score score;
    score.computed = true;
    score.requests = i;
    score.poh = 1.0 / static_cast<double>(i);
    take(history, score, static_cast<double>(i));
    ASSERT_LE(history.points.size(), kHistoryPoints);
    if (i > kHistoryPoints) {
      ASSERT_GE(history.points.size(), kHistoryPoints / 2);
    }
    ByteWriter out;
    encode(history, out);
    const auto bytes = out.take();
    ByteReader in(bytes);
    ASSERT_EQ(*decode_history(in), history);
  }
  EXPECT_LE(history.points.front().requests, history.stride);
  EXPECT_GT(history.points.back().requests, 10'000 - history.stride);
}

// Damage that decode_history() does not see: points none of which goes when the stride doubles.
TEST(Histories, that_cannot_be_halved_take_no_more) {
  History history;
  for (std::size_t i = 0; i < kHistoryPoints; ++i) history.points.push_back({0, 0, 1});
  Score score;
  score.computed = true;
  score.requests = 1 << 20;
  take(history, score, 1);
  EXPECT_EQ(history.points.size(), kHistoryPoints);
}

}  // namespace
}  // namespace cms::pipeline
