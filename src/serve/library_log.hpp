// What gRPC and protobuf say goes into the daemon's log: to standard error they would write a line of another form for
// every handshake or message of a stranger that is wrong, as many as strangers like.
//
// Their callbacks carry nothing of ours, so there is one pointer for the whole program, and one of these at a time.
// Threads: theirs write at any time between making and end; the log outlives it. Cost: as Log::write().
#pragma once

#include "serve/log.hpp"

namespace cms::serve {

class LibraryLog {
 public:
  explicit LibraryLog(Log& log);
  LibraryLog(const LibraryLog&) = delete;
  LibraryLog& operator=(const LibraryLog&) = delete;
  ~LibraryLog();
};

}  // namespace cms::serve
