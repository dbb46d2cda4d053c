// What waits for the tap is bounded in bytes, wherever it waits.
#include "serve/prompt_reader.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace cms::serve {
namespace {

using pipeline::Outcome;
using pipeline::Refusal;

// A tap that keeps prompts until it is told what became of them.
class SlowTap {
 public:
  Observe observe() {
    return [this](std::string, pipeline::BatchPosition, std::vector<Observation> texts,
                  std::function<void(Outcome)> done) {
      const std::lock_guard lock(mutex_);
      kept_.push_back({std::move(texts), std::move(done)});
      changed_.notify_all();
    };
  }
  // False when so many have not come within two minutes: they are read while the machine has nothing else to do.
  bool has(std::size_t prompts) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(120), [&] { return kept_.size() >= prompts; });
  }
  void answer(std::size_t prompt, const Outcome& outcome) {
    std::unique_lock lock(mutex_);
    const auto done = std::move(kept_.at(prompt).done);
    kept_.at(prompt).texts.clear();
    lock.unlock();
    done(outcome);
  }

 private:
  struct Kept {
    std::vector<Observation> texts;
    std::function<void(Outcome)> done;
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Kept> kept_;
};

constexpr std::size_t kMiB = 1 << 20;

// A body whose one prompt has so many bytes; another one for each letter.
std::string asking(char letter, std::size_t bytes = kMiB) {
  return R"({"prompt":")" + std::string(bytes, letter) + R"("})";
}

TEST(PromptReader, prompts_of_a_mebibyte_hold_their_bytes_until_the_tap_is_done_with_them_and_more_are_dropped) {
  SlowTap tap;
  PromptReader reader({.bytes_max = 4 * kMiB}, tap.observe(), [] { return 0.0; });
  const auto take = [&](char letter) { reader.take({"acme", "alice"}, asking(letter)); };
  // Three of them are with the tap, and a fourth, which is a little more than a mebibyte, does not fit.
  for (std::size_t i = 0; i < 3; ++i) {
    take(static_cast<char>('a' + i));
    ASSERT_TRUE(tap.has(i + 1));
  }
  take('d');
  EXPECT_EQ(reader.counters().dropped, 1U);
  // Whatever became of one of them, there is room for one more then.
  const Outcome outcomes[] = {{Outcome::Status::done, 0, {Refusal::none}},
                              {Outcome::Status::refused, 0, {Refusal::overload}}};
  for (std::size_t i = 0; i < 2; ++i) {
    tap.answer(i, outcomes[i]);
    take(static_cast<char>('e' + i));
    ASSERT_TRUE(tap.has(4 + i));
    take('g');
    EXPECT_EQ(reader.counters().dropped, 2 + i);
  }
  const auto counted = reader.counters();
  EXPECT_EQ(counted.read, 1U);
  EXPECT_EQ(counted.refused, 1U);
  EXPECT_EQ(counted.taken, counted.read + counted.without_text + counted.dropped + counted.refused + 3);
}

TEST(PromptReader, a_body_of_more_bytes_than_one_may_have_is_dropped) {
  SlowTap tap;
  PromptReader reader({.body_bytes_max = asking('a', 100).size()}, tap.observe(), [] { return 0.0; });
  reader.take({"acme", "alice"}, asking('a', 101));
  reader.take({"acme", "alice"}, asking('a', 100));
  EXPECT_TRUE(tap.has(1));
  EXPECT_EQ(reader.counters().taken, 2U);
  EXPECT_EQ(reader.counters().dropped, 1U);
}

TEST(PromptReader, bodies_that_ask_nothing_hold_nothing_once_they_were_looked_at) {
  SlowTap tap;
  PromptReader reader({.bytes_max = 2 * kMiB}, tap.observe(), [] { return 0.0; });
  for (std::size_t i = 0; i < 4; ++i) {
    reader.take({"acme", "alice"}, R"({"pad":")" + std::string(kMiB, 'x') + R"("})");
    reader.take({"acme", "alice"}, asking('a', 8));  // read behind it
    ASSERT_TRUE(tap.has(i + 1));
  }
  EXPECT_EQ(reader.counters().without_text, 4U);
  EXPECT_EQ(reader.counters().dropped, 0U);
}

}  // namespace
}  // namespace cms::serve
