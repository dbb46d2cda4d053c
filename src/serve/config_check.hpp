// Opens what a configuration names, as the daemon would, and says what it finds: before the daemon is started.
//
// Nothing is written, no port is bound and no secret is said. Threads: pure but for the files. Cost: reading the atlas.
#pragma once

#include <string>
#include <vector>

#include "serve/config.hpp"

namespace cms::serve {

struct Finding {
  enum class Level : std::uint8_t { ok, warning, error };
  Level level = Level::ok;
  std::string setting;  // "atlas.file", "tenants.main"
  std::string message;  // one sentence
  ErrorCode code = ErrorCode::bad_input;  // of an error: what the program would end with
};
std::string_view name(Finding::Level level);

// In the order of the file. `now` in seconds since 1970: allowances that have ended are warned of.
std::vector<Finding> check_config(const Config& config, double now);

}  // namespace cms::serve
