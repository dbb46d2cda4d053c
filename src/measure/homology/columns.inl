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

// One window's reduction. Slots are below SlotsMax, which the compiler knows. Vectors of all but strange windows have
// up to kFixed words and are kept at that width, so that no step of the reduction has a loop whose length is to be
// guessed; when more classes come, vectors have as many words as they need.
template <std::uint32_t SlotsMax>
class Reduction {
 public:
  Reduction(const Distances& distances, Columns& memory, Budget& budget)
      : distances_(distances), memory_(memory), budget_(budget) {
    if (memory_.codes.size() < std::size_t{SlotsMax} * SlotsMax) memory_.codes.resize(std::size_t{SlotsMax} * SlotsMax);
    for (std::size_t t = 0; t < memory_.touched.used; ++t) memory_.codes[memory_.touched.values[t]] = 0;
    memory_.touched.used = memory_.arena.used = memory_.known.used = memory_.fixed_pairs.used = 0;
    std::fill_n(memory_.arena.extend(kFixed), kFixed, 0);
    *memory_.known.extend(1) = {0, 0, kFixed};
    memory_.pairs.clear();
    if (memory_.sum.size() < kFixed) memory_.sum.resize(kFixed);
  }

  // Declares (i, j) an edge of the spanning tree, or one that opens the next class. Edges come in their total order.
  void add_tree_edge(std::uint32_t i, std::uint32_t j) { set_code(i, j, kZero); }
  void add_birth_edge(std::uint32_t i, std::uint32_t j) {
    const auto index = static_cast<std::uint32_t>(memory_.pairs.size());
    memory_.pairs.emplace_back();
    words_ = index / 64 + 1;
    const std::uint64_t unit = std::uint64_t{1} << index % 64;
    if (index == kFixed * 64) leave_fixed();
    const auto offset = static_cast<std::uint32_t>(memory_.arena.used);
    if (words_ <= kFixed) {
      std::fill_n(memory_.fixed_pairs.extend(kFixed), kFixed, 0);
      std::uint64_t* words = memory_.arena.extend(kFixed);
      std::fill_n(words, kFixed, 0);
      words[index / 64] = unit;
      keep_known(i, j, {offset, 0, kFixed});
    } else {
      if (memory_.sum.size() < words_) memory_.sum.resize(words_);
      *memory_.arena.extend(1) = unit;
      keep_known(i, j, {offset, index / 64, 1});
    }
  }

  // Whether no filled cycle has ended this class yet.
  [[nodiscard]] bool alive(std::uint32_t index) const { return memory_.pairs[index].size == 0; }

  // Whether the coordinates of (i, j) are known already.
  [[nodiscard]] bool knows(std::uint32_t i, std::uint32_t j) const { return code(i, j) != 0; }

  // Fills the cycle i-k-j-l, whose edges came before. Gives the class that it ends (classes count from 0 in order of
  // birth), nullopt when it ends none or when the budget was exceeded on the way.
  std::optional<std::uint32_t> fill(std::uint32_t i, std::uint32_t k, std::uint32_t j, std::uint32_t l) {
    if (!know(i, k) || !know(j, k) || !know(i, l) || !know(j, l)) return std::nullopt;
    if (words_ <= kFixed) {
      Fixed sum{};
      for (const std::uint32_t end : {i, j}) {
        for (const std::uint32_t middle : {k, l}) add(slice(end, middle), sum);
      }
      return reduce(sum);
    }
    std::fill_n(memory_.sum.begin(), words_, 0);
    for (const std::uint32_t end : {i, j}) {
      for (const std::uint32_t middle : {k, l}) add(slice(end, middle));
    }
    return reduce();
  }

 private:
  static constexpr std::uint32_t kFixed = fixed_words(SlotsMax);
  static constexpr std::uint32_t kFixedUnits = std::max(1U, kFixed / 4);  // what one takes beside a component step
  using Fixed = std::array<std::uint64_t, kFixed>;
  static constexpr std::uint32_t kZero = 1;  // the code of the zero vector

  [[nodiscard]] std::uint32_t code(std::uint32_t i, std::uint32_t j) const { return memory_.codes[i * SlotsMax + j]; }
  void set_code(std::uint32_t i, std::uint32_t j, std::uint32_t value) {
    std::uint32_t* touched = memory_.touched.extend(2);
    touched[0] = i * SlotsMax + j;
    touched[1] = j * SlotsMax + i;
    memory_.codes[touched[0]] = memory_.codes[touched[1]] = value;
  }
  void keep_known(std::uint32_t i, std::uint32_t j, const Columns::Slice& slice) {
    *memory_.known.extend(1) = slice;
    set_code(i, j, static_cast<std::uint32_t>(memory_.known.used));
  }
  [[nodiscard]] const Columns::Slice& slice(std::uint32_t i, std::uint32_t j) const {
    return memory_.known.values[code(i, j) - 1];
  }

