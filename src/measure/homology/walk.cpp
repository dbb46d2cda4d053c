// Compiled once for each instruction set (Highway picks at run time): nothing in here depends on which.
#include "measure/homology/walk.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "measure/homology/walk.cpp"
#include <hwy/foreach_target.h>  // Highway's other headers follow it.
#include <hwy/highway.h>

#include "measure/homology/annotations.inl"
#include "measure/homology/places.inl"
#include "measure/homology/slots.inl"

HWY_BEFORE_NAMESPACE();
namespace cms::homology::HWY_NAMESPACE {
namespace {

constexpr std::uint32_t kNoSlot = ~0U;
constexpr std::size_t kUnplaced = ~std::size_t{0};
constexpr float kAlive = -1;  // the death of a class that has not ended

template <std::size_t Words>
using PackedOf = std::conditional_t<Words <= 2, NarrowEdge, WideEdge>;

// The point that came, and the slot whose old edges go with the point that left.
struct Arrival {
  std::uint32_t slot = kNoSlot;
  std::span<const std::uint8_t> others;      // in the order of its edges
  std::span<const std::uint32_t> positions;  // how many old edges come before each
};

// Kept edges but for those of `slot`, with nothing known of their lunes.
template <typename Packed>
Packed* copy_unknown(std::span<const Packed> edges, std::uint32_t slot, Packed* to) {
  for (const auto edge : edges) {
    *to = Packed::make(edge.first(), edge.second(), Lune::unknown);
    to += (edge.first() != slot) & (edge.second() != slot);
  }
  return to;
}

template <std::size_t Words>
class Walk {
 public:
  using Packed = PackedOf<Words>;

  Walk(const Distances& distances, const Options& options, Scratch& scratch, Diagrams& out)
      : distances_(distances), scratch_(scratch), out_(out), budget_{options.work_budget},
        annotator_(distances, scratch.annotations, budget_) {
    // Reflexive: a lune of one point then passes the test for connectedness like any other. No harm is done, since
    // i and j are not in each other's sets when the lune of (i, j) is formed.
    for (std::uint32_t slot = 0; slot < distances.count; ++slot) joined_[slot].insert(slot);
  }

  // Walks the first `old_walked` old edges and `new_walked` arriving ones, merged; copies the rest with nothing known.
  void run(std::span<const Packed> old, std::size_t old_walked, const Arrival& arrival, std::size_t new_walked,
           Packed* to) {
    came_ = arrival.slot;
    std::size_t t = 0;
    for (std::size_t s = 0;; ++s) {
      const bool last = s == arrival.others.size();
      const std::size_t end = last ? old.size() : arrival.positions[s];
      const std::size_t walked = std::max(t, std::min(end, old_walked));
      to = keep(old.data() + t, old.data() + walked, arrival.slot, to);
      to = copy_unknown(old.subspan(walked, std::max(walked, end) - walked), arrival.slot, to);
      t = std::max(walked, end);
      if (last) return;
      const std::uint32_t other = arrival.others[s];
      const std::uint32_t i = std::min(other, arrival.slot);
      const std::uint32_t j = std::max(other, arrival.slot);
      near_[other] |= kCame;
      *to++ = Packed::make(i, j, s < new_walked ? take(i, j, Lune::unknown, false) : Lune::unknown);
    }
  }

  Work finish(float radius) {
    assert(alive_ == 0 || out_.truncated);
    Work work;
    for (std::uint32_t index = 0; index < scratch_.births.size(); ++index) {
      if (scratch_.deaths[index] == kAlive) {
        scratch_.open_births.push_back(scratch_.births[index]);
      } else if (scratch_.deaths[index] > scratch_.births[index]) {
        insert({scratch_.births[index], scratch_.deaths[index]});
      }
    }
    work.open_births = scratch_.open_births;
    work.units = budget_.used;
    work.classes = static_cast<std::uint32_t>(scratch_.births.size());
    work.radius = radius;
    work.exact_below = exact_below_;
    return work;
  }

 private:
  // Classes come by birth, so bars are in order but for those of one birth, of which there are few.
  void insert(const Bar& bar) {
    out_.h1.push_back(bar);
    for (std::size_t at = out_.h1.size() - 1; at > 0 && out_.h1[at] < out_.h1[at - 1]; --at) {
      std::swap(out_.h1[at], out_.h1[at - 1]);
    }
  }

