#include "serve/http_message.hpp"

#include <algorithm>
#include <array>

namespace cms::serve {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string_view name(Method method) {
  constexpr std::array<std::string_view, 7> kNames{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", ""};
  return kNames[static_cast<std::size_t>(method)];
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view Request::header(std::string_view wanted) const {
  const auto found = std::ranges::find_if(headers, [&](const auto& one) { return same_word(one.first, wanted); });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::size_t Request::header_count(std::string_view wanted) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(headers, [&](const auto& one) { return same_word(one.first, wanted); }));
}

}  // namespace cms::serve
