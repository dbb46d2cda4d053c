// The annotations of annotations.hpp at work, included by walk.cpp once for every instruction set.
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <optional>

#include "measure/homology/annotations.hpp"
#include "measure/homology/edges.hpp"
#include "types/distances.hpp"

// Highway's convention for what is compiled once per target: a guard that toggles.
#if defined(CMS_HOMOLOGY_ANNOTATIONS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef CMS_HOMOLOGY_ANNOTATIONS_INL
#undef CMS_HOMOLOGY_ANNOTATIONS_INL
#else
#define CMS_HOMOLOGY_ANNOTATIONS_INL
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace cms::homology::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// A slot whose edges to i and to j both come before (i, j). There is one: (i, j) had a lune when it came.
inline std::uint32_t find_witness(const Distances& distances, std::uint32_t i, std::uint32_t j) {
  const hn::ScalableTag<float> tag;
  const float* from_i = distances.row(i);
  const float* from_j = distances.row(j);
  const float bound = from_i[j];
  std::uint32_t k = 0;
  for (; k + hn::Lanes(tag) <= distances.count; k += static_cast<std::uint32_t>(hn::Lanes(tag))) {
    const auto farther = hn::Max(hn::LoadU(tag, from_i + k), hn::LoadU(tag, from_j + k));
    const auto found = hn::FindFirstTrue(tag, hn::Lt(farther, hn::Set(tag, bound)));
    if (found >= 0) return k + static_cast<std::uint32_t>(found);
  }
  for (; k < distances.count; ++k) {
    if (std::max(from_i[k], from_j[k]) < bound) return k;
  }
  // Ties: both edges are as long as (i, j) or shorter, and come before it.
  const Edge edge = make_edge(bound, i, j);
  k = 0;
  while (k == i || k == j || std::max(make_edge(from_i[k], i, k), make_edge(from_j[k], j, k)) > edge) {
    ++k;
    assert(k < distances.count);
  }
  return k;
}

// One window's annotations. Slots are below SlotsMax, which the compiler knows.
template <std::uint32_t SlotsMax>
class Annotator {
 public:
  Annotator(const Distances& distances, Annotations& memory, Budget& budget)
      : distances_(distances), memory_(memory), budget_(budget) {
    memory_.codes.assign(std::size_t{SlotsMax} * SlotsMax, 0);
    if (memory_.planes.size() < room_) memory_.planes.resize(room_);
    std::fill_n(memory_.planes.begin(), kLanes, 0);
    memory_.free.assign(1, ~std::uint64_t{0});
    memory_.classes.resize(64);
    memory_.sum.resize(1);
  }

  // Windows of one word: the walk meets a witness of every edge with a lune, and tells, which spares looking for it.
  static constexpr bool kTold = SlotsMax == 64;
  void tell_witness(std::uint32_t i, std::uint32_t j, std::uint32_t k) {
    witnesses_[i * SlotsMax + j] = static_cast<std::uint8_t>(k);
  }

  // Declares (i, j) an edge of the spanning tree.
  void add_tree_edge(std::uint32_t i, std::uint32_t j) { code(i, j) = kZero; }

  // Declares (i, j) an edge that opens class `index`; they count from 0 in order of birth. False when the budget was
  // exceeded first.
  bool add_birth_edge(std::uint32_t i, std::uint32_t j, std::uint32_t index) {
    std::size_t w = 0;
    while (w < words_ && memory_.free[w] == 0) ++w;
    if (w == words_ && !widen()) return false;
    const auto bit = static_cast<std::uint32_t>(std::countr_zero(memory_.free[w]));
    memory_.free[w] &= memory_.free[w] - 1;
    memory_.classes[w * 64 + bit] = index;
    *at(append(i, j), w) = std::uint64_t{1} << bit;
    return !budget_.exceeded();
  }

  // Fills the cycle i-k-j-l, whose edges came before. Gives the class that it ends, nullopt when it ends none or when
  // the budget was exceeded on the way.
  std::optional<std::uint32_t> fill(std::uint32_t i, std::uint32_t k, std::uint32_t j, std::uint32_t l) {
    const bool known = (code(i, k) != 0) & (code(j, k) != 0) & (code(i, l) != 0) & (code(j, l) != 0);
    if (!known && (!know(i, k) || !know(j, k) || !know(i, l) || !know(j, l))) return std::nullopt;
    const std::uint64_t* ik = vector(i, k);
    const std::uint64_t* jk = vector(j, k);
    const std::uint64_t* il = vector(i, l);
    const std::uint64_t* jl = vector(j, l);
    std::uint64_t* const sum = memory_.sum.data();
    std::uint64_t any = sum[0] = *ik ^ *jk ^ *il ^ *jl;
    for (std::size_t w = 1; w < words_; ++w) {
      const std::size_t at = w * room_;
      any |= sum[w] = ik[at] ^ jk[at] ^ il[at] ^ jl[at];
    }
    budget_.spend(words_);
    if (any == 0) return std::nullopt;
    return end_youngest();
  }