  // Edges that were there before, but for those of the point that left. The lune of one may be another only if that
  // point was in it or the one that came is: then one of the two was joined to both ends before this edge.
  HWY_NOINLINE Packed* keep(const Packed* edge, const Packed* end, std::uint32_t slot, Packed* to) {
    for (; edge != end; ++edge) {
      const std::uint32_t i = edge->first();
      const std::uint32_t j = edge->second();
      if ((i == slot) | (j == slot)) [[unlikely]] {
        near_[i ^ j ^ slot] |= kLeft;
        continue;
      }
      // Arithmetic, because no branch on this can be guessed: what is known, or 0 for unknown.
      const std::uint32_t touched = near_[i] & near_[j];
      const auto known = static_cast<Lune>(static_cast<std::uint32_t>(edge->lune()) & (0U - (touched == 0)));
      const bool grew = (touched == kCame) & (edge->lune() == Lune::connected);
      *to++ = Packed::make(i, j, take(i, j, known, grew));
    }
    return to;
  }

  // Joins i and j, and says what is known of the lune that they had. `grew`: it was connected, and the point that came
  // is all that is new in it.
  HWY_INLINE Lune take(std::uint32_t i, std::uint32_t j, Lune known, bool grew) {
    if constexpr (Words == 1) {
      // One word is looked at sooner than a branch on what is known is guessed.
      const Slots<1> lune = joined_[i] & joined_[j];
      join(i, j);
      const std::uint32_t lowest = lune.lowest();
      annotator_.tell_witness(i, j, lowest);
      const bool star = (lune - joined_[lowest]).empty();
      if (lune.empty() | (!star & searching_ & (known != Lune::connected))) [[unlikely]] {
        return decide(i, j, lune, grew);
      }
      return star ? Lune::connected : known;
    } else {
      if (!searching_) {
        // Which lunes are empty is all that matters; late ones hold most points, so the first word tells.
        if (!joined_[i].meets(joined_[j])) [[unlikely]] known = connect(i, j);
      } else if (known != Lune::connected) {
        const Slots<Words> lune = joined_[i] & joined_[j];
        if (lune.empty()) {
          known = connect(i, j);
        } else {
          const bool star = known == Lune::unknown && (lune - joined_[lune.lowest()]).empty();
          known = star ? Lune::connected : close(i, j, lune, grew);
        }
      }
      join(i, j);
      return known;
    }
  }

  HWY_INLINE void join(std::uint32_t i, std::uint32_t j) {
    joined_[i].insert(j);
    joined_[j].insert(i);
  }

  HWY_NOINLINE Lune decide(std::uint32_t i, std::uint32_t j, Slots<Words> lune, bool grew) {
    return lune.empty() ? connect(i, j) : close(i, j, lune, grew);
  }

  // An edge without lune: it merges two components or opens a class.
  [[gnu::noinline]] Lune connect(std::uint32_t i, std::uint32_t j) {
    const float length = distances_(i, j);
    if (components_.merge(i, j)) {
      annotator_.add_tree_edge(i, j);
      if (length > 0) out_.h0.push_back({0, length});
    } else {
      const auto index = static_cast<std::uint32_t>(scratch_.births.size());
      scratch_.births.push_back(length);
      scratch_.deaths.push_back(kAlive);
      ++alive_;
      if (!out_.truncated && !annotator_.add_birth_edge(i, j, index)) truncate(length);
      searching_ = !out_.truncated;
    }
    return Lune::empty;
  }

  // An edge whose lune may have several components: each beyond the first fills one cycle. With nothing alive nothing
  // is left to end: two clusters that join would make thousands of void cycles.
  [[gnu::noinline]] Lune close(std::uint32_t i, std::uint32_t j, const Slots<Words>& lune, bool grew) {
    if (grew && (joined_[came_] & lune).size() > 1) return Lune::connected;  // itself, and one it is joined to
    std::array<std::uint8_t, Words * 64> middles;
    const std::size_t count = representatives(lune, middles);
    if (count == 1) return Lune::connected;
    const float death = distances_(i, j);
    for (std::size_t a = 1; a < count && alive_ > 0 && !budget_.exceeded(); ++a) {
      const auto ended = annotator_.fill(i, middles[0], j, middles[a]);
      if (!ended) continue;
      --alive_;
      scratch_.deaths[*ended] = death;
    }
    if (budget_.exceeded()) truncate(death);
    searching_ = alive_ > 0 && !out_.truncated;
    return Lune::disconnected;
  }

