// Addresses of other servers: http://HOST[:PORT]/PATH and https://.
//
// Threads: pure. Cost: linear. Reference: RFC 3986.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cms::serve {

// Where to: scheme, host and port apart, the rest as it is sent.
struct Url {
  bool tls = false;
  std::string host;    // without the brackets of an IPv6 address
  std::string port;    // in digits
  std::string target;  // path and query, begins with '/'

  // "https://host:port", without path and query: these may hold a secret and are never shown.
  [[nodiscard]] std::string shown() const;
  // "host" or "host:port", as the header Host says it.
  [[nodiscard]] std::string authority() const;

  bool operator==(const Url&) const = default;
};
// Errors: `bad_input`: not http or https, no host, a user in it, a fragment, a blank, a port that is none.
Result<Url> parse_url(std::string_view text);

}  // namespace cms::serve
