// The vectors of the packed experiment: those of the shared activations, and of sequences read anew, kept on disk.
//
// A sequence is looked up by its text. What is read lies in FOLDER as activation sets sequences-0, sequences-1, ...:
// an earlier run's are found again, and an unfinished one is gone on with. Threads: one owner.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "types/activation.hpp"

namespace cms::lab {

struct SequenceVectors {
  ActivationSet set;                                     // the vectors; of rows nothing is known
  std::unordered_map<std::string, std::uint32_t> places;  // in it, by text
};

// The data's `set` as the vectors of its texts' first segments, and all that lies in `folder`. Errors: `refused` when
// the set was not read to kSegment, or a set in the folder in another way; those of tap::read_set.
Result<SequenceVectors> open_sequences(const ActivationSet& set, const std::filesystem::path& folder);

// Whether the model would read a text as the data were read. Errors: as matches(), naming the model; those of
// tap::LlamaTap. Cost: loading the model.
Result<void> check_model(const Manifest& data, const std::filesystem::path& model);

// Reads those of `texts` that have no vector yet with the model, into the next set of `folder`. Equal texts are read
// once. Errors: `usage` when there is something to read and `model` is empty; those of check_model() and tap::capture,
// of which the former leave nothing in `folder`. Cost: the model's.
Result<void> read_missing(SequenceVectors& vectors, const std::vector<std::string>& texts,
                          const std::filesystem::path& model, const std::filesystem::path& folder, unsigned threads);

}  // namespace cms::lab
