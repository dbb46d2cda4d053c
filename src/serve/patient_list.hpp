// Lists of accounts for threads that read them all after a start, from a disk that may say no for a moment.
//
// Threads: from any thread, which waits.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>

#include "store/store.hpp"

namespace cms::serve {

constexpr int kListTries = 30;

// Waits for so long; false when told to stop, at once then.
inline bool rest(const std::stop_token& stop, std::chrono::steady_clock::duration how_long) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, how_long, [] { return false; });
  return !stop.stop_requested();
}

// Store::list(), asked as often as `tries`, a second apart, and no more when told to stop. Errors: those of the last.
inline Result<store::Store::Page> list_patiently(const store::Store& store, const std::string& tenant,
                                                 const std::string& cursor, std::size_t limit,
                                                 const std::stop_token& stop, int tries = kListTries) {
  for (;;) {
    auto page = store.list(tenant, cursor, limit);
    if (page || --tries <= 0 || !rest(stop, std::chrono::seconds(1))) return page;
  }
}

}  // namespace cms::serve
