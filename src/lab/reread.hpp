// The texts of an experiment's data read anew: by another model, or at another token.
//
// Threads: one owner; the model's own threads work inside.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.hpp"
#include "tap/llama_tap.hpp"
#include "types/activation.hpp"

namespace cms::lab {

struct Rereading {
  std::filesystem::path model;   // any GGUF that the tap runs
  std::filesystem::path folder;  // keeps what was read
  tap::Pooling pooling = tap::Pooling::mean;
  unsigned threads = 1;
};

// The sets of `data`, in the order of data_sets and row for row, as the model has their texts: as much of each as was
// read for these, after the final norm. What an earlier run left in the folder is not read again, and an
// unfinished one is gone on with.
// Errors: `refused` when what lies there is of another model, pooling or other texts; those of read_data,
// tap::capture and tap::read_set. Cost: the model's; 20 texts a second and core with 135 million parameters.
Result<std::vector<ActivationSet>> reread(const std::filesystem::path& data, const Rereading& by);

}  // namespace cms::lab
