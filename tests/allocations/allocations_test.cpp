// The step asks for no memory once worker and account are warm.
#include "tests/allocations/counted_malloc.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/aligned.hpp"
#include "measure/homology/homology.hpp"
#include "measure/homology/test_windows.hpp"
#include "pipeline/model_example.hpp"
#include "pipeline/step.hpp"

namespace cms::pipeline {
namespace {

// Where memory goes that is only asked for: without it the compiler leaves out both asking and freeing.
void* volatile sink = nullptr;

void get_and_free(void* memory) {
  sink = memory;
  std::free(sink);
}

TEST(Counting, sees_every_way_to_get_memory) {
  volatile std::size_t size = 100;
  EXPECT_EQ(allocations_of([&] { get_and_free(std::malloc(size)); }), 1u);
  EXPECT_EQ(allocations_of([&] { get_and_free(std::calloc(size, 2)); }), 1u);
  EXPECT_EQ(allocations_of([&] { get_and_free(std::realloc(nullptr, size)); }), 1u);
  EXPECT_EQ(allocations_of([&] { get_and_free(std::aligned_alloc(64, 640)); }), 1u);
  EXPECT_EQ(allocations_of([&] { get_and_free(::strdup("text")); }), 1u) << "inside the C library";
  EXPECT_EQ(allocations_of([&] { sink = std::vector<int>(size).data(); }), 1u);
  EXPECT_EQ(allocations_of([&] { sink = AlignedVector<float>(size).data(); }), 1u);
  EXPECT_EQ(allocations_of([&] { sink = std::make_unique<int[]>(size).get(); }), 1u);
  EXPECT_EQ(allocations_of([&] { sink = std::string(size, 'a').data(); }), 1u);
  EXPECT_EQ(allocations_of([] {}), 0u);
}

// Hostile windows cost far more than ordinary ones: room for them has to be there before they come.
TEST(Homology, of_any_window_allocates_nothing_after_an_ordinary_one_of_its_length) {
  std::size_t truncated = 0;
  for (const std::uint32_t length : {16U, 64U, 65U, 128U, 256U}) {
    Random random(length);
    homology::State state;
    homology::Scratch scratch;
    Diagrams out;
    const homology::Options budget{homology::work_budget(length)};
    homology::start(homology::make_window("sphere_10", length, random).view(), length, budget, state, scratch, out);
    for (const auto family : homology::kFamilies) {
      for (int i = 0; i < 3; ++i) {
        const auto window = homology::make_window(family, length, random);
        const auto start = [&] { homology::start(window.view(), length, budget, state, scratch, out); };
        EXPECT_EQ(allocations_of(start), 0u) << family << ' ' << length;
        truncated += out.truncated ? 1 : 0;
      }
    }
  }
  EXPECT_GT(truncated, 10u) << "no window reached its budget: nothing is said of the worst";
}

struct Grid {
  std::uint32_t length, horizon, stride;
  std::uint32_t charts = 45;
};

class Steps : public testing::TestWithParam<Grid> {
 protected:
  // Accounts of all ages: every one has made its first reading, so what it keeps has its size.
  void warm(std::size_t requests) {
    for (std::size_t a = 0; a < kAccounts; ++a) {
      accounts_.push_back(make_account(model_));
      streams_.push_back(example_stream(model_, 300 + a, requests + kMeasured));
      next_.push_back(0);
    }
    for (std::size_t a = 0; a < kAccounts; ++a) play(a, a == 0 ? 24 : requests, 1);
    play(1, 2 * kTogether, kTogether);
  }
  // The next `count` requests of one account, `together` at once.
  void play(std::size_t account, std::size_t count, std::size_t together) {
    for (std::size_t i = 0; i < count; i += together) {
      for (std::size_t k = 0; k < together; ++k) events_[k] = event(account);
      step(model_, std::span(events_).first(together), scratch_, scores_);
    }
  }
  Event event(std::size_t account) {
    const auto request = next_[account]++;
    return {&accounts_[account], streams_[account].row(request), static_cast<double>(request)};
  }

  static constexpr std::size_t kAccounts = 5, kTogether = 40, kMeasured = 1200;
  Model model_ = with(example_model(GetParam().charts), GetParam().length, GetParam().horizon, GetParam().stride);
  Scratch scratch_;
  std::vector<AccountState> accounts_;
  std::vector<Stream> streams_;
  std::vector<std::size_t> next_;
  std::vector<Event> events_ = std::vector<Event>(kTogether);
  std::vector<Score> scores_ = std::vector<Score>(kTogether);
};

TEST_P(Steps, allocate_nothing_one_by_one_nor_in_batches_once_warm) {
  warm(2 * GetParam().horizon + 50);
  for (std::size_t a = 0; a < kAccounts; ++a) {
    EXPECT_EQ(allocations_of([&] { play(a, 400, 1); }), 0u) << "account " << a;
    EXPECT_EQ(allocations_of([&] { play(a, 400, kTogether); }), 0u) << "account " << a;
  }
  EXPECT_EQ(allocations_of([&] {
              for (int round = 0; round < 40; ++round) {
                for (std::size_t k = 0; k < 10; ++k) events_[k] = event(k % kAccounts);
                step(model_, std::span(events_).first(10), scratch_, scores_);
              }
            }),
            0u);
  double sum = 0;
  EXPECT_EQ(allocations_of([&] {
              for (const auto& account : accounts_) sum += score_at(model_, account, 1e6).poh;
            }),
            0u);
  EXPECT_GT(sum, 0);
}

TEST_P(Steps, of_a_new_account_allocate_nothing_before_its_first_reading) {
  warm(GetParam().horizon);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    auto account = make_account(model_);
    const auto stream = example_stream(model_, 9000 + seed, 15);
    double sum = 0;
    ASSERT_EQ(allocations_of([&] {
                for (std::size_t i = 0; i < stream.size(); ++i) {
                  sum += step(model_, account, stream.row(i), 0, scratch_).coverage;
                  sum += score_at(model_, account, 5).poh;
                }
              }),
              0u);
    ASSERT_GT(sum, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Allocations, Steps,
                         testing::Values(Grid{64, 96, 1}, Grid{64, 96, 8}, Grid{64, 96, 8, 600}, Grid{256, 300, 1},
                                         Grid{256, 300, 8}),
                         [](const auto& instance) {
                           return fmt::format("W{}_stride{}_K{}", instance.param.length, instance.param.stride,
                                              instance.param.charts);
                         });

}  // namespace
}  // namespace cms::pipeline
