// The reduction of columns.hpp, included by walk.cpp once for every instruction set.
#include <algorithm>
#include <bit>
#include <cassert>
#include <optional>

#include "measure/homology/columns.hpp"
#include "measure/homology/edges.hpp"
#include "types/distances.hpp"

// Highway's convention for what is compiled once per target: a guard that toggles.
#if defined(CMS_HOMOLOGY_COLUMNS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef CMS_HOMOLOGY_COLUMNS_INL
#undef CMS_HOMOLOGY_COLUMNS_INL
#else
#define CMS_HOMOLOGY_COLUMNS_INL
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace cms::homology::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// A slot whose edges to i and to j both come before (i, j). There is one: (i, j) had a lune when it came.
inline std::uint32_t witness(const Distances& distances, std::uint32_t i, std::uint32_t j) {
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

// One window's reduction. Slots are below SlotsMax, which the compiler knows.
template <std::uint32_t SlotsMax>
class Reduction {
 public:
  Reduction(const Distances& distances, Columns& memory, Budget& budget)
      : distances_(distances), memory_(memory), budget_(budget) {
    if (memory_.codes.size() < std::size_t{SlotsMax} * SlotsMax) memory_.codes.resize(std::size_t{SlotsMax} * SlotsMax);
    for (const std::uint32_t entry : memory_.touched) memory_.codes[entry] = 0;
    memory_.touched.clear();
    memory_.known.clear();
    memory_.pairs.clear();
    memory_.arena.clear();
  }

  // Declares (i, j) an edge of the spanning tree, or one that opens the next class. Edges come in their total order.
  void add_tree_edge(std::uint32_t i, std::uint32_t j) { set_code(i, j, kZero); }
  void add_birth_edge(std::uint32_t i, std::uint32_t j) {
    set_code(i, j, static_cast<std::uint32_t>(memory_.pairs.size()) << 2 | kUnit);
    memory_.pairs.emplace_back();
    words_ = (memory_.pairs.size() + 63) / 64;
    if (memory_.sum.size() < words_) memory_.sum.resize(words_);
  }

  // Whether no filled cycle has ended this class yet.
  [[nodiscard]] bool alive(std::uint32_t index) const { return memory_.pairs[index].size == 0; }

  // Whether the coordinates of (i, j) are known already.
  [[nodiscard]] bool knows(std::uint32_t i, std::uint32_t j) const { return code(i, j) != 0; }

  // Fills the cycle i-k-j-l, whose edges came before. Gives the class that it ends (classes count from 0 in order of
  // birth), nullopt when it ends none or when the budget was exceeded on the way.
  std::optional<std::uint32_t> fill(std::uint32_t i, std::uint32_t k, std::uint32_t j, std::uint32_t l) {
    if (!know(i, k) || !know(j, k) || !know(i, l) || !know(j, l)) return std::nullopt;
    if (words_ == 1) return reduce_word(word(code(i, k)) ^ word(code(j, k)) ^ word(code(i, l)) ^ word(code(j, l)));
    std::fill_n(memory_.sum.begin(), words_, 0);
    for (const std::uint32_t edge : {code(i, k), code(j, k), code(i, l), code(j, l)}) add_edge(edge);
    return reduce();
  }

 private:
  // A code is 0 while v is unknown, kZero for v = 0, else an index with its kind in the two low bits.
  static constexpr std::uint32_t kZero = 1;
  static constexpr std::uint32_t kUnit = 2;    // index: the class
  static constexpr std::uint32_t kStored = 3;  // index: into known
  static constexpr std::uint32_t kKindMask = 3;

  [[nodiscard]] std::uint32_t code(std::uint32_t i, std::uint32_t j) const { return memory_.codes[i * SlotsMax + j]; }
  void set_code(std::uint32_t i, std::uint32_t j, std::uint32_t value) {
    for (const std::uint32_t entry : {i * SlotsMax + j, j * SlotsMax + i}) {
      memory_.codes[entry] = value;
      memory_.touched.push_back(entry);
    }
  }

  // Works out v(i, j). False when the budget was exceeded first.
  bool know(std::uint32_t i, std::uint32_t j) { return code(i, j) != 0 || work_out(i, j); }

  HWY_NOINLINE bool work_out(std::uint32_t i, std::uint32_t j) {
    const Columns::Pending wanted{i, j, witness(distances_, i, j)};
    if (knows(i, wanted.k) && knows(wanted.k, j)) {
      keep_sum_of(wanted);
      return true;
    }
    auto& pending = memory_.pending;
    pending.clear();
    pending.push_back(wanted);
    while (!pending.empty()) {
      if (budget_.exceeded()) return false;
      const Columns::Pending edge = pending.back();
      if (code(edge.i, edge.k) == 0) {
        pending.push_back({edge.i, edge.k, witness(distances_, edge.i, edge.k)});
      } else if (code(edge.k, edge.j) == 0) {
        pending.push_back({edge.k, edge.j, witness(distances_, edge.k, edge.j)});
      } else {
        keep_sum_of(edge);
        pending.pop_back();
      }
    }
    return true;
  }

  void keep_sum_of(const Columns::Pending& edge) {
    const std::uint32_t a = code(edge.i, edge.k);
    const std::uint32_t b = code(edge.k, edge.j);
    std::size_t size = words_;
    if (words_ == 1) {
      memory_.sum[0] = word(a) ^ word(b);
    } else {
      std::fill_n(memory_.sum.begin(), words_, 0);
      add_edge(a);
      add_edge(b);
    }
    size = trimmed(size);
    if (size == 0) return set_code(edge.i, edge.j, kZero);
    set_code(edge.i, edge.j, static_cast<std::uint32_t>(memory_.known.size()) << 2 | kStored);
    memory_.known.push_back(store(size));
  }

  // v of an edge while every class fits one word.
  std::uint64_t word(std::uint32_t code) {
    if (code == kZero) return 0;
    budget_.spend(1);
    const std::uint32_t index = code >> 2;
    if ((code & kKindMask) == kUnit) return std::uint64_t{1} << index % 64;
    return memory_.arena[memory_.known[index].offset];
  }

  std::optional<std::uint32_t> reduce_word(std::uint64_t sum) {
    while (sum != 0 && !budget_.exceeded()) {
      const auto youngest = static_cast<std::uint32_t>(63 - std::countl_zero(sum));
      if (alive(youngest)) {
        memory_.sum[0] = sum;
        return keep_pair(youngest, 1);
      }
      sum ^= memory_.arena[memory_.pairs[youngest].offset];
      budget_.spend(1);
    }
    return std::nullopt;
  }

  std::optional<std::uint32_t> reduce() {
    for (std::size_t size = trimmed(words_); size > 0 && !budget_.exceeded(); size = trimmed(size)) {
      const std::uint64_t top = memory_.sum[size - 1];
      const auto youngest = static_cast<std::uint32_t>(size * 64 - 1 - std::countl_zero(top));
      if (alive(youngest)) return keep_pair(youngest, size);
      add_slice(memory_.pairs[youngest]);
    }
    return std::nullopt;
  }

  // The sum ends class `youngest`, its highest.
  std::optional<std::uint32_t> keep_pair(std::uint32_t youngest, std::size_t size) {
    memory_.pairs[youngest] = store(size);
    if (budget_.exceeded()) {
      memory_.pairs[youngest].size = 0;
      return std::nullopt;
    }
    return youngest;
  }

  void add_edge(std::uint32_t code) {
    const std::uint32_t index = code >> 2;
    if ((code & kKindMask) == kStored) return add_slice(memory_.known[index]);
    if ((code & kKindMask) != kUnit) return;
    memory_.sum[index / 64] ^= std::uint64_t{1} << index % 64;
    budget_.spend(1);
  }

  void add_slice(const Columns::Slice& slice) {
    const std::uint64_t* HWY_RESTRICT words = memory_.arena.data() + slice.offset;
    std::uint64_t* HWY_RESTRICT sum = memory_.sum.data();
    for (std::size_t w = 0; w < slice.size; ++w) sum[w] ^= words[w];
    budget_.spend(slice.size);
  }

  // Words of the sum up to its highest that is not 0.
  [[nodiscard]] std::size_t trimmed(std::size_t size) const {
    while (size > 0 && memory_.sum[size - 1] == 0) --size;
    return size;
  }

  // Copies the first words of the sum into the arena.
  Columns::Slice store(std::size_t size) {
    const Columns::Slice slice{memory_.arena.size(), size};
    if (size == 1) {
      memory_.arena.push_back(memory_.sum[0]);
      budget_.spend(1);
      return slice;
    }
    memory_.arena.insert(memory_.arena.end(), memory_.sum.begin(),
                         memory_.sum.begin() + static_cast<std::ptrdiff_t>(size));
    budget_.spend(size);
    return slice;
  }

  const Distances& distances_;
  Columns& memory_;
  Budget& budget_;
  std::size_t words_ = 0;  // of a vector, as many classes as there are so far
};

}  // namespace
}  // namespace cms::homology::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
