// Little-endian encoding of numbers, strings and arrays: the one way bytes are laid out in files and state.
//
// ByteReader never reads past its end and never throws: after the first bad read it is `failed()` and every
// further read gives zeros, so a decoder checks once, at its end. Threads: none shared. Cost: a copy.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cms {

static_assert(std::endian::native == std::endian::little, "big-endian hosts need byte swaps in bytes.hpp");

using Bytes = std::vector<std::uint8_t>;

class ByteWriter {
 public:
  // Appends one number.
  template <typename T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void put(T value) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(&value);
    bytes_.insert(bytes_.end(), first, first + sizeof(T));
  }

  // Appends a 64-bit count, then the elements.
  template <typename T>
    requires std::is_arithmetic_v<T>
  void put_array(std::span<const T> values) {
    put<std::uint64_t>(values.size());
    const auto* first = reinterpret_cast<const std::uint8_t*>(values.data());
    bytes_.insert(bytes_.end(), first, first + values.size_bytes());
  }

  // Appends the characters alone: the fixed ones that a format begins with.
  void put_letters(std::string_view letters);

  // Appends a 64-bit length, then the characters.
  void put_string(std::string_view text);

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  // Next number; 0 and failed() when fewer bytes are left.
  template <typename T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  T get() {
    T value{};
    if (!take_into(&value, sizeof(T))) return T{};
    return value;
  }

  // Array written by put_array; empty and failed() when the count does not fit the bytes left.
  template <typename T>
    requires std::is_arithmetic_v<T>
  std::vector<T> get_array() {
    const auto count = get<std::uint64_t>();
    if (failed_ || count > left() / sizeof(T)) {
      failed_ = true;
      return {};
    }
    std::vector<T> values(count);
    take_into(values.data(), count * sizeof(T));
    return values;
  }

  std::string get_string();

  [[nodiscard]] std::size_t left() const { return bytes_.size() - offset_; }
  [[nodiscard]] bool failed() const { return failed_; }
  // True when every read succeeded and nothing is left over.
  [[nodiscard]] bool finished() const { return !failed_ && left() == 0; }

 private:
  bool take_into(void* target, std::size_t size);

  std::span<const std::uint8_t> bytes_;
  std::size_t offset_ = 0;
  bool failed_ = false;
};

}  // namespace cms
