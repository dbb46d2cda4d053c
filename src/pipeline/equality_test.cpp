// The step against the slow path, against itself in other batches and threads, and under every instruction set.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/targets_example.hpp"
#include "pipeline/from_scratch_example.hpp"
#include "pipeline/model_example.hpp"
#include "tap/activation_set.hpp"

namespace cms::pipeline {
namespace {

Bytes bytes_of(const Score& score) {
  ByteWriter out;
  out.put(static_cast<std::uint8_t>(score.computed));
  out.put(score.requests);
  out.put(score.requests_needed);
  out.put(score.poh);
  out.put(score.poh_min);
  out.put(score.requests_at_min);
  out.put(static_cast<std::uint8_t>(score.extrapolated));
  for (const double share : score.reasons) out.put(share);
  out.put(score.evidence);
  out.put(score.coverage);
  out.put(score.confidence);
  out.put(score.completeness);
  return out.take();
}

// The measures whose bits or whose being made differ, by name.
std::string differences(const Reading& a, const Reading& b) {
  std::string names;
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    const bool same = a.made[m] == b.made[m] &&
                      std::bit_cast<std::uint32_t>(a.values[m]) == std::bit_cast<std::uint32_t>(b.values[m]);
    if (!same) names += fmt::format("{} {} {}; ", info(static_cast<Measure>(m)).name, a.values[m], b.values[m]);
  }
  return names;
}

// Plays a stream both ways; the number of readings that were compared.
std::size_t expect_equal(const Model& model, const Stream& stream) {
  auto fast = make_account(model), slow = make_account(model);
  Scratch scratch;
  std::size_t readings = 0;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    const auto time = static_cast<double>(i * 977 % 5000) * 60;  // goes back at times
    const auto evaluations = fast.score.evaluations;
    const auto a = step(model, fast, stream.row(i), time, scratch);
    const auto b = from_scratch::step(model, slow, stream.row(i), time);
    EXPECT_EQ(bytes_of(a), bytes_of(b)) << "request " << i;
    EXPECT_EQ(differences(fast.reading, slow.reading), "") << "request " << i;
    readings += fast.score.evaluations - evaluations;
    if (testing::Test::HasFailure()) return readings;
  }
  EXPECT_EQ(encode(model, fast), encode(model, slow));
  EXPECT_LT(fast.window.distinct, fast.window.requests) << "the stream has no repeats: it tests too little";
  return readings;
}

const Model& example() {
  static const Model model = example_model();
  return model;
}

// CMS_LONG=100 plays a hundred times the streams.
std::uint64_t multiplier() {
  const char* text = std::getenv("CMS_LONG");
  return text == nullptr ? 1 : std::stoull(text);
}

struct Case {
  std::uint32_t length, horizon, stride;
  std::size_t requests;
};

class Lengths : public testing::TestWithParam<Case> {};

TEST_P(Lengths, a_step_equals_the_path_from_scratch_bit_for_bit) {
  const auto [length, horizon, stride, requests] = GetParam();
  const auto model = with(example(), length, horizon, stride);
  std::size_t readings = 0;
  for (std::uint64_t seed = 1; seed <= 3 * multiplier(); ++seed) {
    readings += expect_equal(model, example_stream(model, seed * 1000 + length + stride, requests));
  }
  RecordProperty("readings", fmt::format("{}", readings));
  EXPECT_GT(readings, requests / stride);
}

INSTANTIATE_TEST_SUITE_P(Equality, Lengths,
                         testing::Values(Case{16, 40, 1, 500}, Case{16, 16, 2, 300}, Case{16, 300, 8, 700},
                                         Case{64, 96, 1, 400}, Case{64, 64, 2, 300}, Case{64, 96, 8, 600},
                                         Case{65, 65, 1, 200}, Case{65, 150, 8, 400}, Case{130, 150, 1, 200},
                                         Case{130, 130, 8, 350}, Case{256, 300, 8, 420}),
                         [](const auto& instance) {
                           const auto& one = instance.param;
                           return fmt::format("W{}_H{}_stride{}", one.length, one.horizon, one.stride);
                         });

// A window of 256 in full, every request of it.
TEST(Equality, holds_for_the_longest_window_request_by_request) {
  const auto growing = with(example(), 256, 300, 1000);  // one reading, then none until the window is full
  const auto model = with(example(), 256, 300, 1);
  const auto stream = example_stream(model, 77, 460);
  auto fast = make_account(model), slow = make_account(model);
  Scratch scratch;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    const auto& now = i < stream.size() - 24 ? growing : model;
    const auto a = step(now, fast, stream.row(i), 0, scratch);
    const auto b = from_scratch::step(now, slow, stream.row(i), 0);
    ASSERT_EQ(bytes_of(a), bytes_of(b)) << "request " << i;
    ASSERT_EQ(differences(fast.reading, slow.reading), "") << "request " << i;
  }
  EXPECT_EQ(fast.window.count(), 256u);
  EXPECT_EQ(encode(model, fast), encode(model, slow));
}

