// Bytes that one request holds of a bound that all share, given back at its end.
//
// Threads: one owner; the sum is shared. Cost: an atomic addition.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace cms::serve {

class HeldBytes {
 public:
  // `all` is the sum of what everybody holds, and outlives this.
  explicit HeldBytes(std::atomic<std::uint64_t>& all) : all_(all) {}
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;
  ~HeldBytes() { give_back(); }

  // Holds so many more. False when all together are beyond `most` then; they are held all the same, until given back.
  bool take(std::uint64_t bytes, std::uint64_t most) {
    bytes_ += bytes;
    return all_.fetch_add(bytes) + bytes <= most;
  }
  void give_back() { all_ -= std::exchange(bytes_, 0); }

 private:
  std::atomic<std::uint64_t>& all_;
  std::uint64_t bytes_ = 0;
};

}  // namespace cms::serve
