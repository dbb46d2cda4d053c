// What tests of the store begin with: a folder that goes away, keys, and records that can be told apart.
//
// Threads: plain values. Cost: none.
#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>

#include "base/random.hpp"
#include "store/store.hpp"

namespace cms::store {

class TestFolder {
 public:
  TestFolder() {
    static std::atomic<int> count{0};
    path = std::filesystem::temp_directory_path() /
           ("cms_store_" + std::to_string(::getpid()) + "_" + std::to_string(++count));
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~TestFolder() {
    std::error_code error;
    std::filesystem::remove_all(path, error);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::filesystem::path path;
};

inline Key test_key(std::uint8_t first) {
  Key key;
  for (std::size_t i = 0; i < key.bytes.size(); ++i) key.bytes[i] = static_cast<std::uint8_t>(first + i);
  return key;
}

inline KeyRing test_keys() { return {{"acme", test_key(1)}, {"bell", test_key(101)}}; }

inline Options test_options(const std::filesystem::path& path) {
  Options options;
  options.path = path;
  options.memory_bytes = 16ULL << 20;
  return options;
}

// Content that follows from account and number, of `bytes` bytes.
inline Record test_record(const AccountName& name, std::uint64_t number, bool whole, std::size_t bytes = 200) {
  Random random(stable_hash(name.tenant + "/" + name.account) + number);
  Record record{.number = number, .whole = whole, .time = 1000.0 + static_cast<double>(number), .content = {}};
  for (std::size_t i = 0; i < bytes; ++i) record.content.push_back(static_cast<std::uint8_t>(random.bits()));
  return record;
}

inline bool same(const Record& a, const Record& b) {
  return a.number == b.number && a.whole == b.whole && a.time == b.time && a.content == b.content;
}

}  // namespace cms::store
