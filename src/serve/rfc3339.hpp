// Times as people and other programs read them: RFC 3339, UTC, milliseconds. Pure. Cost: a microsecond.
#pragma once

#include <string>

namespace cms::serve {

// "2023-11-14T22:13:20.250Z" of seconds since 1970; before 1970, after 9999 and what is no number count as 1970.
std::string rfc3339(double time);

}  // namespace cms::serve
