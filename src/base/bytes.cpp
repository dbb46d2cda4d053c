#include "base/bytes.hpp"

namespace cms {

void ByteWriter::put_letters(std::string_view letters) {
  bytes_.insert(bytes_.end(), letters.begin(), letters.end());
}

void ByteWriter::put_string(std::string_view text) {
  put<std::uint64_t>(text.size());
  put_letters(text);
}

std::string ByteReader::get_string() {
  const auto count = get<std::uint64_t>();
  if (failed_ || count > left()) {
    failed_ = true;
    return {};
  }
  std::string text(count, '\0');
  take_into(text.data(), count);
  return text;
}

bool ByteReader::take_into(void* target, std::size_t size) {
  if (failed_ || size > left()) {
    failed_ = true;
    return false;
  }
  if (size > 0) std::memcpy(target, bytes_.data() + offset_, size);
  offset_ += size;
  return true;
}

}  // namespace cms