 private:
  static constexpr std::size_t kLanes = 8;   // vectors looked at together
  static constexpr std::uint16_t kZero = 1;  // the code of the zero vector

  std::uint16_t& code(std::uint32_t i, std::uint32_t j) {
    return memory_.codes[std::size_t{std::min(i, j)} * SlotsMax + std::max(i, j)];
  }
  std::uint64_t* at(std::size_t place, std::size_t word) { return memory_.planes.data() + word * room_ + place; }
  // Its first word; the others follow at steps of room_.
  std::uint64_t* vector(std::uint32_t i, std::uint32_t j) { return at(code(i, j) - 1U, 0); }
  [[nodiscard]] std::size_t blocks() const { return (count_ + kLanes - 1) / kLanes; }

  // The place of one more vector, all 0, which is that of (i, j).
  std::size_t append(std::uint32_t i, std::uint32_t j) {
    if (count_ % kLanes == 0) {
      if (count_ == room_) lay_out(words_, 2 * room_);
      for (std::size_t w = 0; w < words_; ++w) std::fill_n(at(count_, w), kLanes, 0);
    }
    budget_.spend(words_);
    code(i, j) = static_cast<std::uint16_t>(count_ + 1);
    return count_++;
  }

  // Every coordinate serves a class: vectors of twice as many words. False when the budget was exceeded first.
  bool widen() {
    budget_.spend(blocks() * kLanes * words_);
    if (budget_.exceeded()) return false;
    lay_out(2 * words_, room_);
    for (std::size_t w = words_ / 2; w < words_; ++w) std::fill_n(at(0, w), blocks() * kLanes, 0);
    memory_.free.resize(words_, ~std::uint64_t{0});
    memory_.classes.resize(words_ * 64);
    memory_.sum.resize(words_);
    return true;
  }

  void lay_out(std::size_t words, std::size_t room) {
    if (memory_.planes.size() < words * room) memory_.planes.resize(words * room);
    std::uint64_t* const planes = memory_.planes.data();
    for (std::size_t w = words_; room > room_ && w-- > 1;) std::copy_n(planes + w * room_, count_, planes + w * room);
    words_ = words;
    room_ = room;
  }

  [[nodiscard]] std::uint32_t witness(std::uint32_t i, std::uint32_t j) const {
    if constexpr (kTold) return witnesses_[std::min(i, j) * SlotsMax + std::max(i, j)];
    return find_witness(distances_, i, j);
  }

  // Works out v(i, j). False when the budget was exceeded first.
  bool know(std::uint32_t i, std::uint32_t j) { return code(i, j) != 0 || work_out(i, j); }

  HWY_NOINLINE bool work_out(std::uint32_t i, std::uint32_t j) {
    const Annotations::Pending wanted{i, j, witness(i, j)};
    if (code(i, wanted.k) != 0 && code(wanted.k, j) != 0) {
      keep_sum_of(wanted);
      return true;
    }
    auto& pending = memory_.pending;
    pending.clear();
    pending.push_back(wanted);
    while (!pending.empty()) {
      if (budget_.exceeded()) return false;
      const Annotations::Pending edge = pending.back();
      if (code(edge.i, edge.k) == 0) {
        pending.push_back({edge.i, edge.k, witness(edge.i, edge.k)});
      } else if (code(edge.k, edge.j) == 0) {
        pending.push_back({edge.k, edge.j, witness(edge.k, edge.j)});
      } else {
        keep_sum_of(edge);
        pending.pop_back();
      }
    }
    return true;
  }

  void keep_sum_of(const Annotations::Pending& edge) {
    const std::uint64_t* to_i = vector(edge.i, edge.k);
    const std::uint64_t* to_j = vector(edge.k, edge.j);
    std::uint64_t* const sum = memory_.sum.data();
    std::uint64_t any = sum[0] = *to_i ^ *to_j;
    for (std::size_t w = 1; w < words_; ++w) any |= sum[w] = to_i[w * room_] ^ to_j[w * room_];
    if (any == 0) {
      budget_.spend(words_);
      code(edge.i, edge.j) = kZero;
      return;
    }
    const std::size_t place = append(edge.i, edge.j);
    for (std::size_t w = 0; w < words_; ++w) *at(place, w) = memory_.sum[w];
  }

