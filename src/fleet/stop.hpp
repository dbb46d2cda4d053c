// How what takes long is told to give up: it asks now and then. Threads: asked from any.
#pragma once

#include <functional>

namespace cms::fleet {

// True = give up, from then on always. Empty: never.
using Stop = std::function<bool()>;
inline bool stopped(const Stop& stop) { return stop && stop(); }

}  // namespace cms::fleet
