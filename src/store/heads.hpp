// What commits know of the accounts that were written lately, so that they need not read it back.
//
// Threads: plain data, one owner. Cost: a hash table's; an entry takes 96 bytes, allocator included, and its bucket.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "store/keys.hpp"
#include "store/rows.hpp"

namespace cms::store {

// What a commit has to know of an account. Numbers are 0 where there is no such record.
struct Head {
  Key key;
  bool there = false;       // the key is on disk, or in the batch that is being made
  std::uint64_t whole = 0;  // number of the last whole record
  std::uint64_t last = 0;   // number of the last record
};

// Heads of accounts that were written lately, by their rows' prefix. Bounded: two generations, the older thrown away.
class Heads {
 public:
  explicit Heads(std::size_t generation_max) : generation_max_(generation_max) {}

  // `prefix` is an account_prefix(). What is found is there until the next call that changes anything; null for one
  // that is not known here. The `generation_max` that were put last always are.
  [[nodiscard]] const Head* find(std::string_view prefix) const;
  void put(std::string_view prefix, const Head& head);
  void erase(std::string_view prefix);
  void clear();

 private:
  // A prefix without its letter, in place. Its end is a keyed hash: any part of it is one too.
  using Name = std::array<char, kAccountPrefixBytes - 1>;
  struct Hash {
    std::size_t operator()(const Name& name) const noexcept;
  };
  using Generation = std::unordered_map<Name, Head, Hash>;

  static Name name_of(std::string_view prefix);

  std::size_t generation_max_;
  Generation young_, old_;
};

}  // namespace cms::store
