// Prompts: a file of JSON objects with a `text`, one a line, and what else is known of each request.
//
// Threads: pure. Cost: linear.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tap/text.hpp"
#include "types/activation.hpp"

namespace cms::tap {

struct Prompts {
  std::vector<std::string> texts;  // UTF-8, each with at least one word
  std::vector<RowInfo> infos;      // account, time and every other key, `text` included
};

// Errors: `bad_input`: a line that is not a JSON object with a string `text` of at least one word (file and line are
// named), no line at all; with `for_segments` also a line that in_segments() could not keep: one with a key `request`,
// `segment` or `segments`, or with more than kSharedBytesMax of other keys.
Result<Prompts> read_prompts(const std::filesystem::path& path, bool for_segments = false);

// Every segment has a copy of the prompt's other keys; this keeps them no larger than the vectors beside them.
inline constexpr std::size_t kSharedBytesMax = 4096;  // as JSON, without the text

// Each prompt as its first `segments_max` segments, one after the other: texts are the segments, infos the prompt's own
// but for `text`, which is the segment's, and `request`, the number of the prompt from 0, `segment`, its place in it
// from 0, and `segments`, how many the prompt has in all. Requires segments_max > 0 and prompts read for segments.
Prompts in_segments(const Prompts& prompts, const TextLimits& limits, std::uint32_t segments_max);

}  // namespace cms::tap
