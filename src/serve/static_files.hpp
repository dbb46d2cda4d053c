// The dashboard's files, as the build has put them into the program (tools/embed_files.py).
//
// Invariants: paths are "index.html" and "assets/NAME"; what lies in assets/ has a hash of its content in its name, and
// never changes. Threads: constant data. Cost: none.
#pragma once

#include <span>
#include <string_view>

namespace cms::serve {

struct StaticFile {
  std::string_view path;   // below /dashboard/
  std::string_view type;   // Content-Type
  std::string_view tag;    // 32 hex digits of the content's SHA-256
  std::string_view plain;  // the content
  std::string_view gzip;   // the same, packed; empty where that would not be smaller
};

// Empty in a program that was built without a dashboard.
std::span<const StaticFile> dashboard_files();

}  // namespace cms::serve
