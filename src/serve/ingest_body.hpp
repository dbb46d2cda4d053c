// Bodies of the ingest endpoints: NDJSON, .npy and .safetensors to items for the engine.
//
// A line that cannot be read is an item that is refused, with the reason in words; the rest goes on. A binary body is
// read whole or not at all. What vectors must be like beyond numbers (their dimension, the clock) the engine says.
// Threads: pure functions. Cost: NDJSON about 200 MB/s (simdjson), the others a copy.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "pipeline/engine.hpp"

namespace cms::serve {

struct Items {
  std::vector<pipeline::Item> items;
  std::map<std::size_t, std::string> why;  // of items that were refused here, by index: "line 3: not JSON"
};

struct ItemLimits {
  std::size_t items_max = 8192;
  double now = 0;  // seconds since 1970: the time of items that give none
};

// {"account": TEXT, "time": SECONDS, "vector": [NUMBERS]} a line; other keys are not looked at, empty lines are no
// items, and one of more than 4 MiB is refused. `text` is given room beyond its end. Errors: `bad_input` for more than
// items_max lines.
Result<Items> parse_activation_lines(std::string&& text, const ItemLimits& limits);

// One prompt to be read by the daemon's own tap.
struct Observation {
  std::string account;
  double time = 0;  // seconds since 1970
  std::string text;
  pipeline::Refusal refusal = pipeline::Refusal::none;
};
struct Observations {
  std::vector<Observation> items;
  std::map<std::size_t, std::string> why;
};
// {"account": TEXT, "time": SECONDS, "text": TEXT} a line. As parse_activation_lines().
Result<Observations> parse_observation_lines(std::string&& text, const ItemLimits& limits);

// To whom the rows of a matrix belong: all to one account, or a JSON array with one for each row.
struct RowNames {
  std::optional<std::string> account{};   // of every row
  std::optional<double> time{};           // of every row
  std::string accounts_json{};           // array of text, one a row; empty = none
  std::string times_json{};              // array of seconds, one a row; empty = none
};
enum class MatrixFormat { npy, safetensors };
// `tensor` names one of several in a .safetensors. Errors: `bad_input`: not of the format, not as many names as rows,
// no names at all, more than items_max rows.
Result<Items> parse_matrix(std::string_view body, MatrixFormat format, const std::string& tensor, const RowNames& names,
                           const ItemLimits& limits);

}  // namespace cms::serve