// Real activations: an atlas of few charts fitted on some, accounts made of others.
ActivationSet part_of(const ActivationSet& set, std::size_t first, std::size_t step) {
  ActivationSet part;
  part.manifest = set.manifest;
  for (std::size_t i = first; i < set.count(); i += step) {
    const auto row = set.row(i);
    part.values.insert(part.values.end(), row.begin(), row.end());
    part.rows.push_back({"", static_cast<double>(part.rows.size()), 0, 0, {}});
  }
  return part;
}

struct Real {
  ActivationSet set;
  Model model;
};

const Real* real() {
  static const auto made = []() -> std::optional<Real> {
    const char* folder = std::getenv("CMS_SOURCE_DIR");
    if (folder == nullptr) return std::nullopt;
    Real result;
    result.set = *tap::read_set(std::filesystem::path(folder) / "examples/activations");
    const auto manifold = part_of(result.set, 0, 4);
    auto calibrate = part_of(result.set, 1, 2);
    for (std::size_t i = 0; i < calibrate.rows.size(); ++i) calibrate.rows[i].account = fmt::format("a{}", i / 32);
    FitOptions options;
    options.atlas = {.chart_count = 48, .reference_max = 500};
    options.score.stride = 8;
    options.window_length = 16;
    options.threads = 2;
    result.model = fit({&manifold, 1}, {&manifold, 1}, {&calibrate, 1}, options, {})->model;
    return result;
  }();
  return made ? &*made : nullptr;
}

Stream real_stream(const Real& world, std::uint64_t seed, std::size_t requests) {
  Random random(seed);
  const std::size_t home = random.below(world.set.count());
  return hostile_stream(random, requests, world.model.atlas.manifest.dimension, world.model.atlas.mean,
                        [&](std::span<float> row) {
                          const auto from = random.below(2) == 0 ? home + random.below(200) : random.below(1U << 30);
                          std::ranges::copy(world.set.row(from % world.set.count()), row.begin());
                        });
}

TEST(Equality, holds_for_real_activations) {
  const auto* world = real();
  if (world == nullptr) GTEST_SKIP() << "CMS_SOURCE_DIR names the source";
  std::size_t readings = 0;
  for (const auto& [length, horizon, stride, requests] :
       {Case{16, 48, 1, 300}, Case{64, 96, 1, 300}, Case{64, 96, 8, 400}, Case{65, 80, 2, 200}, Case{130, 150, 8, 250},
        Case{256, 300, 16, 330}}) {
    const auto model = with(world->model, length, horizon, stride);
    for (std::uint64_t seed = 0; seed < multiplier(); ++seed) {
      readings += expect_equal(model, real_stream(*world, 1000 * seed + length + stride, requests));
    }
  }
  RecordProperty("readings", fmt::format("{}", readings));
  EXPECT_GT(readings, 700u);
}

// Several accounts, their requests interleaved: now and then many of one, mostly in turn.
struct Traffic {
  std::vector<Stream> streams;
  std::vector<std::pair<std::size_t, std::size_t>> order;  // account, request

  Traffic(const Model& model, std::uint64_t seed, std::size_t accounts, std::size_t requests) {
    Random random(seed);
    for (std::size_t a = 0; a < accounts; ++a) streams.push_back(example_stream(model, seed + a, requests));
    std::vector<std::size_t> next(accounts);
    while (order.size() < accounts * requests) {
      const auto account = random.below(accounts);
      for (auto run = random.below(4) == 0 ? random.below(30) : 1; run > 0 && next[account] < requests; --run) {
        order.emplace_back(account, next[account]++);
      }
    }
  }
  [[nodiscard]] double time(std::size_t account, std::size_t request) const {
    return static_cast<double>(request * 300 + account);
  }
};

