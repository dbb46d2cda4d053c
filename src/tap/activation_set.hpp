// Activation sets on disk: a matrix, a line for each row, a manifest. docs/formats/activation-set.md has the format.
//
// Reading checks everything outside data can get wrong, so later stages need not: finite values, at least one row
// and column, as many lines as rows, a manifest of the same dimension. Threads: pure but for the files. Cost: linear;
// 15,000 rows of 576 in about 0.2 s.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tap/matrix.hpp"
#include "types/activation.hpp"

namespace cms::tap {

struct ReadOptions {
  std::string assume_model;  // NAME or NAME/LAYER/POOLING, for a set that has no manifest; a manifest wins over it
  std::string tensor;        // name of the tensor in a .safetensors file; empty when it holds only one
};

// Reads NAME, NAME.npy, NAME.safetensors or NAME.ndjson (NAME alone: the first of them that is there).
// Errors: `bad_input`, naming the file and the line, or the row and column (from 0); `usage` for a malformed
// assume_model.
Result<ActivationSet> read_set(const std::filesystem::path& path, const ReadOptions& options = {});

// Writes NAME.npy, NAME.jsonl and NAME.manifest.json; all three are complete on disk before any replaces an old one.
// Errors: `failed` (disk, permission; the old set is untouched), `bad_input` when a value is not finite or beyond
// the range of float16.
Result<void> write_set(const std::filesystem::path& name, const ActivationSet& set, Dtype dtype);

// The rows of one account in its order: by time, then by row.
struct AccountRows {
  std::string account;
  std::vector<std::size_t> rows;
};

// Accounts in order of first appearance. Errors: `bad_input` when a row has no account.
Result<std::vector<AccountRows>> rows_by_account(const ActivationSet& set);

}  // namespace cms::tap
