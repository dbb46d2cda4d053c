// Every way to get memory in this program, counted for each thread: malloc and its relatives, operator new.
//
// It stands on glibc's own names (__libc_malloc and the others), so it is for tests only. Threads: each has its count.
#pragma once

#include <cstddef>

namespace cms {

// How often this thread has asked for memory so far. To see who did: gdb, `break cms::note_allocation`.
std::size_t allocations();

// How often it does while `work` runs.
template <typename Work>
std::size_t allocations_of(const Work& work) {
  const std::size_t before = allocations();
  work();
  return allocations() - before;
}

}  // namespace cms