  // The budget ended at an edge of this length.
  void truncate(float length) {
    out_.truncated = true;
    exact_below_ = length;
  }

  // One slot of each component of the graph on `rest`, a lune: breadth first, each level from its smaller
  // side (the level itself, or what is still unreached), which bounds the steps by the number of slots. The budget pays
  // only for lunes that are not connected: whether a connected one is searched depends on what is known of it.
  std::size_t representatives(Slots<Words> rest, std::array<std::uint8_t, Words * 64>& found) {
    std::size_t count = 0, steps = 0;
    while (!rest.empty()) {
      const auto first = static_cast<std::uint8_t>(rest.lowest());
      Slots<Words> level = joined_[first] & rest;
      rest = rest - level;
      while (!level.empty() && !rest.empty()) {
        level = next_level(level, rest, steps);
        rest = rest - level;
      }
      if (count == 0 && rest.empty()) return 1;
      found[count++] = first;
    }
    budget_.spend(steps);
    return count;
  }

  // The slots of `rest` that are joined to `level`.
  Slots<Words> next_level(const Slots<Words>& level, const Slots<Words>& rest, std::size_t& steps) {
    const int level_size = level.size(), rest_size = rest.size();
    steps += static_cast<std::size_t>(std::min(level_size, rest_size));
    // Of one word, which side is smaller costs more to guess than to do without.
    if (Words == 1 || level_size < rest_size) return joined_to(level) & rest;
    Slots<Words> next;
    rest.for_each([&](std::uint32_t slot) {
      if (joined_[slot].meets(level)) next.insert(slot);
    });
    return next;
  }

  [[nodiscard]] Slots<Words> joined_to(Slots<Words> slots) const {
    Slots<Words> found;
    if constexpr (Words == 1) {
      // Four at a time, of no slot where there are fewer: how many there are is hard to guess.
      std::uint64_t& rest = slots.words[0];
      do {
        for (int i = 0; i < 4; ++i, rest &= rest - 1) found = found | joined_[slots.lowest()];
      } while (rest != 0);
    } else {
      slots.for_each([&](std::uint32_t slot) { found = found | joined_[slot]; });
    }
    return found;
  }

