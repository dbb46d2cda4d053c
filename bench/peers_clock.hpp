// Times a piece of work, for peers_library.hpp.
//
// The lesser of two clocks: the steady one, and the processor time of this thread, which leaves out what others ran
// meanwhile. The second is read outside the first, since reading it is a call into the kernel.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>

namespace cms::peers {

inline std::int64_t thread_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// By the steady clock alone, where other threads do the work.
template <typename Work>
std::int64_t wall_nanoseconds(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
}

template <typename Work>
std::int64_t nanoseconds(Work&& work) {
  const std::int64_t start = thread_nanoseconds();
  const std::int64_t wall = wall_nanoseconds(work);
  return std::min(wall, thread_nanoseconds() - start);
}

}  // namespace cms::peers
