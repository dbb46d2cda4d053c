#include "lab/html_page.hpp"

namespace cms::lab {
namespace {

// Puts `value` where the template says `{{key}}`, once.
void fill(std::string& text, const std::string& key, const std::string& value) {
  const auto at = text.find("{{" + key + "}}");
  if (at != std::string::npos) text.replace(at, key.size() + 4, value);
}

}  // namespace

std::string html_page(PageParts parts, const nlohmann::json& data) {
  auto text = data.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos;) text.replace(at, 1, "\\u003c");
  fill(parts.html, "css", parts.css);
  fill(parts.html, "js", parts.js);
  fill(parts.html, "data", text);
  return std::move(parts.html);
}

}  // namespace cms::lab
