// Cycles as vectors over Z/2, and their reduction to pairs (birth, death) of H1.
//
// Every edge has coordinates v in Z/2^births: 0 for an edge of the minimum spanning tree, a unit vector for an edge
// that opens a class, else v(i, j) = v(i, k) + v(k, j) for any k whose two edges come before (i, j), since the
// triangle (i, j, k) is then filled. A cycle bounds if and only if the sum of its edges lies in the span of the
// columns so far. Coordinates are wanted for few edges: they are worked out when asked for, and kept.
//
// Memory grows to the largest window seen and is reused. Threads: one owner. Cost: counted in Budget.
// Reference: docs/measures/homology.md.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "types/distances.hpp"

namespace cms::homology {

// Deterministic work, in words of 64 slots or 64 births added, intersected or stored. Never time, so that every
// machine stops at the same place.
struct Budget {
  std::uint64_t limit;
  std::uint64_t used = 0;

  void spend(std::size_t units) { used += units; }
  [[nodiscard]] bool exceeded() const { return used > limit; }
};

class Columns {
 public:
  // Forgets everything; the edges that follow are among `count` slots.
  void reset(std::uint32_t count);

  // Declares (i, j) an edge of the spanning tree, or one that opens the next class. Edges come in their total order.
  void add_tree_edge(std::uint32_t i, std::uint32_t j);
  void add_birth_edge(std::uint32_t i, std::uint32_t j);

  // Fills the cycle i-k-j-l, whose edges came before. Gives the class that it ends (classes count from 0 in order of
  // birth), nullopt when it ends none or when the budget was exceeded on the way.
  std::optional<std::uint32_t> fill(const Distances& distances, std::uint32_t i, std::uint32_t k, std::uint32_t j,
                                    std::uint32_t l, Budget& budget);

  // Whether no filled cycle has ended this class yet.
  [[nodiscard]] bool alive(std::uint32_t index) const { return pairs_[index].size == 0; }

 private:
  struct Slice {
    std::size_t offset = 0;
    std::size_t size = 0;
  };
  struct Pending {
    std::uint32_t i, j, k;
  };

  std::uint32_t& code(std::uint32_t i, std::uint32_t j) { return codes_[i * count_ + j]; }
  void set_code(std::uint32_t i, std::uint32_t j, std::uint32_t value) { code(i, j) = code(j, i) = value; }
  [[nodiscard]] std::size_t words() const { return (pairs_.size() + 63) / 64; }
  bool know(const Distances& distances, std::uint32_t i, std::uint32_t j, Budget& budget);
  void keep_sum_of(const Pending& edge, Budget& budget);
  void add_edge(std::uint32_t code, Budget& budget);
  void add_slice(const Slice& slice, Budget& budget);
  [[nodiscard]] std::size_t trimmed() const;
  Slice store(std::size_t size);

  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> codes_;  // count x count: what is known of v(i, j)
  std::vector<Slice> known_;          // coordinates worked out, in arena_
  std::vector<Slice> pairs_;          // per class, the column that ends it, in arena_; size 0 while it is alive
  std::vector<std::uint64_t> arena_;  // words of all slices; offsets, because it grows
  std::vector<std::uint64_t> sum_;    // the vector being worked on
  std::vector<Pending> pending_;      // explicit stack: the recursion has no small bound
};

}  // namespace cms::homology
