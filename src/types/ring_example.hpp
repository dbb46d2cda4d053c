// Windows that fill up slot by slot and then replace their oldest slot, with the change that each event makes: for the
// tests of measures that are updated from rows. Tests only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "base/directions.hpp"
#include "base/random.hpp"
#include "types/distances.hpp"
#include "types/row_change.hpp"

namespace cms {

// A ring of `length` slots. Rows are whatever the test hands in: nothing says that they come from points.
class Ring {
 public:
  explicit Ring(std::uint32_t length) : length_(length), values_(std::size_t{length} * length), before_(length) {}

  // The slot that the next event writes, and the number of slots in use after it.
  [[nodiscard]] std::uint32_t next_slot() const { return static_cast<std::uint32_t>(events_ % length_); }
  [[nodiscard]] std::uint32_t next_count() const { return events_ < length_ ? next_slot() + 1 : length_; }

  // row[j] is the distance to slot j; the own entry is taken for 0. The result views this ring until the next event.
  RowChange push(const std::vector<float>& row) {
    const std::uint32_t slot = next_slot();
    const std::uint32_t count = next_count();
    const bool replaces = events_ >= length_;
    float* own = values_.data() + std::size_t{slot} * length_;
    std::copy(own, own + count, before_.begin());
    for (std::uint32_t j = 0; j < count; ++j) {
      own[j] = j == slot ? 0 : row[j];
      values_[std::size_t{j} * length_ + slot] = own[j];
    }
    ++events_;
    return {slot, count, std::span<const float>(before_).first(replaces ? count : 0), {own, count}};
  }

  [[nodiscard]] std::uint32_t count() const {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(events_, length_));
  }
  [[nodiscard]] Distances view() const { return {values_, count(), length_}; }

  // Slots in order of arrival.
  [[nodiscard]] std::vector<std::uint32_t> path() const {
    std::vector<std::uint32_t> slots(count());
    std::iota(slots.begin(), slots.end(), 0U);
    if (events_ > length_) std::rotate(slots.begin(), slots.begin() + next_slot(), slots.end());
    return slots;
  }

 private:
  std::uint32_t length_;
  std::uint64_t events_ = 0;
  std::vector<float> values_;
  std::vector<float> before_;
};

// A row of anything that distances may be: spread out, tied, 0, the greatest, the least that points can have, less.
inline std::vector<float> hostile_row(Random& random, std::uint32_t length) {
  constexpr float kSpecial[] = {0.0F, 2.0F, 1.0F, 1.4142135F, 1e-7F, 1e-30F, 1.9999999F, 0.5F};
  std::vector<float> row(length);
  for (auto& value : row) {
    value = random.below(2) == 0 ? static_cast<float>(2 * random.uniform()) : kSpecial[random.below(8)];
  }
  return row;
}

// For every length of a window 2..256: fills it and replaces every slot twice with hostile rows. `begin()` starts a
// stream, `visit(ring, change, compare)` sees each event; `compare` says when to hold against from scratch: always in
// short windows, about two dozen times in long ones.
template <typename Begin, typename Visit>
void every_window_length(std::uint64_t seed, Begin begin, Visit visit) {
  Random random(seed);
  for (std::uint32_t length = 2; length <= 256; ++length) {
    begin();
    Ring ring(length);
    const std::uint32_t step = std::max(1U, length / 8);
    for (std::uint32_t event = 0; event < 3 * length; ++event) {
      const auto change = ring.push(hostile_row(random, length));
      visit(ring, change, event % step == 0 || event + 1 == 3 * length);
    }
  }
}

// A long stream of true points: each event brings one of 97 directions that the window does not hold. Few of them, so
// that an event costs nothing but its row.
class LongStream {
 public:
  LongStream(std::uint64_t seed, std::uint32_t length)
      : random_(seed), ring_(length), ids_(length, kPoints), row_(length) {
    std::vector<std::vector<std::int8_t>> points(kPoints, std::vector<std::int8_t>(24));
    for (std::uint32_t i = 0; i < kPoints; ++i) {
      for (auto& x : points[i]) x = static_cast<std::int8_t>(random_.below(200) - 100 + i % 3 * 20);
    }
    const auto product = [&](std::uint32_t i, std::uint32_t j) {
      return std::inner_product(points[i].begin(), points[i].end(), points[j].begin(), 0);
    };
    for (std::uint32_t i = 0; i < kPoints; ++i) {
      for (std::uint32_t j = 0; j < kPoints; ++j) {
        chords_.push_back(chord(product(i, j), inverse_length(product(i, i)), inverse_length(product(j, j))));
      }
    }
  }

  RowChange next() {
    auto id = static_cast<std::uint32_t>(random_.below(kPoints));
    while (std::find(ids_.begin(), ids_.end(), id) != ids_.end()) id = (id + 1) % kPoints;
    ids_[ring_.next_slot()] = id;
    for (std::uint32_t j = 0; j < ring_.next_count(); ++j) row_[j] = chords_[id * kPoints + ids_[j]];
    return ring_.push(row_);
  }
  [[nodiscard]] Distances view() const { return ring_.view(); }

 private:
  static constexpr std::uint32_t kPoints = 97;
  Random random_;
  Ring ring_;
  std::vector<std::uint32_t> ids_;
  std::vector<float> row_;
  std::vector<float> chords_;
};

inline constexpr int kLongEvents = 10'000'000;
inline constexpr int kLongStep = 100'000;  // between two comparisons

}  // namespace cms
