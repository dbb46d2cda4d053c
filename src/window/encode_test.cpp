#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/directions.hpp"
#include "base/lanes.hpp"
#include "base/random.hpp"
#include "window/window.hpp"

namespace cms::window {
namespace {

Options options_of(std::uint32_t length) {
  return {.length = length, .horizon = length + length / 4, .rank = 6, .sketch_dimension = 5, .chart_count = 37};
}

std::vector<std::int8_t> direction(Random& random, std::size_t width) {
  std::vector<float> values(width);
  for (auto& value : values) value = static_cast<float>(random.normal());
  return round_direction(values);
}

// Requests as windows hate them: repeats of what is in it, repeats of what has just left it, points without direction.
class Stream {
 public:
  Stream(const Options& options, std::uint64_t seed) : options_(options), random_(seed) {}

  Projected next() {
    const std::uint64_t kind = random_.below(10);
    if (kind < 3 && !said_.empty()) return said_[said_.size() - 1 - random_.below(back())];
    Projected point;
    point.point = direction(random_, options_.rank);
    point.sketch = direction(random_, options_.sketch_dimension);
    if (kind == 9) std::fill(point.point.begin(), point.point.end(), std::int8_t{0});
    if (kind == 8) std::fill(point.sketch.begin(), point.sketch.end(), std::int8_t{0});
    point.chart = static_cast<std::uint16_t>(random_.below(options_.chart_count));
    point.benign_knn = static_cast<float>(2 * random_.uniform());
    point.benign_kernel = static_cast<float>(random_.uniform());
    point.tangent_residual = static_cast<float>(random_.uniform());
    said_.push_back(point);
    return point;
  }

 private:
  [[nodiscard]] std::size_t back() const { return std::min<std::size_t>(said_.size(), options_.length + 2); }

  Options options_;
  Random random_;
  std::vector<Projected> said_;
};

Bytes bytes_of(const State& state) {
  ByteWriter out;
  encode(state, out);
  return out.take();
}

Result<State> decoded(std::span<const std::uint8_t> bytes) {
  ByteReader in(bytes);
  return decode(in);
}

State aged(const Options& options, std::uint32_t requests, std::uint64_t seed) {
  Stream stream(options, seed);
  State state = *make(options);
  Matrix matrix;
  load(state, matrix);
  for (std::uint32_t n = 0; n < requests; ++n) push(state, matrix, stream.next());
  return state;
}

// Goes on with both, and says whether they stayed the same in all that a reading sees.
void expect_same_future(State& ours, State& theirs, const Stream& stream, std::uint32_t requests) {
  Matrix matrix, other;
  load(ours, matrix);
  load(theirs, other);
  Stream same = stream;
  for (std::uint32_t n = 0; n < requests; ++n) {
    const Projected point = same.next();
    const Change a = push(ours, matrix, point), b = push(theirs, other, point);
    ASSERT_EQ(a.repeat, b.repeat);
    ASSERT_EQ(a.slot, b.slot);
    ASSERT_EQ(a.multiplicity_before, b.multiplicity_before);
    ASSERT_TRUE(std::equal(a.row.after.begin(), a.row.after.end(), b.row.after.begin(), b.row.after.end()));
    ASSERT_TRUE(std::equal(a.row.before.begin(), a.row.before.end(), b.row.before.begin(), b.row.before.end()));
  }
  ASSERT_EQ(ours, theirs);
}

TEST(WindowBytes, of_any_age_and_length_come_back_and_go_on_bit_for_bit) {
  for (const std::uint32_t length : {2U, 16U, 17U, 64U, 65U, 256U}) {
    const Options options = options_of(length);
    Stream stream(options, length);
    State state = *make(options);
    Matrix matrix;
    load(state, matrix);
    const std::uint32_t step = std::max(1U, length / 16);
    for (std::uint32_t age = 0; age <= 3 * length; ++age) {
      if (age % step == 0 || age + 1 == length || age == length + 1) {
        const Bytes bytes = bytes_of(state);
        auto copy = decoded(bytes);
        ASSERT_TRUE(copy) << length << ' ' << age << ' ' << copy.error().message;
        ASSERT_EQ(*copy, state);
        ASSERT_EQ(bytes_of(*copy), bytes);
        State original = state;
        expect_same_future(original, *copy, stream, length / 2 + 3);
      }
      push(state, matrix, stream.next());
    }
  }
}

TEST(WindowBytes, cut_short_anywhere_are_refused) {
  for (const std::uint32_t length : {2U, 17U, 65U}) {
    const Bytes bytes = bytes_of(aged(options_of(length), 2 * length, 3));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto result = decoded(std::span(bytes).first(size));
      ASSERT_FALSE(result) << size;
      EXPECT_EQ(result.error().code, ErrorCode::bad_input);
    }
  }
}

TEST(WindowBytes, with_any_bit_flipped_are_refused_or_are_a_window_that_goes_on) {
  for (const std::uint32_t age : {0U, 9U, 40U}) {
    const Options options = options_of(17);
    Bytes bytes = bytes_of(aged(options, age, 4));
    std::size_t accepted = 0;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      const auto mask = static_cast<std::uint8_t>(1U << bit % 8);
      bytes[bit / 8] ^= mask;
      if (auto state = decoded(bytes)) {
        ++accepted;
        EXPECT_EQ(bytes_of(*state), bytes) << "bit " << bit;
        Matrix matrix;
        load(*state, matrix);
        Stream stream(state->options, bit);
        for (int n = 0; n < 4; ++n) {
          const Change change = push(*state, matrix, stream.next());
          for (const float chord : change.row.after) ASSERT_TRUE(chord >= 0 && chord <= 2) << "bit " << bit;
        }
        EXPECT_TRUE(decoded(bytes_of(*state))) << "bit " << bit;
      }
      bytes[bit / 8] ^= mask;
    }
    // Some flips must pass, or nothing went on here: a bit of a measured value gives another value.
    EXPECT_TRUE(accepted > 100 || age == 0) << accepted;
    EXPECT_LT(accepted, bytes.size() * 8);
  }
}

