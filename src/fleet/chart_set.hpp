// A set of charts: in place while all of them are below kInPlace, as with most atlases, and as wide as is asked for
// beyond.
//
// Threads: plain values. Cost: a word for 64 charts; of charts beyond kInPlace memory, unless reserve() had it.
#pragma once

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>

namespace cms::fleet {

class ChartSet {
 public:
  static constexpr std::size_t kInPlace = 256;

  // Room for charts below `charts`, so that none of them asks for memory.
  void reserve(std::size_t charts) { words_.reserve((charts + 63) / 64); }

  void insert(std::size_t chart) { widen(chart / 64 + 1)[chart / 64] |= std::uint64_t{1} << chart % 64; }
  void insert(const ChartSet& other) {
    widen(other.words_.size());
    for (std::size_t w = 0; w < other.words_.size(); ++w) words_[w] |= other.words_[w];
  }
  void clear() { words_.clear(); }  // and keeps its memory
  void swap(ChartSet& other) { words_.swap(other.words_); }

  // Bit b of word w: chart 64 w + b is in the set.
  [[nodiscard]] std::uint64_t word(std::size_t w) const { return w < words_.size() ? words_[w] : 0; }
  void set_word(std::size_t w, std::uint64_t bits) {
    if (bits != 0 || w < words_.size()) widen(w + 1)[w] = bits;
  }

  // Of memory that is not in place.
  [[nodiscard]] std::size_t bytes_apart() const {
    return words_.capacity() * 64 > kInPlace ? words_.capacity() * sizeof(std::uint64_t) : 0;
  }

  bool operator==(const ChartSet& other) const {
    const std::size_t words = std::max(words_.size(), other.words_.size());
    for (std::size_t w = 0; w < words; ++w) {
      if (word(w) != other.word(w)) return false;
    }
    return true;
  }

 private:
  using Words = boost::container::small_vector<std::uint64_t, kInPlace / 64>;

  Words& widen(std::size_t words) {
    if (words_.size() < words) words_.resize(words);
    return words_;
  }

  Words words_;
};

}  // namespace cms::fleet
