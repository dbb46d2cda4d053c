// How what takes long is told to give up: it asks now and then. Threads: asked from any.
#pragma once

#include <functional>

#include "base/result.hpp"

namespace cms::fleet {

// True = give up, from then on always. Empty: never.
using Stop = std::function<bool()>;
inline bool stopped(const Stop& stop) { return stop && stop(); }
// What a call says that has given up.
inline tl::unexpected<Error> told_to_stop() { return fail(ErrorCode::failed, "the fleet was told to stop"); }

}  // namespace cms::fleet
