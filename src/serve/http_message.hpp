// What the HTTP server and the API say to one another: a request read whole, a response to be written.
//
// Plain values, without a word of the library that reads and writes them. Header names are kept as they came and
// compared without regard to case (RFC 9110, 5.1). Threads: one owner at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/event_ring.hpp"

namespace cms::serve {

enum class Method : std::uint8_t { get, head, post, put, del, options, other };
std::string_view name(Method method);

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  Method method = Method::other;
  std::string target;   // as it was sent, without scheme and host: "/v1/atlas?x=1"
  Headers headers{};    // in order; a name may come more than once
  std::string body;     // empty until the request was admitted
  std::uint64_t content_bytes = 0;  // of the body as announced; 0 when there is none or it comes in chunks
  bool has_body = false;
  std::string peer;     // address of the other end, without its port
  std::string subject;  // common name of the client certificate that TLS has verified; empty without one

  // The first header of this name, empty when there is none; and how many there are.
  [[nodiscard]] std::string_view header(std::string_view wanted) const;
  [[nodiscard]] std::size_t header_count(std::string_view wanted) const;
};

struct Response {
  unsigned status = 200;
  std::string type = "application/json";  // of the body
  Headers headers{};                      // beside Content-Type, Content-Length, Date and Connection
  std::string body{};
  bool close = false;                     // close the connection after it
  std::unique_ptr<EventRing::Subscription> events{};  // server-sent events instead of a body
};

// Called once for each request, from any thread.
using Respond = std::function<void(Response)>;

// What the server asks of whoever answers. Both are called from several threads.
struct Service {
  struct Admission {
    std::uint64_t body_bytes_max = 0;
    std::unique_ptr<Response> refusal;  // set: this is the answer, and the body is not read
  };
  // After the header, before the body: nobody unknown makes the server read a body.
  std::function<Admission(const Request&)> admit;
  // The whole request. Must not block; `respond` may be called later.
  std::function<void(Request, Respond)> serve;
};

// True for equal ASCII text without regard to case.
bool same_word(std::string_view a, std::string_view b);

// The next element of a comma-separated list, without white space around it; `list` begins behind it.
std::string_view take_element(std::string_view& list);

// An element of Accept or Accept-Encoding (RFC 9110, 12.4.2): its name, and whether its weight is 0.
struct Preference {
  std::string_view name;
  bool refused = false;
};
Preference take_preference(std::string_view& list);

// Whether who sent this Accept-Encoding can read `coding`. Weights other than 0 make no difference.
bool accepts_coding(std::string_view list, std::string_view coding);

}  // namespace cms::serve
