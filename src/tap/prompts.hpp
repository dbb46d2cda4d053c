// Prompts: a file of JSON objects with a `text`, one a line, and what else is known of each request.
//
// Threads: pure. Cost: linear.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "types/activation.hpp"

namespace cms::tap {

struct Prompts {
  std::vector<std::string> texts;  // UTF-8, each with at least one word
  std::vector<RowInfo> infos;      // account, time and every other key, `text` included
};

// Errors: `bad_input`: a line that is not a JSON object with a string `text` of at least one word (file and line are
// named), no line at all.
Result<Prompts> read_prompts(const std::filesystem::path& path);

}  // namespace cms::tap
