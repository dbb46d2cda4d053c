#include "measure/homology/homology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

namespace cms::homology {
namespace {

// A set of slots. A template, because the walk over the edges is most of the cost and a width of 1, 2 or 4 words that
// the compiler knows keeps its sets in registers.
template <std::size_t Words>
struct Slots {
  std::array<std::uint64_t, Words> words{};

  void insert(std::uint32_t slot) { words[slot / 64] |= std::uint64_t{1} << slot % 64; }
  [[nodiscard]] bool empty() const {
    std::uint64_t any = 0;
    for (const std::uint64_t word : words) any |= word;
    return any == 0;
  }
  [[nodiscard]] std::uint32_t lowest() const {
    std::size_t w = 0;
    while (words[w] == 0) ++w;
    return static_cast<std::uint32_t>(w * 64 + std::countr_zero(words[w]));
  }
  [[nodiscard]] int size() const {
    int count = 0;
    for (const std::uint64_t word : words) count += std::popcount(word);
    return count;
  }
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t w = 0; w < Words; ++w) {
      for (std::uint64_t rest = words[w]; rest != 0; rest &= rest - 1) {
        visit(static_cast<std::uint32_t>(w * 64 + std::countr_zero(rest)));
      }
    }
  }
  friend Slots operator&(Slots a, const Slots& b) {
    for (std::size_t w = 0; w < Words; ++w) a.words[w] &= b.words[w];
    return a;
  }
  friend Slots operator|(Slots a, const Slots& b) {
    for (std::size_t w = 0; w < Words; ++w) a.words[w] |= b.words[w];
    return a;
  }
  friend Slots operator-(Slots a, const Slots& b) {
    for (std::size_t w = 0; w < Words; ++w) a.words[w] &= ~b.words[w];
    return a;
  }
};

// Components of the graph, for H0.
class Forest {
 public:
  explicit Forest(std::uint32_t count) {
    for (std::uint32_t slot = 0; slot < count; ++slot) parents_[slot] = static_cast<std::uint8_t>(slot);
  }
  // True if the two slots were in different components.
  bool merge(std::uint32_t i, std::uint32_t j) {
    const std::uint8_t a = root(i);
    const std::uint8_t b = root(j);
    parents_[a] = b;
    return a != b;
  }

 private:
  std::uint8_t root(std::uint32_t slot) {
    while (parents_[slot] != slot) slot = parents_[slot] = parents_[parents_[slot]];
    return static_cast<std::uint8_t>(slot);
  }

  std::array<std::uint8_t, kPointsMax> parents_{};
};

// The walk over the sorted edges of one window.
template <std::size_t Words>
class Walk {
 public:
  Walk(const Distances& distances, const Options& options, Scratch& scratch, Diagrams& out)
      : distances_(distances), scratch_(scratch), out_(out), forest_(distances.count), budget_{options.work_budget} {
    // Reflexive: a lune of one point then passes the test for connectedness like any other. No harm is done, since
    // i and j are not in each other's sets when the lune of (i, j) is formed.
    for (std::uint32_t slot = 0; slot < distances.count; ++slot) joined_[slot].insert(slot);
  }

  Work run() {
    Work work;
    for (const Edge edge : scratch_.edges) {
      const std::uint32_t i = first(edge);
      const std::uint32_t j = second(edge);
      const Slots<Words> lune = joined_[i] & joined_[j];
      if (lune.empty()) {
        connect(edge);
      } else if (alive_ > 0 && !out_.truncated && !(lune - joined_[lune.lowest()]).empty()) {
        close(edge, lune);
        if (out_.truncated) work.exact_below = length(edge);
      }
      joined_[i].insert(j);
      joined_[j].insert(i);
    }
    assert(alive_ == 0 || out_.truncated);
    for (std::uint32_t index = 0; alive_ > 0 && index < scratch_.births.size(); ++index) {
      if (scratch_.columns.alive(index)) scratch_.open_births.push_back(scratch_.births[index]);
    }
    work.open_births = scratch_.open_births;
    work.units = budget_.used;
    work.classes = static_cast<std::uint32_t>(scratch_.births.size());
    return work;
  }

 private:
  // An edge without lune: it merges two components or opens a class.
  [[gnu::noinline]] void connect(Edge edge) {
    if (forest_.merge(first(edge), second(edge))) {
      scratch_.columns.add_tree_edge(first(edge), second(edge));
      if (length(edge) > 0) out_.h0.push_back({0, length(edge)});
    } else {
      scratch_.columns.add_birth_edge(first(edge), second(edge));
      scratch_.births.push_back(length(edge));
      ++alive_;
    }
  }

