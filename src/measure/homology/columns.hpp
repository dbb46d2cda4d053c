// Cycles as vectors over Z/2, and their reduction to pairs (birth, death) of H1: what the reduction remembers.
//
// Every edge has coordinates v in Z/2^births: 0 for an edge of the minimum spanning tree, a unit vector for an edge
// that opens a class, else v(i, j) = v(i, k) + v(k, j) for any k whose two edges come before (i, j), since the
// triangle (i, j, k) is then filled. A cycle bounds if and only if the sum of its edges lies in the span of the
// columns so far. Coordinates are wanted for few edges: they are worked out when asked for, and kept.
//
// Memory grows to the largest window seen and is reused. Threads: one owner. The algorithm: columns.inl.
// Reference: docs/measures/homology.md.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cms::homology {

// Deterministic work: sets of slots met, words of 64 births added or stored, vectors of a fixed width as
// columns.inl weighs them. Never time, so that every machine stops at the same place.
struct Budget {
  std::uint64_t limit;
  std::uint64_t used = 0;

  void spend(std::size_t units) { used += units; }
  [[nodiscard]] bool exceeded() const { return used > limit; }
};

// Words of a vector while a window's classes fit so many: above what all but strange windows of `slots` points open.
constexpr std::uint32_t fixed_words(std::uint32_t slots) { return slots <= 64 ? 2 : slots <= 128 ? 4 : 12; }

struct Columns {
  // Words first .. first + size - 1 of a vector; the others are 0.
  struct Slice {
    std::uint32_t offset = 0;  // in arena
    std::uint32_t first = 0;
    std::uint32_t size = 0;
  };
  struct Pending {
    std::uint32_t i, j, k;
  };

  // What grows step by step: `used` of the elements count. Beside std::vector it spares a look at the end and a call.
  template <typename T>
  struct Stack {
    std::vector<T> values;
    std::size_t used = 0;

    // Within what was reserved nothing is allocated.
    void grow(std::size_t needed) { values.resize(std::max(needed, std::min(2 * needed, values.capacity()))); }
    // Room for `count` more, what was there before left as it is.
    T* extend(std::size_t count) {
      if (used + count > values.size()) [[unlikely]] grow(used + count);
      used += count;
      return values.data() + used - count;
    }
  };

  std::vector<std::uint32_t> codes;    // of (i, j) and (j, i): 1 + place of v(i, j) in known, 0 = not worked out; all 0
                                       // between windows
  Stack<std::uint32_t> touched;        // entries of codes that are not 0
  Stack<Slice> known;                  // coordinates, in arena; the first is the zero vector
  std::vector<Slice> pairs;            // per class, the column that ends it, in arena; size 0 while it is alive
  Stack<std::uint64_t> fixed_pairs;    // the same at a fixed width, class after class, while all vectors have it
  Stack<std::uint64_t> arena;          // words of all slices; the first is 0
  std::vector<std::uint64_t> sum;      // the vector being worked on
  std::vector<Pending> pending;        // explicit stack: the recursion has no small bound
};

}  // namespace cms::homology
