// Model files: the prepared (Q4_0) form that runs fastest on a CPU, made once and kept in the user's cache.
//
// llama.cpp has repacked kernels for Q4_0: the 135M model runs 2.4 times as fast as in the Q4_1 it is shipped in.
// A prepared file is another model to an atlas (its hash differs), so one form is used throughout.
// Threads: safe; two processes preparing the same file each make it, the later rename wins with the same bytes.
#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace cms::tap {

// ${XDG_CACHE_HOME:-~/.cache}/cms/models. Errors: `failed` when neither variable nor home folder is set.
Result<std::filesystem::path> model_folder();

// The model that is prepared when none is named: the one the set-up puts into model_folder().
Result<std::filesystem::path> default_source();

// Where prepare_model() keeps the prepared form of `source`, named by its SHA-256. Errors: `bad_input` when `source`
// cannot be read. Cost: hashes the file.
Result<std::filesystem::path> prepared_path(const std::filesystem::path& source);

// The prepared form of default_source(). Errors: `bad_input` when it was not made yet, saying how to.
Result<std::filesystem::path> default_model();

// Requantises `source` (GGUF) to Q4_0 at `target`, all tensors alike, unless `target` is there and `fresh` is not
// set. Errors: `bad_input` when llama.cpp cannot read `source`; `failed` when `target` cannot be written, which is
// then what it was. Cost: about 5 s for 135M parameters.
Result<void> prepare_model(const std::filesystem::path& source, const std::filesystem::path& target, bool fresh);

}  // namespace cms::tap
