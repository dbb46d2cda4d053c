#include "tap/activation_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <system_error>
#include <unordered_map>

#include "base/files.hpp"
#include "tap/half.hpp"
#include "tap/json_lines.hpp"
#include "tap/npy.hpp"
#include "tap/safetensors.hpp"

namespace cms::tap {
namespace {

using Path = std::filesystem::path;

constexpr const char* kMatrixEndings[] = {".npy", ".safetensors", ".ndjson"};

bool is_there(const Path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// A set's name and the ending of its matrix file.
struct Located {
  std::string name;
  std::string ending;
};

Result<Located> locate(const Path& path) {
  const std::string text = path.string();
  for (const std::string ending : kMatrixEndings) {
    if (text.size() > ending.size() && text.ends_with(ending)) {
      return Located{text.substr(0, text.size() - ending.size()), ending};
    }
  }
  for (const char* ending : kMatrixEndings) {
    if (is_there(text + ending)) return Located{text, ending};
  }
  const bool prompts = text.ends_with(".jsonl") && is_there(text);
  return fail(ErrorCode::bad_input, fmt::format("no activation set {0}: there is no {0}.npy, {0}.safetensors or "
                                                "{0}.ndjson{1}", text, prompts
                                                ? "; of a file of prompts `cms capture` makes a set" : ""));
}

Result<std::vector<RowInfo>> read_sidecar(const Path& path) {
  std::vector<RowInfo> rows;
  CMS_CHECK(for_each_object(path, [&](nlohmann::json&& object, std::size_t line) -> Result<void> {
    CMS_TRY(info, take_row_info(std::move(object), line));
    rows.push_back(std::move(info));
    return {};
  }));
  return rows;
}

Result<void> append_vector(const nlohmann::json& object, std::size_t line, Matrix& matrix) {
  const auto vector = object.find("vector");
  if (vector == object.end() || !vector->is_array()) {
    return fail(ErrorCode::bad_input, "\"vector\" must be an array of numbers");
  }
  if (line == 0) matrix.columns = vector->size();
  if (vector->size() != matrix.columns) {
    return fail(ErrorCode::bad_input, fmt::format("\"vector\" has {} numbers, that of line 1 has {}", vector->size(),
                                                  matrix.columns));
  }
  for (const auto& number : *vector) {
    if (!number.is_number()) return fail(ErrorCode::bad_input, "\"vector\" must be an array of numbers");
    matrix.values.push_back(number.get<float>());
  }
  ++matrix.rows;
  return {};
}

Result<void> read_ndjson(const Path& path, Matrix& matrix, std::vector<RowInfo>& rows) {
  return for_each_object(path, [&](nlohmann::json&& object, std::size_t line) -> Result<void> {
    CMS_CHECK(append_vector(object, line, matrix));
    object.erase("vector");
    CMS_TRY(info, take_row_info(std::move(object), line));
    rows.push_back(std::move(info));
    return {};
  });
}

Result<Matrix> read_matrix(const Located& located, const std::string& tensor) {
  const Path path = located.name + located.ending;
  CMS_TRY(content, read_file(path));
  auto matrix = located.ending == ".npy" ? parse_npy(content) : parse_safetensors(content, tensor);
  if (!matrix) return fail_in(path.string(), matrix.error());
  return matrix;
}

Result<void> check_values(const Matrix& matrix) {
  if (matrix.rows == 0) return fail(ErrorCode::bad_input, "the set holds no rows");
  if (matrix.columns == 0) return fail(ErrorCode::bad_input, "the vectors have dimension 0");
  if (matrix.columns > UINT32_MAX) return fail(ErrorCode::bad_input, "the vectors are impossibly long");
  for (std::size_t i = 0; i < matrix.values.size(); ++i) {
    if (std::isfinite(matrix.values[i])) continue;
    return fail(ErrorCode::bad_input,
                fmt::format("row {}, column {} (from 0) is {}", i / matrix.columns, i % matrix.columns,
                            std::isnan(matrix.values[i]) ? "NaN" : "infinite"));
  }
  return {};
}

Result<Manifest> read_manifest(const Located& located, const ReadOptions& options, std::uint32_t dimension) {
  const Path path = located.name + ".manifest.json";
  if (!is_there(path)) {
    if (!options.assume_model.empty()) return assume_model(options.assume_model, dimension);
    return fail(ErrorCode::bad_input,
                fmt::format("{} is missing, so nobody knows which model, layer and pooling {}{} comes from: add it, or "
                            "say so with --assume-model NAME or NAME/LAYER/POOLING", path.string(), located.name,
                            located.ending));
  }
  CMS_TRY(text, read_text_file(path));
  auto json = parse_object(text);
  if (!json) return fail_in(path.string(), json.error());
  auto manifest = manifest_from_json(*json);
  if (!manifest) return fail_in(path.string(), manifest.error());
  if (manifest->dimension != dimension) {
    return fail(ErrorCode::bad_input, fmt::format("{} says dimension {}, {}{} has {}", path.string(),
                                                  manifest->dimension, located.name, located.ending, dimension));
  }
  return manifest;
}

// A value that the file could not give back.
Result<void> check_writable(const ActivationSet& set, Dtype dtype) {
  for (std::size_t i = 0; i < set.values.size(); ++i) {
    const float value = set.values[i];
    const char* why = std::isfinite(value) ? "float16 cannot hold: write float32 (--dtype f32)" : "is not finite";
    if (std::isfinite(value) && (dtype == Dtype::float32 || std::isfinite(from_half(to_half(value))))) continue;
    return fail(ErrorCode::bad_input,
                fmt::format("row {}, column {} (from 0) is {}, which {}", i / set.manifest.dimension,
                            i % set.manifest.dimension, value, why));
  }
  return {};
}

struct Staged {
  Path target;
  Path temporary;
};

// Puts every file beside its target first: a full disk then leaves the old set whole.
Result<void> replace_files(const std::vector<std::pair<Path, Bytes>>& files) {
  std::vector<Staged> staged;
  Result<void> result;
  for (const auto& [target, content] : files) {
    staged.push_back({target, target.string() + ".new"});
    result = write_file(staged.back().temporary, content);
    if (!result) break;
  }
  for (const auto& file : staged) {
    if (result) result = replace_file(file.temporary, file.target);
  }
  if (!result) {
    std::error_code ignored;
    for (const auto& file : staged) std::filesystem::remove(file.temporary, ignored);
  }
  return result;
}

Bytes to_bytes(const std::string& text) { return {text.begin(), text.end()}; }

}  // namespace

Result<ActivationSet> read_set(const Path& path, const ReadOptions& options) {
  CMS_TRY(located, locate(path));
  const std::string file = located.name + located.ending;
  ActivationSet set;
  Matrix matrix;
  if (located.ending == ".ndjson") {
    CMS_CHECK(read_ndjson(file, matrix, set.rows));
  } else {
    CMS_TRY(read, read_matrix(located, options.tensor));
    matrix = std::move(read);
  }
  if (auto checked = check_values(matrix); !checked) return fail_in(file, checked.error());
  CMS_TRY(manifest, read_manifest(located, options, static_cast<std::uint32_t>(matrix.columns)));
  if (located.ending != ".ndjson") {
    const std::string sidecar = located.name + ".jsonl";
    CMS_TRY(rows, read_sidecar(sidecar));
    if (rows.size() != matrix.rows) {
      return fail(ErrorCode::bad_input, fmt::format("{} has {} rows, {} has {} lines", file, matrix.rows, sidecar,
                                                    rows.size()));
    }
    set.rows = std::move(rows);
  }
  set.manifest = std::move(manifest);
  set.values = std::move(matrix.values);
  return set;
}

Result<void> write_set(const Path& name, const ActivationSet& set, Dtype dtype) {
  if (set.manifest.dimension == 0 || set.values.size() != set.rows.size() * set.manifest.dimension) {
    return fail(ErrorCode::bad_input, fmt::format("{}: {} values are not {} rows of {}", name.string(),
                                                  set.values.size(), set.rows.size(), set.manifest.dimension));
  }
  if (auto checked = check_writable(set, dtype); !checked) return fail_in(name.string(), checked.error());
  std::string lines;
  for (const auto& row : set.rows) lines += format_row_info(row);
  return replace_files({{name.string() + ".npy", format_npy(set.values, set.manifest.dimension, dtype)},
                        {name.string() + ".jsonl", to_bytes(lines)},
                        {name.string() + ".manifest.json", to_bytes(to_json(set.manifest).dump(2) + "\n")}});
}

Result<std::vector<AccountRows>> rows_by_account(const ActivationSet& set) {
  std::vector<AccountRows> accounts;
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < set.count(); ++i) {
    const std::string& account = set.rows[i].account;
    if (account.empty()) {
      return fail(ErrorCode::bad_input, fmt::format("row {} (from 0) has no \"account\", which is needed here", i));
    }
    const auto [found, fresh] = index.try_emplace(account, accounts.size());
    if (fresh) accounts.push_back({account, {}});
    accounts[found->second].rows.push_back(i);
  }
  for (auto& account : accounts) {
    std::ranges::stable_sort(account.rows, {}, [&](std::size_t row) { return set.rows[row].time; });
  }
  return accounts;
}

}  // namespace cms::tap
