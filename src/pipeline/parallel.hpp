// A loop over independent items on several threads. Results are written by index, so their order never depends on
// which thread ran what.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace cms::pipeline {

// Calls work(worker, i) for every i in [0, count); worker < threads names the caller's scratch. `work` must not throw.
template <typename Work>
void parallel_for(std::size_t count, unsigned threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  const auto loop = [&](unsigned worker) {
    for (std::size_t i = next++; i < count; i = next++) work(worker, i);
  };
  std::vector<std::jthread> workers;
  for (unsigned worker = 1; worker < threads; ++worker) workers.emplace_back(loop, worker);
  loop(0);
}

// Threads to use when the user names none.
inline unsigned default_threads() {
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace cms::pipeline
