// Files of JSON objects, one a line: the sidecar of a set, NDJSON sets, prompts.
//
// Everything outside is checked here: JSON, UTF-8, nesting, types; an error names file and line (from 1). Threads:
// pure. Cost: linear; about 100 MB/s.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "types/activation.hpp"

namespace cms::tap {

// One JSON object. Errors: `bad_input`: not UTF-8, not JSON, not an object, nested deeper than 64.
Result<nlohmann::json> parse_object(std::string_view text);

// Calls `take` with each line's object and its index from 0. A last line without newline counts; an empty line is an
// error. Errors: `bad_input` as "FILE, line N: ..."; those of `take` are given the same prefix.
Result<void> for_each_object(const std::filesystem::path& path,
                             const std::function<Result<void>(nlohmann::json&&, std::size_t)>& take);

// Takes account, time, tokens_seen and tokens_total out of `object` (null counts as missing; the time is then `row`)
// and keeps the rest in RowInfo::more. Errors: `bad_input`, naming the key of the wrong type.
Result<RowInfo> take_row_info(nlohmann::json&& object, std::size_t row);

// The line of one row, newline included; take_row_info reads back the same.
std::string format_row_info(const RowInfo& info);

}  // namespace cms::tap
