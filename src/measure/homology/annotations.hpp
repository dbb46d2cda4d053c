// Annotations: what every edge is worth in the H1 of the complex so far, and the room they live in.
//
// The annotation of an edge is a vector over Z/2 with one coordinate for each class that is alive, such that the edges
// of a cycle sum to the cycle's class: 0 for an edge of the minimum spanning tree, a unit vector for an edge that opens
// a class, else v(i, j) = v(i, k) + v(k, j) for any k whose two edges come before (i, j), since the triangle (i, j, k)
// is then filled. A cycle that is filled and does not sum to 0 ends its youngest class, which every vector that holds
// it writes as the others of the sum. So a coordinate can serve again, and vectors are no longer than what is alive at
// once. They are wanted for few edges: worked out when asked for, and kept.
//
// Memory grows to the largest window seen and is reused. Threads: one owner. The algorithm: annotations.inl.
// Reference: Busaryev, Cabello, Chen, Dey, Wang, Annotating simplices with a homology basis, SWAT 2012; Dey, Fan,
// Wang, Computing topological persistence for simplicial maps, SoCG 2014, section 4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cms::homology {

// Deterministic work: sets of slots met, words of vectors made or added, eights of vectors looked through. Never time,
// so that every machine stops at the same place.
struct Budget {
  std::uint64_t limit;
  std::uint64_t used = 0;

  void spend(std::size_t units) { used += units; }
  [[nodiscard]] bool exceeded() const { return used > limit; }
};

struct Annotations {
  // Vectors that a window of `slots` points starts with room for: more than most ask for.
  static constexpr std::size_t room(std::size_t slots) { return 16 * slots; }

  struct Pending {
    std::uint32_t i, j, k;
  };

  std::vector<std::uint16_t> codes;   // of (i, j), i < j: 1 + place of its vector, 0 = not worked out
  std::vector<std::uint64_t> planes;  // word 0 of every vector, word 1 of every vector, ...; the first vector is 0
  std::vector<std::uint64_t> free;    // coordinates of no class, one bit each
  std::vector<std::uint32_t> classes; // of each other coordinate, by order of birth
  std::vector<std::uint64_t> sum;     // the vector being worked on
  std::vector<std::uint32_t> filled;  // its words that are not 0
  std::vector<Pending> pending;       // explicit stack: the recursion has no small bound
};

}  // namespace cms::homology
