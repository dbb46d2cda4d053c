#include "serve/url.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cms::serve {
namespace {

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || text.find_first_not_of("0123456789") != std::string_view::npos) return false;
  const int port = std::stoi(std::string(text));
  return port > 0 && port <= 65535;
}

tl::unexpected<Error> wrong_url(std::string_view what) {
  return fail(ErrorCode::bad_input, fmt::format("the URL must be http://HOST[:PORT]/PATH or https://; {}",
                                                what));
}

}  // namespace

std::string Url::shown() const {
  return fmt::format("{}://{}", tls ? "https" : "http", authority());
}

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
  return port == (tls ? "443" : "80") ? name : fmt::format("{}:{}", name, port);
}

Result<Url> parse_url(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
  if (!plain) return wrong_url("blanks and letters beyond ASCII have to be percent-encoded");
  Url url;
  url.tls = text.starts_with("https://");
  if (!url.tls && !text.starts_with("http://")) return wrong_url("it has another scheme, or none");
  text.remove_prefix(url.tls ? 8 : 7);
  if (text.find('#') != std::string_view::npos) return wrong_url("it has a fragment");
  const auto end = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, end);
  url.target = text.substr(end);
  if (!url.target.starts_with('/')) url.target = "/" + url.target;
  if (authority.find('@') != std::string_view::npos) return wrong_url("it has a user in it");
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return wrong_url("a bracket is open");
    url.host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
  } else {
    url.host = authority.substr(0, std::min(authority.find(':'), authority.size()));
    authority.remove_prefix(url.host.size());
  }
  if (url.host.empty()) return wrong_url("it has no host");
  url.port = url.tls ? "443" : "80";
  if (!authority.empty()) {
    if (authority[0] != ':' || !is_port(authority.substr(1))) return wrong_url("its port is none");
    url.port = authority.substr(1);
  }
  return url;
}

}  // namespace cms::serve
