// The edges of a window in their total order (edges.hpp), packed to two or four bytes so that they can be kept with
// the account: slots and what is known of the lune; lengths are looked up in the distances.
//
// In memory only: an order is rebuilt from the distances, it is never written. Threads: plain values.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

namespace cms::homology {

// The lune of an edge is the set of points joined to both its ends before it. What is known of it stays true until a
// point in it comes or goes.
enum class Lune : std::uint8_t { unknown, connected, disconnected, empty };

template <typename Word, unsigned SlotBits>
struct PackedEdge {
  Word word = 0;

  static PackedEdge make(std::uint32_t first, std::uint32_t second, Lune lune) {
    return {static_cast<Word>((first << SlotBits | second) << 2 | static_cast<std::uint32_t>(lune))};
  }
  [[nodiscard]] std::uint32_t first() const { return static_cast<std::uint32_t>(word) >> (SlotBits + 2); }
  [[nodiscard]] std::uint32_t second() const { return static_cast<std::uint32_t>(word) >> 2 & ((1U << SlotBits) - 1); }
  [[nodiscard]] Lune lune() const { return static_cast<Lune>(word & 3); }
};

inline constexpr std::uint32_t kNarrowMax = 128;      // points whose slots fit seven bits
using NarrowEdge = PackedEdge<std::uint16_t, 7>;
using WideEdge = PackedEdge<std::uint32_t, 8>;

// Exactly one of the two is in use, by the greatest number of points the window may have.
struct Order {
  std::vector<NarrowEdge> narrow;
  std::vector<WideEdge> wide;

  // Room for all edges of `points` points and the spare one that they are made with, and for no more: grown as vectors
  // do, an order would take up to twice what it needs.
  void reserve(std::uint32_t points) {
    const std::size_t edges = points == 0 ? 0 : std::size_t{points} * (points - 1) / 2 + 1;
    points <= kNarrowMax ? narrow.reserve(edges) : wide.reserve(edges);
  }

  template <typename Packed>
  std::vector<Packed>& edges() {
    if constexpr (std::is_same_v<Packed, NarrowEdge>) {
      return narrow;
    } else {
      return wide;
    }
  }
};

}  // namespace cms::homology
