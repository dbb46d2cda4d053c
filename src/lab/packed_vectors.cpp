#include "lab/packed_vectors.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <system_error>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/progress.hpp"
#include "lab/packed_tap.hpp"
#include "tap/activation_set.hpp"
#include "tap/capture.hpp"
#include "tap/llama_tap.hpp"

namespace cms::lab {
namespace {

using Path = std::filesystem::path;

Path set_name(const Path& folder, std::size_t number) { return folder / fmt::format("sequences-{}", number); }

bool is_there(const Path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// The number of sets in `folder` that are finished.
std::size_t finished_sets(const Path& folder) {
  std::size_t count = 0;
  while (is_there(set_name(folder, count).string() + ".npy")) ++count;
  return count;
}

Result<void> add_set(SequenceVectors& vectors, const Path& name) {
  CMS_TRY(read, tap::read_set(name));
  CMS_CHECK(matches(vectors.set.manifest, read.manifest));
  for (std::size_t i = 0; i < read.count(); ++i) {
    const auto place = static_cast<std::uint32_t>(vectors.set.count());
    if (!vectors.places.emplace(read.rows[i].more.value("text", std::string()), place).second) continue;
    const auto row = read.row(i);
    vectors.set.values.insert(vectors.set.values.end(), row.begin(), row.end());
    vectors.set.rows.emplace_back();
  }
  return {};
}

}  // namespace

Result<SequenceVectors> open_sequences(const ActivationSet& set, const Path& folder) {
  const auto& read = set.manifest;
  if (read.words_max != kSegment.words_max || read.chars_max != kSegment.chars_max) {
    return fail(ErrorCode::refused,
                fmt::format("texts that are made here are read to {} words and {} characters, those of the data were "
                            "read to {} and {} (0 = all): capture them with --words {} --max-chars {}",
                            kSegment.words_max, kSegment.chars_max, read.words_max, read.chars_max,
                            kSegment.words_max, kSegment.chars_max));
  }
  SequenceVectors vectors;
  vectors.set.manifest = set.manifest;
  vectors.set.values = set.values;
  vectors.set.rows.resize(set.count());
  for (std::size_t i = 0; i < set.count(); ++i) {
    const auto text = set.rows[i].more.value("text", std::string());
    vectors.places.emplace(tap::cut_text(text, kSegment), static_cast<std::uint32_t>(i));
  }
  for (std::size_t number = 0; number < finished_sets(folder); ++number) {
    CMS_CHECK(add_set(vectors, set_name(folder, number)));
  }
  return vectors;
}

Result<void> check_model(const Manifest& data, const Path& model) {
  tap::TapOptions options;
  options.limits = kSegment;
  CMS_TRY(tap, tap::LlamaTap::open(model, options));
  auto read = tap.manifests().front();
  CMS_TRY(hash, sha256_file(model));
  read.model_hash = hash;
  read.words_max = kSegment.words_max;
  read.chars_max = kSegment.chars_max;
  if (auto same = matches(data, read); !same) {
    return fail_in(fmt::format("--model {} is not the one that the data were read with", model.string()), same.error());
  }
  return {};
}

Result<void> read_missing(SequenceVectors& vectors, const std::vector<std::string>& texts, const Path& model,
                          const Path& folder, unsigned threads) {
  std::string lines;
  std::unordered_map<std::string, bool> wanted;
  for (const auto& text : texts) {
    if (vectors.places.contains(text) || !wanted.emplace(text, true).second) continue;
    lines += nlohmann::json({{"text", text}}).dump() + "\n";
  }
  if (lines.empty()) return {};
  if (model.empty()) {
    return fail(ErrorCode::usage, fmt::format("{} sequences have to be read: give --model", wanted.size()));
  }
  CMS_CHECK(check_model(vectors.set.manifest, model));  // what another reads would be in the way of every later run
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const auto name = set_name(folder, finished_sets(folder));
  tap::CaptureOptions options;
  options.model = model;
  options.name = name;
  options.prompts = name.string() + ".prompts.jsonl";
  options.tap.limits = kSegment;  // they are no longer; it is what the set says of itself
  options.tap.threads = threads;
  CMS_CHECK(write_file(options.prompts, lines));
  CMS_CHECK(tap::capture(options, told_progress("reading with the model", "sequences")));
  return add_set(vectors, name);
}

}  // namespace cms::lab
