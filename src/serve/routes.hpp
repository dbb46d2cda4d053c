// The route table: every endpoint once, with who may call it. Dispatch, authority and openapi.json all come from it.
//
// Threads: constant data. Cost of match(): a walk over some thirty lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serve/authority.hpp"
#include "serve/http_message.hpp"
#include "serve/problem.hpp"
#include "serve/uri.hpp"

namespace cms::serve {

struct ApiParts;
struct ApiOptions;
class Erasures;

// A request that may be answered.
struct Call {
  Request request;
  Target target;
  Identity caller;      // without an id for what is open to everyone
  std::string tenant;   // from the path; exists, and the caller's own
  std::string account;  // from the path, 1 to 256 bytes
  std::string file;     // from the path
  std::string campaign; // from the path
};

// What handlers share.
struct ApiContext {
  const ApiParts& parts;
  const ApiOptions& options;
  Erasures& erasures;  // those who wait until their bytes are gone
};
using Handler = void (*)(const ApiContext&, Call&&, Respond);

enum class Access : std::uint8_t {
  everyone,     // no token
  role,         // a token of one of `roles`
  all_tenants,  // the same, and of all tenants: what is told is of no single one
};

// Where a handler runs: on the connection's thread when it never waits for a disk, otherwise on the API's own.
// `slow`: looks at very many accounts; one at a time, on a thread of its own, so that nobody else waits for it.
// `gate`: reads a body and decides; on threads of its own too, so that no disk keeps it: one for bodies up to
// kSmallBody, one for larger ones, since who asks briefly must not wait for who asks at length.
enum class Work : std::uint8_t { quick, disk, slow, gate };
inline constexpr std::size_t kSmallBody = std::size_t{1} << 20;  // bytes

struct Parameter {
  std::string_view name;
  std::string_view in;      // "query" or "header"
  std::string_view schema;  // JSON
  std::string_view about;
  bool required = false;
};

struct Route {
  Method method;
  std::string_view path;   // {tenant}, {account}, {file} and {campaign} stand for a segment
  std::string_view id;     // operationId
  Access access;
  Roles roles;
  Work work;
  Handler handler;
  std::string_view about;
  unsigned status;         // of success
  std::string_view type;   // of the answer; empty = none
  std::string_view schema; // name of the answer's schema in openapi.json; empty = not described
  std::span<const Parameter> parameters = {};
  std::span<const std::string_view> body_types = {};  // empty = takes no body
  std::string_view body_schema = {};                  // of JSON bodies
  std::span<const Problem> problems = {};             // beside those of dispatch
  bool large_body = false;                            // a JSON body may be as large as what is ingested
};
std::span<const Route> routes();

// The routes of one path, and what stood for its names.
struct Matched {
  std::vector<const Route*> routes;
  std::string tenant, account, file, campaign;
};
Matched match(const Target& target);

// "GET, HEAD, OPTIONS"
std::string allowed(const Matched& matched);

}  // namespace cms::serve