  // More classes than a fixed width holds: columns go where those of any width are.
  void leave_fixed() {
    for (std::size_t index = 0; index < std::size_t{kFixed} * 64; ++index) {
      if (alive(static_cast<std::uint32_t>(index))) continue;
      const auto offset = static_cast<std::uint32_t>(memory_.arena.used);
      std::copy_n(memory_.fixed_pairs.values.data() + index * kFixed, kFixed, memory_.arena.extend(kFixed));
      memory_.pairs[index] = {offset, 0, kFixed};
    }
  }

  // Works out v(i, j). False when the budget was exceeded first.
  bool know(std::uint32_t i, std::uint32_t j) { return knows(i, j) || work_out(i, j); }

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
      if (!knows(edge.i, edge.k)) {
        pending.push_back({edge.i, edge.k, witness(distances_, edge.i, edge.k)});
      } else if (!knows(edge.k, edge.j)) {
        pending.push_back({edge.k, edge.j, witness(distances_, edge.k, edge.j)});
      } else {
        keep_sum_of(edge);
        pending.pop_back();
      }
    }
    return true;
  }

  void keep_sum_of(const Columns::Pending& edge) {
    if (words_ <= kFixed) {
      Fixed sum{};
      add(slice(edge.i, edge.k), sum);
      add(slice(edge.k, edge.j), sum);
      budget_.spend(kFixedUnits);
      keep_known(edge.i, edge.j, store(sum));
    } else {
      std::fill_n(memory_.sum.begin(), words_, 0);
      add(slice(edge.i, edge.k));
      add(slice(edge.k, edge.j));
      const std::size_t size = trimmed(words_);
      budget_.spend(size);
      keep_known(edge.i, edge.j, store(size));
    }
  }

  void add(const Columns::Slice& slice, Fixed& sum) { add(memory_.arena.values.data() + slice.offset, sum); }
  void add(const std::uint64_t* words, Fixed& sum) {
    for (std::uint32_t w = 0; w < kFixed; ++w) sum[w] ^= words[w];
    budget_.spend(kFixedUnits);
  }
  void add(const Columns::Slice& slice) {
    const std::uint64_t* HWY_RESTRICT words = memory_.arena.values.data() + slice.offset;
    std::uint64_t* HWY_RESTRICT sum = memory_.sum.data() + slice.first;
    for (std::size_t w = 0; w < slice.size; ++w) sum[w] ^= words[w];
    budget_.spend(slice.size);
  }

  std::optional<std::uint32_t> reduce(Fixed& sum) {
    for (std::size_t size = words_; !budget_.exceeded();) {
      if constexpr (kFixed == 2) {
        size = sum[1] != 0 ? 2 : 1;
        if ((sum[0] | sum[1]) == 0) return std::nullopt;
      } else {
        while (size > 0 && sum[size - 1] == 0) --size;
        if (size == 0) return std::nullopt;
      }
      const std::uint32_t youngest = highest(size, sum[size - 1]);
      std::uint64_t* column = memory_.fixed_pairs.values.data() + std::size_t{youngest} * kFixed;
      if (column[youngest / 64] == 0) {  // the column of a class has its bit; none was kept
        std::copy(sum.begin(), sum.end(), column);
        return keep_pair(youngest, {0, 0, kFixed});
      }
      add(column, sum);
    }
    return std::nullopt;
  }
  std::optional<std::uint32_t> reduce() {
    for (std::size_t size = trimmed(words_); size > 0 && !budget_.exceeded(); size = trimmed(size)) {
      const std::uint32_t youngest = highest(size, memory_.sum[size - 1]);
      if (alive(youngest)) return keep_pair(youngest, store(size));
      add(memory_.pairs[youngest]);
    }
    return std::nullopt;
  }

  static std::uint32_t highest(std::size_t size, std::uint64_t top) {
    return static_cast<std::uint32_t>(size * 64 - 1) - static_cast<std::uint32_t>(std::countl_zero(top));
  }

  // The stored column ends class `youngest`, its highest.
  std::optional<std::uint32_t> keep_pair(std::uint32_t youngest, const Columns::Slice& column) {
    budget_.spend(words_ <= kFixed ? kFixedUnits : column.size);
    if (budget_.exceeded()) return std::nullopt;
    memory_.pairs[youngest] = column;
    return youngest;
  }

  // Words of the sum up to its highest that is not 0.
  [[nodiscard]] std::size_t trimmed(std::size_t size) const {
    while (size > 0 && memory_.sum[size - 1] == 0) --size;
    return size;
  }

  Columns::Slice store(const Fixed& sum) {
    return store(sum.data(), kFixed);
  }
  Columns::Slice store(std::size_t size) {
    return store(memory_.sum.data(), size);
  }
  Columns::Slice store(const std::uint64_t* words, std::size_t size) {
    const auto offset = static_cast<std::uint32_t>(memory_.arena.used);
    std::copy_n(words, size, memory_.arena.extend(size));
    return {offset, 0, static_cast<std::uint32_t>(size)};
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
