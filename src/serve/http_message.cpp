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

std::string_view take_element(std::string_view& list) {
  auto element = list.substr(0, list.find(','));
  list.remove_prefix(std::min(element.size() + 1, list.size()));
  element.remove_prefix(std::min(element.find_first_not_of(" \t"), element.size()));
  return element.substr(0, element.find_last_not_of(" \t") + 1);
}

Preference take_preference(std::string_view& list) {
  const auto element = take_element(list);
  auto name = element.substr(0, element.find(';'));
  name = name.substr(0, name.find_last_not_of(" \t") + 1);
  const auto weight = element.find("q=0");
  const bool refused =
      weight != std::string_view::npos && element.find_first_not_of("0.", weight + 2) == std::string_view::npos;
  return {name, refused};
}

bool accepts_coding(std::string_view list, std::string_view coding) {
  bool any = false;
  while (!list.empty()) {
    const auto one = take_preference(list);
    if (same_word(one.name, coding)) return !one.refused;
    any |= one.name == "*" && !one.refused;
  }
  return any;
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
