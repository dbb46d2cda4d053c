#include "measure/homology/columns.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

#include "measure/homology/edges.hpp"

namespace cms::homology {
namespace {

// A code is 0 while v is unknown, kZero for v = 0, else an index with its kind in the two low bits.
constexpr std::uint32_t kZero = 1;
constexpr std::uint32_t kUnit = 2;    // index: the class
constexpr std::uint32_t kStored = 3;  // index: into known_
constexpr std::uint32_t kKindMask = 3;

// A slot whose edges to i and to j both come before (i, j). There is one: (i, j) had a lune when it came.
std::uint32_t witness(const Distances& distances, std::uint32_t i, std::uint32_t j) {
  const float* from_i = distances.row(i);
  const float* from_j = distances.row(j);
  const float bound = from_i[j];
  for (std::uint32_t k = 0; k < distances.count; ++k) {
    if (std::max(from_i[k], from_j[k]) < bound) return k;
  }
  const Edge edge = make_edge(bound, i, j);
  std::uint32_t k = 0;
  while (k == i || k == j || std::max(make_edge(from_i[k], i, k), make_edge(from_j[k], j, k)) > edge) {
    ++k;
    assert(k < distances.count);
  }
  return k;
}

}  // namespace

void Columns::reset(std::uint32_t count) {
  count_ = count;
  codes_.assign(std::size_t{count} * count, 0);
  known_.clear();
  pairs_.clear();
  arena_.clear();
  pending_.clear();
}

void Columns::add_tree_edge(std::uint32_t i, std::uint32_t j) { set_code(i, j, kZero); }

void Columns::add_birth_edge(std::uint32_t i, std::uint32_t j) {
  set_code(i, j, static_cast<std::uint32_t>(pairs_.size()) << 2 | kUnit);
  pairs_.emplace_back();
}

void Columns::add_slice(const Slice& slice, Budget& budget) {
  const std::uint64_t* words = arena_.data() + slice.offset;
  for (std::size_t w = 0; w < slice.size; ++w) sum_[w] ^= words[w];
  budget.spend(slice.size);
}

void Columns::add_edge(std::uint32_t code, Budget& budget) {
  const std::uint32_t index = code >> 2;
  if ((code & kKindMask) == kStored) return add_slice(known_[index], budget);
  if ((code & kKindMask) == kUnit) {
    sum_[index / 64] ^= std::uint64_t{1} << index % 64;
    budget.spend(1);
  }
}

// Words of sum_ up to its highest that is not 0.
std::size_t Columns::trimmed() const {
  std::size_t size = sum_.size();
  while (size > 0 && sum_[size - 1] == 0) --size;
  return size;
}

// Copies the first words of sum_ into the arena.
Columns::Slice Columns::store(std::size_t size) {
  const Slice slice{arena_.size(), size};
  arena_.insert(arena_.end(), sum_.begin(), sum_.begin() + static_cast<std::ptrdiff_t>(size));
  return slice;
}

void Columns::keep_sum_of(const Pending& edge, Budget& budget) {
  sum_.assign(words(), 0);
  add_edge(code(edge.i, edge.k), budget);
  add_edge(code(edge.k, edge.j), budget);
  const std::size_t size = trimmed();
  if (size == 0) return set_code(edge.i, edge.j, kZero);
  set_code(edge.i, edge.j, static_cast<std::uint32_t>(known_.size()) << 2 | kStored);
  budget.spend(size);
  known_.push_back(store(size));
}

// Works out v(i, j). False when the budget was exceeded first.
bool Columns::know(const Distances& distances, std::uint32_t i, std::uint32_t j, Budget& budget) {
  if (code(i, j) != 0) return true;
  pending_.clear();
  pending_.push_back({i, j, witness(distances, i, j)});
  while (!pending_.empty()) {
    if (budget.exceeded()) return false;
    const Pending edge = pending_.back();
    if (code(edge.i, edge.k) == 0) {
      pending_.push_back({edge.i, edge.k, witness(distances, edge.i, edge.k)});
    } else if (code(edge.k, edge.j) == 0) {
      pending_.push_back({edge.k, edge.j, witness(distances, edge.k, edge.j)});
    } else {
      keep_sum_of(edge, budget);
      pending_.pop_back();
    }
  }
  return true;
}

std::optional<std::uint32_t> Columns::fill(const Distances& distances, std::uint32_t i, std::uint32_t k,
                                           std::uint32_t j, std::uint32_t l, Budget& budget) {
  for (const std::uint32_t end : {i, j}) {
    for (const std::uint32_t middle : {k, l}) {
      if (!know(distances, end, middle, budget)) return std::nullopt;
    }
  }
  sum_.assign(words(), 0);
  for (const std::uint32_t end : {i, j}) {
    for (const std::uint32_t middle : {k, l}) add_edge(code(end, middle), budget);
  }

  for (std::size_t size = trimmed(); size > 0 && !budget.exceeded(); size = trimmed()) {
    sum_.resize(size);
    const auto youngest = static_cast<std::uint32_t>(size * 64 - 1 - std::countl_zero(sum_[size - 1]));
    if (pairs_[youngest].size == 0) {
      budget.spend(size);
      if (budget.exceeded()) return std::nullopt;
      pairs_[youngest] = store(size);
      return youngest;
    }
    add_slice(pairs_[youngest], budget);
  }
  return std::nullopt;
}

}  // namespace cms::homology