// Every score, in the order of the traffic, then every account's state: with the events of each worker's accounts cut
// into batches of `size`.
Bytes play(const Model& model, const Traffic& traffic, std::size_t size, unsigned threads) {
  std::vector<AccountState> accounts;
  for (std::size_t a = 0; a < traffic.streams.size(); ++a) accounts.push_back(make_account(model));
  std::vector<Score> scores(traffic.order.size());
  const auto work = [&](unsigned worker) {
    std::vector<Event> events;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < traffic.order.size(); ++i) {
      const auto [account, request] = traffic.order[i];
      if (account % threads != worker) continue;
      events.push_back({&accounts[account], traffic.streams[account].row(request), traffic.time(account, request)});
      places.push_back(i);
    }
    Scratch scratch;
    std::vector<Score> own(events.size());
    for (std::size_t first = 0; first < events.size(); first += size) {
      const auto count = std::min(size, events.size() - first);
      step(model, std::span(events).subspan(first, count), scratch, std::span(own).subspan(first, count));
    }
    for (std::size_t i = 0; i < own.size(); ++i) scores[places[i]] = own[i];
  };
  {
    std::vector<std::jthread> workers;
    for (unsigned worker = 0; worker < threads; ++worker) workers.emplace_back(work, worker);
  }
  Bytes all;
  for (const auto& score : scores) std::ranges::copy(bytes_of(score), std::back_inserter(all));
  for (const auto& account : accounts) std::ranges::copy(encode(model, account), std::back_inserter(all));
  return all;
}

// The same by single steps.
Bytes play_singly(const Model& model, const Traffic& traffic) {
  std::vector<AccountState> accounts;
  for (std::size_t a = 0; a < traffic.streams.size(); ++a) accounts.push_back(make_account(model));
  Scratch scratch;
  Bytes all;
  for (const auto& [account, request] : traffic.order) {
    const auto row = traffic.streams[account].row(request);
    const auto score = step(model, accounts[account], row, traffic.time(account, request), scratch);
    std::ranges::copy(bytes_of(score), std::back_inserter(all));
  }
  for (const auto& account : accounts) std::ranges::copy(encode(model, account), std::back_inserter(all));
  return all;
}

TEST(Batches, of_any_size_and_on_any_number_of_threads_give_the_bytes_of_single_steps) {
  for (const auto& [length, horizon, stride, requests] : {Case{32, 40, 1, 130}, Case{64, 96, 8, 200}}) {
    const auto model = with(example(), length, horizon, stride);
    const Traffic traffic(model, 5 + length, 7, requests);
    const auto expected = play_singly(model, traffic);
    for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{16}, std::size_t{17},
                                   std::size_t{64}, traffic.order.size()}) {
      for (const unsigned threads : {1U, 2U, 3U}) {
        ASSERT_EQ(play(model, traffic, size, threads), expected) << size << " together, " << threads << " threads";
      }
    }
  }
}

TEST(Batches, one_scratch_serves_models_of_different_sizes_in_turn) {
  const auto small = with(example(), 16, 40, 1), large = with(example(), 130, 150, 2);
  const auto stream = example_stream(small, 8, 150);
  auto a = make_account(small), b = make_account(large), alone_a = a, alone_b = b;
  Scratch shared, scratch_a, scratch_b;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    step(small, a, stream.row(i), 0, shared);
    step(large, b, stream.row(i), 0, shared);
    step(small, alone_a, stream.row(i), 0, scratch_a);
    step(large, alone_b, stream.row(i), 0, scratch_b);
  }
  EXPECT_EQ(encode(small, a), encode(small, alone_a));
  EXPECT_EQ(encode(large, b), encode(large, alone_b));
}

TEST(InstructionSets, all_give_the_same_scores_and_states) {
  Bytes first;
  std::size_t sets = 0;
  on_every_target([&] {
    Bytes all;
    for (const auto& [length, horizon, stride, requests] :
         {Case{16, 40, 1, 100}, Case{64, 96, 1, 150}, Case{130, 150, 1, 170}, Case{256, 300, 8, 300}}) {
      const auto model = with(example(), length, horizon, stride);
      std::ranges::copy(play(model, Traffic(model, 11 + length, 2, requests), 17, 1), std::back_inserter(all));
    }
    if (const auto* world = real(); world != nullptr) {
      const auto model = with(world->model, 64, 96, 1);
      auto account = make_account(model);
      Scratch scratch;
      const auto stream = real_stream(*world, 3, 200);
      for (std::size_t i = 0; i < stream.size(); ++i) {
        std::ranges::copy(bytes_of(step(model, account, stream.row(i), 0, scratch)), std::back_inserter(all));
      }
      std::ranges::copy(encode(model, account), std::back_inserter(all));
    }
    if (first.empty()) first = all;
    EXPECT_EQ(all, first);
    ++sets;
  });
  RecordProperty("instruction_sets", fmt::format("{}", sets));
}

}  // namespace
}  // namespace cms::pipeline
