// One HTML file out of a template, a style, a program and data. Threads: pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace cms::lab {

// The template says `{{css}}`, `{{js}}` and `{{data}}` once each; the program reads element `data`.
struct PageParts {
  std::string html, css, js;
};

// Text in `data` cannot end the script element it lies in; what is no UTF-8 is replaced.
std::string html_page(PageParts parts, const nlohmann::json& data);

}  // namespace cms::lab