  // The youngest class of the sum ends: its coordinate becomes free, and no vector holds it any more.
  std::optional<std::uint32_t> end_youngest() {
    std::size_t youngest = 0;
    std::uint32_t index = 0;
    memory_.filled.clear();
    for (std::size_t w = 0; w < words_; ++w) {
      if (memory_.sum[w] != 0) memory_.filled.push_back(static_cast<std::uint32_t>(w));
      for (std::uint64_t rest = memory_.sum[w]; rest != 0; rest &= rest - 1) {
        const std::size_t coordinate = w * 64 + static_cast<std::size_t>(std::countr_zero(rest));
        if (memory_.classes[coordinate] >= index) {
          youngest = coordinate;
          index = memory_.classes[coordinate];
        }
      }
    }
    budget_.spend(blocks());
    const std::uint64_t unit = std::uint64_t{1} << youngest % 64;
    switch (words_) {
      case 1: add_sum_to_holders(unit); break;
      case 2: add_sum_of_two_to_holders(youngest / 64, unit); break;
      default: add_sum_to_holders(youngest / 64, unit);
    }
    memory_.free[youngest / 64] |= unit;
    if (budget_.exceeded()) return std::nullopt;
    return index;
  }

  // To every vector that holds the unit. Of one word each: without a branch.
  void add_sum_to_holders(std::uint64_t unit) {
    const hn::CappedTag<std::uint64_t, kLanes> tag;
    const auto sum = hn::Set(tag, memory_.sum[0]);
    std::uint64_t* const end = at(blocks() * kLanes, 0);
    for (std::uint64_t* word = at(0, 0); word != end; word += hn::Lanes(tag)) {
      const auto before = hn::LoadU(tag, word);
      const auto holds = hn::TestBit(before, hn::Set(tag, unit));
      hn::StoreU(hn::Xor(before, hn::IfThenElseZero(holds, sum)), tag, word);
    }
  }
  // Of two words: likewise.
  void add_sum_of_two_to_holders(std::size_t w, std::uint64_t unit) {
    const hn::CappedTag<std::uint64_t, kLanes> tag;
    const auto low = hn::Set(tag, memory_.sum[0]);
    const auto high = hn::Set(tag, memory_.sum[1]);
    std::size_t holders = 0;
    std::uint64_t* const low_plane = at(0, 0);
    std::uint64_t* const high_plane = at(0, 1);
    const std::uint64_t* const plane = at(0, w);
    const std::size_t end = blocks() * kLanes;
    for (std::size_t place = 0; place < end; place += hn::Lanes(tag)) {
      const auto holds = hn::TestBit(hn::LoadU(tag, plane + place), hn::Set(tag, unit));
      holders += hn::CountTrue(tag, holds);
      hn::StoreU(hn::Xor(hn::LoadU(tag, low_plane + place), hn::IfThenElseZero(holds, low)), tag, low_plane + place);
      hn::StoreU(hn::Xor(hn::LoadU(tag, high_plane + place), hn::IfThenElseZero(holds, high)), tag,
                 high_plane + place);
    }
    budget_.spend(holders * memory_.filled.size());
  }
  // Of several: most blocks have no such vector, most words of the sum are 0.
  void add_sum_to_holders(std::size_t w, std::uint64_t unit) {
    const hn::CappedTag<std::uint64_t, kLanes> tag;
    std::size_t holders = 0;
    const std::uint64_t* const plane = at(0, w);
    const std::size_t end = blocks() * kLanes;
    for (std::size_t place = 0; place < end; place += hn::Lanes(tag)) {
      const auto holds = hn::TestBit(hn::LoadU(tag, plane + place), hn::Set(tag, unit));
      if (hn::AllFalse(tag, holds)) continue;
      holders += hn::CountTrue(tag, holds);
      for (const std::uint32_t v : memory_.filled) {
        const auto added = hn::IfThenElseZero(holds, hn::Set(tag, memory_.sum[v]));
        hn::StoreU(hn::Xor(hn::LoadU(tag, at(place, v)), added), tag, at(place, v));
      }
    }
    budget_.spend(holders * memory_.filled.size());
  }

  const Distances& distances_;
  Annotations& memory_;
  Budget& budget_;
  std::array<std::uint8_t, kTold ? SlotsMax * SlotsMax : 0> witnesses_;  // of the edges told so far
  std::size_t words_ = 1;                        // of a vector
  std::size_t count_ = 1;                        // vectors
  std::size_t room_ = Annotations::room(SlotsMax);  // of a plane, in vectors
};

}  // namespace
}  // namespace cms::homology::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