  // An edge whose lune may have several components: each beyond the first fills one cycle.
  [[gnu::noinline]] void close(Edge edge, const Slots<Words>& lune) {
    std::array<std::uint8_t, kPointsMax> middles;
    const std::size_t count = representatives(lune, middles);
    // With nothing alive nothing is left to end: two clusters that join would make thousands of void columns.
    for (std::size_t a = 1; a < count && alive_ > 0 && !budget_.exceeded(); ++a) {
      const auto ended =
          scratch_.columns.fill(distances_, first(edge), middles[0], second(edge), middles[a], budget_);
      if (!ended) continue;
      --alive_;
      const Bar bar{scratch_.births[*ended], length(edge)};
      if (bar.death > bar.birth) out_.h1.push_back(bar);
    }
    out_.truncated = budget_.exceeded();
  }

  // One slot of each component of the graph on `rest`: breadth first, each level from its smaller side (the level
  // itself, or what is still unreached), which bounds the steps by the number of slots.
  std::size_t representatives(Slots<Words> rest, std::array<std::uint8_t, kPointsMax>& found) {
    std::size_t count = 0;
    while (!rest.empty()) {
      const std::uint32_t start = rest.lowest();
      found[count++] = static_cast<std::uint8_t>(start);
      Slots<Words> level = joined_[start] & rest;
      rest = rest - level;
      while (!level.empty() && !rest.empty()) {
        level = next_level(level, rest);
        rest = rest - level;
      }
    }
    return count;
  }

  // The slots of `rest` that are joined to `level`.
  Slots<Words> next_level(const Slots<Words>& level, const Slots<Words>& rest) {
    Slots<Words> next;
    const int level_size = level.size();
    const int rest_size = rest.size();
    budget_.spend(static_cast<std::size_t>(std::min(level_size, rest_size)));
    if (level_size < rest_size) {
      level.for_each([&](std::uint32_t slot) { next = next | joined_[slot]; });
      return next & rest;
    }
    rest.for_each([&](std::uint32_t slot) {
      if (!(joined_[slot] & level).empty()) next.insert(slot);
    });
    return next;
  }

  const Distances& distances_;
  Scratch& scratch_;
  Diagrams& out_;
  Forest forest_;
  Budget budget_;
  std::uint32_t alive_ = 0;
  std::array<Slots<Words>, kPointsMax> joined_{};
};

template <std::size_t Words>
Work walk(const Distances& distances, const Options& options, Scratch& scratch, Diagrams& out) {
  return Walk<Words>(distances, options, scratch, out).run();
}

}  // namespace

Work diagrams(const Distances& distances, const Options& options, Scratch& scratch, Diagrams& out) {
  assert(distances.count <= kPointsMax);
  out.h0.clear();
  out.h1.clear();
  out.truncated = false;
  scratch.births.clear();
  scratch.open_births.clear();
  if (distances.count < 2) return {};

  const float radius = enclosing_radius(distances);
  sort_edges(distances, radius, scratch.edges, scratch.spare);
  scratch.columns.reset(distances.count);
  const auto walk_width = distances.count <= 64 ? walk<1> : distances.count <= 128 ? walk<2> : walk<4>;
  Work work = walk_width(distances, options, scratch, out);
  work.radius = radius;
  std::sort(out.h0.begin(), out.h0.end());
  std::sort(out.h1.begin(), out.h1.end());
  return work;
}

Result<void> check(const Distances& distances) {
  const std::uint32_t count = distances.count;
  if (count > kPointsMax) {
    return fail(ErrorCode::bad_input, fmt::format("{} points; a window has at most {}", count, kPointsMax));
  }
  if (count == 0) return {};
  const std::size_t needed = std::size_t{count - 1} * distances.stride + count;
  if (distances.stride < count || distances.values.size() < needed) {
    return fail(ErrorCode::bad_input, fmt::format("{} distances in rows of {} do not hold {} points",
                                                  distances.values.size(), distances.stride, count));
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = 0; j <= i; ++j) {
      const float there = distances(i, j);
      const float back = distances(j, i);
      if (!std::isfinite(there) || there < 0 || there != back || (i == j && there != 0)) {
        return fail(ErrorCode::bad_input,
                    fmt::format("distance ({}, {}) is {} and back {}; it must be finite, >= 0, equal both ways and 0 "
                                "on the diagonal", i, j, there, back));
      }
    }
  }
  return {};
}

}  // namespace cms::homology