TEST(WindowBytes, name_the_part_that_push_cannot_have_written) {
  const Options options = options_of(17);
  const State right = aged(options, 9, 5);
  ASSERT_LT(right.count(), 9U) << "the stream repeats itself";
  using Damage = void (*)(State&);
  const std::pair<const char*, Damage> damages[] = {
      {"requests", [](State& state) { state.requests = state.distinct - 1; }},
      {"requests", [](State& state) { state.requests = kRequestsMax + 1; }},
      {"benign kernels", [](State& state) { parts(state).benign_kernels[16] = 1; }},
      {"tangent residuals", [](State& state) { parts(state).tangent_residuals[16] = 1; }},
      {"benign distances", [](State& state) { parts(state).benign_knn[1] = kNoChord; }},
      {"multiplicities", [](State& state) { parts(state).multiplicities[0] = 0; }},
      {"multiplicities", [](State& state) { parts(state).multiplicities[0] = kMultiplicityMax + 1; }},
      {"visited", [](State& state) { parts(state).visited[4] |= 0x80; }},
      {"visited", [](State& state) { std::ranges::fill(parts(state).visited.first(4), std::uint8_t{0xFF}); }},
      {"charts", [](State& state) { parts(state).horizon_charts[1] = 37; }},
      {"charts", [](State& state) { std::ranges::fill(parts(state).visited, std::uint8_t{0}); }},
      {"nearest in the atlas", [](State& state) { parts(state).nearest_atlas[0] = 0; }},
      {"nearest in the sketch", [](State& state) { parts(state).nearest_raw[1] = kNoChord; }},
      {"points", [](State& state) { parts(state).points[lane_offset(0, 6)] = -128; }},
      {"points", [](State& state) { parts(state).points[lane_offset(16, 6)] = 127; }},
      {"sketches", [](State& state) { parts(state).sketches[lane_offset(0, 5) + 4 * kLanes + 1] = 1; }},
      {"near-duplicates", [](State& state) { parts(state).near_duplicates[2] = 1; }},
      {"new charts", [](State& state) { parts(state).new_charts[1] |= 0x80; }},
  };
  for (const auto& [part, damage] : damages) {
    State wrong = right;
    damage(wrong);
    const auto result = decoded(bytes_of(wrong));
    ASSERT_FALSE(result) << part;
    EXPECT_EQ(result.error().code, ErrorCode::bad_input);
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message << " for " << part;
  }
}

TEST(WindowBytes, of_sizes_that_no_window_has_or_that_do_not_fit_are_refused_before_anything_is_made) {
  const Bytes right = bytes_of(aged(options_of(17), 9, 6));
  for (std::size_t field = 0; field < 5; ++field) {
    for (const std::uint32_t size : {0U, 1U, 300U, 65'537U, 0x7FFF'FFFFU, 0xFFFF'FFFFU}) {
      Bytes wrong = right;
      std::memcpy(wrong.data() + 4 * field, &size, sizeof(size));
      const auto result = decoded(wrong);
      ASSERT_FALSE(result) << field << ' ' << size;
      EXPECT_EQ(result.error().code, ErrorCode::bad_input);
    }
  }
}

}  // namespace
}  // namespace cms::window