  const Distances& distances_;
  Scratch& scratch_;
  Diagrams& out_;
  Components<Words> components_;
  Budget budget_;
  Annotator<Words * 64> annotator_;
  float exact_below_ = std::numeric_limits<float>::max();
  std::uint32_t alive_ = 0;
  bool searching_ = false;  // something is alive and the budget lasts
  std::array<Slots<Words>, Words * 64 + 1> joined_{};  // the last one is that of no slot, joined to nothing
  static constexpr std::uint8_t kLeft = 1, kCame = 2;
  std::array<std::uint8_t, Words * 64> near_{};  // joined to the point that left, to the one that came
  std::uint32_t came_ = kNoSlot;                 // its slot
};

// All edges merged, with nothing known of their lunes.
template <typename Packed>
void merge(std::span<const Packed> old, const Arrival& arrival, Packed* to) {
  std::size_t t = 0;
  for (std::size_t s = 0; s < arrival.others.size(); ++s) {
    const std::size_t end = arrival.positions[s];
    to = copy_unknown(old.subspan(t, end - t), arrival.slot, to);
    t = end;
    const std::uint32_t other = arrival.others[s];
    *to++ = Packed::make(std::min(other, arrival.slot), std::max(other, arrival.slot), Lune::unknown);
  }
  copy_unknown(old.subspan(t), arrival.slot, to);
}

// H0, and whether there is a class of H1: what an edge without lune opens that merges nothing. Ends when both are
// known, in most windows long before the enclosing radius; beyond that no edge is without lune.
template <std::size_t Words>
void walk_h0(const Distances& distances, std::span<const PackedOf<Words>> edges, Diagrams& out) {
  std::array<Slots<Words>, Words * 64> joined{};
  Components<Words> components;
  std::uint32_t parts = distances.count;
  for (const auto edge : edges) {
    const std::uint32_t i = edge.first();
    const std::uint32_t j = edge.second();
    if (!joined[i].meets(joined[j])) [[unlikely]] {
      if (!components.merge(i, j)) {
        out.truncated = true;
      } else {
        --parts;
        if (const float length = distances(i, j); length > 0) out.h0.push_back({0, length});
      }
    }
    if (parts == 1 && out.truncated) return;
    joined[i].insert(j);
    joined[j].insert(i);
  }
}

template <std::size_t Words>
Work walk(const Distances& distances, const RowChange* change, const Options& options, State& state, Scratch& scratch,
          Diagrams& out) {
  using Packed = PackedOf<Words>;
  const float radius = enclosing_radius(distances);
  auto& kept = state.order.edges<Packed>();
  auto& made = scratch.order.edges<Packed>();
  const std::span<const Packed> old(kept);
  Places<Packed> places(distances, change, old, scratch.edges);
  const Edge radius_end = make_edge(radius, kPointsMax - 1, kPointsMax - 1);
  std::size_t old_walked = kUnplaced;
  Arrival arrival;
  std::size_t new_walked = 0;
  if (change != nullptr) {
    sort_arriving(*change, scratch.arriving);
    scratch.positions.resize(scratch.arriving.size());
    for (std::size_t s = 0; s < scratch.arriving.size(); ++s) {
      const Edge edge = make_edge(change->after[scratch.arriving[s]], scratch.arriving[s], change->slot);
      if (edge > radius_end && old_walked == kUnplaced) old_walked = places.before(radius_end);
      scratch.positions[s] = static_cast<std::uint32_t>(places.before(edge));
      new_walked += edge <= radius_end;
    }
    arrival = {change->slot, scratch.arriving, scratch.positions};
  }
  made.resize(std::size_t{distances.count} * (distances.count - 1) / 2 + 1);  // one to spare: see copy_unknown()
  if (options.dimension_max == 0) {
    merge(old, arrival, made.data());
    made.pop_back();
    kept.swap(made);
    walk_h0<Words>(distances, kept, out);
    Work work;
    work.radius = radius;
    if (out.truncated) work.exact_below = 0;
    return work;
  }
  if (old_walked == kUnplaced) old_walked = places.before(radius_end);
  Walk<Words> walk(distances, options, scratch, out);
  walk.run(old, old_walked, arrival, new_walked, made.data());
  made.pop_back();
  kept.swap(made);
  return walk.finish(radius);
}

Work walk_1(const Distances& distances, const RowChange* change, const Options& options, State& state,
            Scratch& scratch, Diagrams& out) {
  return walk<1>(distances, change, options, state, scratch, out);
}
Work walk_2(const Distances& distances, const RowChange* change, const Options& options, State& state,
            Scratch& scratch, Diagrams& out) {
  return walk<2>(distances, change, options, state, scratch, out);
}
Work walk_4(const Distances& distances, const RowChange* change, const Options& options, State& state,
            Scratch& scratch, Diagrams& out) {
  return walk<4>(distances, change, options, state, scratch, out);
}

}  // namespace
}  // namespace cms::homology::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cms::homology {
namespace {

HWY_EXPORT(walk_1);
HWY_EXPORT(walk_2);
HWY_EXPORT(walk_4);

template <typename Packed>
void keep_sorted(const std::vector<Edge>& edges, std::vector<Packed>& kept) {
  kept.clear();
  for (const Edge edge : edges) kept.push_back(Packed::make(first(edge), second(edge), Lune::unknown));
}

}  // namespace

Work walk_kept(const Distances& distances, const RowChange* change, const Options& options, State& state,
               Scratch& scratch, Diagrams& out) {
  if (state.length <= 64) return HWY_DYNAMIC_DISPATCH(walk_1)(distances, change, options, state, scratch, out);
  if (state.length <= kNarrowMax) return HWY_DYNAMIC_DISPATCH(walk_2)(distances, change, options, state, scratch, out);
  return HWY_DYNAMIC_DISPATCH(walk_4)(distances, change, options, state, scratch, out);
}

void keep_order(const Distances& distances, State& state, Scratch& scratch) {
  sort_edges(distances, std::numeric_limits<float>::max(), scratch.edges, scratch.spare);
  state.length <= kNarrowMax ? keep_sorted(scratch.edges, state.order.narrow)
                             : keep_sorted(scratch.edges, state.order.wide);
}

}  // namespace cms::homology
#endif
