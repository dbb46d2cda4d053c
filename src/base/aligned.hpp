// A vector whose memory starts at a cache line: what kernels stream through is then read without crossing lines, which
// halves their loads. A template, since the layouts hold bytes, integers and floats.
//
// Threads: as std::vector. Cost: as std::vector.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace cms {

inline constexpr std::align_val_t kCacheLine{64};

template <typename T>
struct AlignedAllocator {
  using value_type = T;

  AlignedAllocator() = default;
  template <typename U>
  explicit AlignedAllocator(const AlignedAllocator<U>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), kCacheLine)); }
  void deallocate(T* memory, std::size_t) { ::operator delete(memory, kCacheLine); }

  bool operator==(const AlignedAllocator&) const { return true; }
};

template <typename T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace cms
