// JSON from outside, and files of JSON objects, one a line: the sidecar of a set, NDJSON sets, prompts.
//
// Everything outside is checked here: JSON, UTF-8, nesting, number of values, types; an error names file and line
// (from 1). Whoever parses JSON that somebody else wrote does it through here, but for stages that know no other: an
// override (policy) is read no deeper than two levels, and an atlas's manifest stands in a file of the operator's own.
// Threads: pure. Cost: linear; about 100 MB/s; memory at most 128 bytes a value beside the text's own.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "types/activation.hpp"

namespace cms::tap {

// Whether a parser may be given this text: looked at without making anything of it. A value is what stands between
// brackets or commas; of these a text may have 262,144, more than numbers of a vector or tensors of a file, and few
// enough that they weigh 32 MB at most. Errors: `bad_input`: not UTF-8, nested deeper than 64, more values.
Result<void> check_json(std::string_view text);

// The JSON of a text; `Json` is nlohmann's, ordered or not. Errors: `bad_input`: as check_json(), not JSON.
template <typename Json = nlohmann::json>
Result<Json> parse_json(std::string_view text) {
  CMS_CHECK(check_json(text));
  Json parsed = Json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return fail(ErrorCode::bad_input, "not JSON");
  return parsed;
}

// One JSON object. Errors: `bad_input`: as parse_json(), not an object.
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
