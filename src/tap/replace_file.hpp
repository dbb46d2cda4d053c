// Puts a finished file in the place of another, durably: for files too large, or too many, for base/files.hpp.
//
// Threads: safe for different paths. Cost: two syncs.
#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace cms::tap {

// Syncs `temporary`, renames it over `target` (same folder) and syncs the folder. Errors: `failed`; `target` is then
// what it was, and `temporary` is left to the caller.
Result<void> replace_file(const std::filesystem::path& temporary, const std::filesystem::path& target);

}  // namespace cms::tap
