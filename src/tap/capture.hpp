// Capture: prompts through the tap into activation sets, safe to kill at any moment.
//
// A text that comes again is read once: its rows are the same bits, so a window knows a repeat for one.
// What is ready lies in NAME.partial.rows, a frame a batch, each durable before the next is begun; NAME.partial.json
// says what is being captured. A later call goes on after the last whole frame, so no row is lost or read twice, and
// since batches are filled in order the finished sets are the same bytes as without the kill. The sets themselves
// are written only when all rows are there, and only then is NAME.partial.* removed.
// Threads: one owner; a second capture of the same NAME is refused while one runs. Cost: the tap's; a sync a batch.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tap/llama_tap.hpp"
#include "tap/matrix.hpp"

namespace cms::tap {

struct CaptureOptions {
  std::filesystem::path model;
  std::filesystem::path prompts;   // JSON lines with `text`
  std::filesystem::path name;      // of the sets, without ending
  TapOptions tap;
  std::uint32_t segments_max = 1;  // segments of each text that are read, a row each; more than 1 needs words_max > 0
  Dtype dtype = Dtype::float16;    // of the sets; a rerun may change it
  bool fresh = false;              // throw away what an earlier, unfinished capture left
  std::string program_version;
};

// Told after each batch: texts ready, of how many different ones, and how many of them were there at the start.
using CaptureProgress = std::function<void(std::size_t done, std::size_t total, std::size_t found)>;

// The names of the sets that `options` asks for: NAME for final/mean alone, else NAME.LAYER.POOLING each.
std::vector<std::filesystem::path> set_names(const CaptureOptions& options);

// Captures every prompt and writes the sets. With segments_max > 1 a segment (text.hpp) goes through the model by
// itself, so that nothing that stands before it in the request changes its vector; rows are those of in_segments().
// Errors: those of read_prompts, LlamaTap and write_set; `usage` when segments are asked for without words_max;
// `refused` when an unfinished capture of NAME has other prompts, model or options; `failed` when NAME cannot be
// written or is being captured by another process. Whatever the error, rows that were ready stay ready.
Result<void> capture(const CaptureOptions& options, const CaptureProgress& progress);

}  // namespace cms::tap
