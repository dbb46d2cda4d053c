// Times a piece of work by the steady clock, for peers_library.hpp.
#pragma once

#include <chrono>
#include <cstdint>

namespace cms::peers {

template <typename Work>
std::int64_t nanoseconds(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace cms::peers
