// The priority of threads whose work may wait.
#pragma once

namespace cms {

// The calling thread runs when no other wants the processor, from now on. Where that is not allowed, ordinary priority
// has to do. Threads that it starts are like it.
void stand_back();

}  // namespace cms
