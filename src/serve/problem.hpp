// Problem details (RFC 9457): the one body that every error of the API has.
//
// {"type": "urn:cms:problem:SLUG", "title": ..., "status": ..., "detail": ...}; docs/api.md says what each type means
// and what to do, and a test compares the page with the table. A detail never repeats what the caller may not know.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "serve/http_message.hpp"

namespace cms::serve {

enum class Problem : std::uint8_t {
  bad_request, unauthenticated, forbidden, not_found, method_not_allowed, not_acceptable, out_of_order,
  stale_epoch, observe_off, too_large, unsupported_type, expectation_failed, header_too_large, too_many_failures,
  damaged, internal, overloaded, store_unavailable, not_ready,
};

struct ProblemInfo {
  Problem problem;
  unsigned status;
  std::string_view slug;   // last part of the type
  std::string_view title;
  unsigned retry_s;        // for Retry-After; 0 = the header is not sent
};
std::span<const ProblemInfo> problems();
const ProblemInfo& info(Problem problem);

// The response; `detail` is one sentence that says what to do.
Response problem(Problem problem, std::string_view detail);

// What an Error of the store or the engine is to a caller: `failed` the disk's refusal, `bad_input` a damaged record.
Response problem(const Error& error);

}  // namespace cms::serve
