#include "lab/words.hpp"

namespace cms::lab {

std::string folded(std::string_view text) {
  std::string result = " ";
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    if (letter) {
      result += c;
    } else if (c >= 'A' && c <= 'Z') {
      result += static_cast<char>(c - 'A' + 'a');
    } else if (result.back() != ' ') {
      result += ' ';
    }
  }
  if (result.back() != ' ') result += ' ';
  return result;
}

std::vector<std::string> words_of(std::string_view text) {
  const std::string clean = folded(text);
  std::vector<std::string> words;
  for (std::size_t first = 1; first < clean.size();) {
    const std::size_t end = clean.find(' ', first);
    words.push_back(clean.substr(first, end - first));
    first = end + 1;
  }
  return words;
}

}  // namespace cms::lab
